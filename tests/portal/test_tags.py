"""What our template tags write, and that nothing anybody typed gets out of them unescaped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.template import Context, Template

from portal.accounts.models import User
from portal.kit import wording
from reviews.words import State

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def shown(template: str, **context: object) -> str:
    return Template(template).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("42600.0000", "USD", "$42,600.00"),
        ("42600.5", "EUR", "€42,600.50"),
        ("0.1234", "USD", "$0.1234"),
        ("-12.5", "USD", "−$12.50"),
        ("0", "USD", "$0.00"),
        ("-0.00", "USD", "$0.00"),
        ("5000.0000", "JPY", "¥5,000"),
        ("1", "SEK", "SEK\u00a01.00"),
        ("7.10", "", "7.10"),
        ("1E+3", "USD", "$1,000.00"),
        ("123456789012345678901234567890.1234", "USD", "$123,456,789,012,345,678,901,234,567,890.1234"),
    ],
)
def test_an_amount_keeps_every_digit(amount, currency, words):
    assert wording.money(Decimal(amount), currency) == words


def test_no_amount_is_an_empty_place():
    assert shown("{% money amount 'USD' %}", amount=None) == ""


@pytest.mark.parametrize(
    ("left", "words", "urgency"),
    [
        (timedelta(minutes=-12), "Late by 12 m", "bad"),
        (timedelta(0), "Late by less than 1 m", "bad"),
        (timedelta(days=-3), "Late by 3 d", "bad"),
        (timedelta(seconds=30), "less than 1 m left", "warn"),
        (timedelta(minutes=22), "22 m left", "warn"),
        (timedelta(hours=1), "1 h 00 m", ""),
        (timedelta(hours=3, minutes=10), "3 h 10 m", ""),
        (timedelta(days=2, hours=5), "2 d", ""),
    ],
)
def test_time_left_is_told_in_words(left, words, urgency):
    told = wording.time_left(NINE + left, None, NINE)

    assert (told.words, told.urgency) == (words, urgency)


@pytest.mark.parametrize(("minutes", "spent"), [(0, 0.0), (30, 0.5), (60, 1.0), (90, 1.0)])
def test_the_bar_fills_as_the_time_runs_out(minutes, spent):
    due = NINE + timedelta(hours=1)

    assert wording.time_left(due, NINE, NINE + timedelta(minutes=minutes)).spent == spent


def test_a_deadline_before_its_own_beginning_does_not_break_the_page():
    assert wording.time_left(NINE, NINE + timedelta(hours=1), NINE - timedelta(hours=1)).spent == 0.0


@time_machine.travel(NINE, tick=False)
def test_time_left_is_drawn_with_a_word_an_icon_and_a_bar():
    page = shown("{% time_left due since %}", due=NINE + timedelta(minutes=15), since=NINE - timedelta(minutes=45))

    assert "15 m left" in page
    assert "#clock" in page
    assert 'width="39"' in page
    assert 'datetime="2026-11-22T09:15:00.000000Z"' in page
    assert "style=" not in page


def test_no_deadline_is_said():
    assert "No deadline" in shown("{% time_left due %}", due=None)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_an_icon_and_a_word_of_its_own(state):
    page = shown("{% state_glyph state %}", state=state.value)
    others = {shown("{% state_glyph state %}", state=each.value) for each in State if each != state}

    assert "<use " in page
    assert page not in others


def test_a_state_nobody_knows_is_an_error_and_not_an_empty_tag():
    with pytest.raises(ValueError, match="perhaps"):
        shown("{% state_glyph state %}", state="perhaps")


@time_machine.travel(NINE, tick=False)
def test_moments_carry_their_zone_and_the_whole_of_themselves():
    at = NINE - timedelta(hours=2)

    assert shown("{% moment at %}", at=at).endswith(">22 Nov 2026, 07:00:00 UTC</time>")
    assert shown("{% moment at 'day' %}", at=at).endswith(">22 Nov 2026</time>")
    assert shown("{% moment at 'clock' %}", at=at).endswith(">07:00 UTC</time>")
    assert 'title="22 Nov 2026, 07:00:00 UTC">2 h ago<' in shown("{% ago at %}", at=at)
    assert shown("{% moment at %}{% ago at %}", at=None) == ""


def test_a_moment_in_another_zone_is_the_same_moment():
    berlin = datetime.fromisoformat("2026-11-22T10:00:00+01:00")

    assert wording.moment(berlin) == "22 Nov 2026, 09:00:00 UTC"


@pytest.mark.parametrize(
    ("ago", "words"),
    [(timedelta(seconds=5), "just now"), (timedelta(minutes=59), "59 min ago"), (timedelta(days=3), "3 d ago")],
)
def test_ago_uses_one_unit(ago, words):
    assert wording.ago(ago) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "1 byte"), (999, "999 bytes"), (1400, "1.4 kB"), (1_400_000, "1.4 MB"), (52_000_000, "52 MB"),
     (999_999, "1.0 MB"), (7_300_000_000_000, "7,300 GB")],
)  # fmt: skip
def test_sizes_read_as_people_say_them(size, words):
    assert wording.size(size) == words


@pytest.mark.parametrize(("number", "words"), [(0, "0 rules"), (1, "1 rule"), (2, "2 rules")])
def test_only_one_of_a_thing_is_counted_in_the_singular(number, words):
    assert wording.counted(number, "rule") == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maya Okafor", "MO"),
        ("cher", "C"),
        ("Ana María de la Cruz", "AC"),
        ("", "?"),
        ("— x", "X"),
        ("Łukasz Żak", "ŁŻ"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name, letters):
    assert wording.initials(name) == letters


def test_a_person_is_named_for_those_who_cannot_see_and_their_name_is_no_markup():
    page = shown("{% avatar person %}", person=User(printed_name='<script>"x" y'))

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "Nobody yet" in shown("{% avatar person %}", person=None)


def test_a_digest_shows_its_ends_and_gives_the_whole():
    page = shown("{% digest value %}", value=memoryview(bytes(range(32))))

    assert "00010203…1e1f" in page
    assert bytes(range(32)).hex() in page
    assert shown("{% digest value %}", value=None) == ""


def test_counts_have_their_thousands_apart():
    assert shown("{{ n|grouped }} {{ n|bytesize }}", n=184206) == "184,206 184 kB"


def test_the_length_of_a_list_that_is_cut_is_not_told_as_a_total():
    assert [shown("{{ n|or_more:100 }}", n=each) for each in (0, 99, 100)] == ["0", "99", "100 or more"]
