"""Files of words: texts and e-mails are shown without harm, and what is not shown is named."""

import pytest

from reviews.web.viewing import lines, mails
from tests.reviews.filed import HOSTILE, item_with, look, openings

pytestmark = pytest.mark.django_db
MAIL = b"""From: Ana <ana@example.com>
To: claims@example.com
Subject: Water
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Water <b>came</b> in.</p><img src="https://spy.example.com/x.png"><script>steal()</script>
--b
Content-Type: application/pdf; name=inner.pdf
Content-Disposition: attachment; filename=inner.pdf

%PDF-1.7
--b--
"""


@pytest.mark.parametrize("media_type", ["text/plain", "text/html", "application/json", "text/csv; charset=utf-8"])
def test_hostile_html_stays_text(world, ana, media_type):
    page = look(ana, item_with(world, HOSTILE, "notice.txt", media_type)).text

    assert "<script>alert" not in page
    assert "onerror=alert(2)&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_bytes_of_a_text_are_only_ever_downloaded(world, ana):
    answer = look(ana, item_with(world, HOSTILE, "a.html", "text/html"), "content")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="a.html"'


def test_a_clipped_text_says_so_and_is_opened_only_by_its_download(world, ana):
    item = item_with(world, b"line\n" * 400_000)

    page = look(ana, item)

    assert "Only the beginning is shown." in page.text
    assert "Opened by you" not in page.text
    assert openings(item) == 0
    assert len(look(ana, item, "download").getvalue()) == 2_000_000
    assert openings(item) == 1


def test_what_cannot_be_seen_is_spelled_out(world, ana):
    page = look(ana, item_with(world, "pay \u202e001\u202c now\u200b".encode(), "gpj\u202exe.txt")).text

    assert "pay [U+202E]001[U+202C] now[U+200B]" in page
    assert "Characters that cannot be seen" in page
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("content", "text", "guessed"),
    [
        ("naïve".encode(), "naïve", False),
        ("naïve".encode("utf-8-sig"), "naïve", False),
        ("naïve".encode("utf-16"), "naïve", False),
        ("naïve".encode("cp1252"), "naïve", True),
    ],
)
def test_texts_are_read_in_their_encoding(content, text, guessed):
    read = lines.read(content, more=False)

    assert (read.lines, read.is_guessed, read.is_cut) == ([text], guessed, False)


def test_a_text_cut_inside_a_character_is_no_other_encoding():
    read = lines.read("naï".encode()[:-1], more=True)

    assert (read.lines, read.is_guessed, read.is_cut) == (["na"], False, True)


def test_an_email_is_shown_as_words_and_loads_nothing(world, ana):
    item = item_with(world, MAIL, "mail.eml", "message/rfc822")

    page = look(ana, item).text

    assert "Ana &lt;ana@example.com&gt;" in page
    assert "Water came in." in page
    assert "spy.example.com" not in page
    assert "steal()" not in page
    assert "1 file inside this e-mail is not shown." in page
    assert "inner.pdf" in page


def test_an_email_with_a_file_inside_is_opened_only_by_its_download(world, ana):
    item = item_with(world, MAIL, "mail.eml", "message/rfc822")

    assert "Opened by you" not in look(ana, item).text
    assert openings(item) == 0
    assert look(ana, item, "download").getvalue() == MAIL
    assert openings(item) == 1


def test_an_email_that_is_all_words_is_opened_by_looking_at_it(world, ana):
    item = item_with(world, b"From: ana@example.com\nSubject: Water\n\nWater came in.\n", "mail.eml", "message/rfc822")

    assert "Opened by you" in look(ana, item).text
    assert openings(item) == 1


def test_an_email_with_two_versions_says_that_one_is_not_shown():
    mail = mails.read(
        b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nPay 10.\n--b\nContent-Type: text/html\n\n<p>Pay 90.</p>\n--b--\n"
    )

    assert mail.words.lines[0] == "Pay 10."
    assert (mail.from_html, mail.also_html) == (False, True)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"From:\n", b"Content-Type: multipart/mixed; boundary\n\n--", b"From: =?x?q?=ff?=\n\na"],
)
def test_a_broken_email_is_shown_as_its_source_or_as_a_mail_and_never_fails(world, ana, content):
    item = item_with(world, content or b" ", "mail.eml", "message/rfc822")

    assert look(ana, item).status_code == 200


def test_every_part_of_an_email_that_is_not_shown_is_named():
    alone = mails.read(b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: application/pdf; name=x.pdf\n\n%PDF-")
    invited = mails.read(
        b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nCome.\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b--\n"
    )

    assert [(each.name, each.media_type) for each in alone.enclosed] == [("x.pdf", "application/pdf")]
    assert [each.media_type for each in invited.enclosed] == ["text/calendar"]


def test_a_tag_nobody_closed_swallows_no_words():
    assert mails.words_of("<html><head><title>Offer</title><body><template><p>Pay 90") == "Offer\nPay 90"


def test_hidden_words_of_html_are_shown():
    assert mails.words_of('<p>Pay</p><div style="display:none">not<!-- a --></div><style>x</style>') == "Pay\nnot"
