"""The review page: what it shows of an item, to whom, and that nothing hostile or long breaks it."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import exhibits
from portal.accounts.roles import Role
from reviews.models import Item
from tests.factories import make_item, make_person, sign, take
from tests.pages import browser, visitor

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def address(item):
    return reverse("desk:item", args=[item.pk])


def shown(client, item, query=""):
    answer = client.get(address(item) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def snapshot(**parts):
    return {"input": {"cause": "flood"}, "output": {"pay": "500.00"}} | parts


def test_a_stranger_gets_the_same_answer_as_for_an_item_that_is_not_there(world):
    item = make_item(world)
    stranger = make_person("sam", Role.CORRESPONDENCE_REVIEWER)

    answer = browser(stranger.user).get(address(item))

    assert answer.status_code == 404
    assert item.subject not in answer.content.decode()


def test_who_is_not_signed_in_is_asked_to_sign_in(world):
    item = make_item(world)

    answer = visitor().get(address(item))

    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


def test_the_reason_it_stopped_stands_before_the_proposal(world, page):
    html = shown(page, make_item(world))

    assert "Small payouts need one adjuster." in html
    assert html.index("Why it stopped here") < html.index("$500.00")


def test_a_denial_shows_the_money_at_stake(world, page):
    action = {"type": "claim.denial", "effect": "deny", "amount": "0.00", "amount_at_stake": "61000.00"}

    told = words(shown(page, make_item(world, action=action, snapshot=snapshot(output={"pay": "0.00"}))))

    assert "Denied, money at stake $61,000.00 Nothing would be paid" in told


def test_lines_show_what_stands_and_what_is_proposed(world, page):
    lines = [{"id": "b", "label": "Building", "amount": "42600.00", "current": "12000.00"}]

    told = words(shown(page, make_item(world, action={"amount": "42600.00", "lines": lines})))

    assert "Building $12,000.00 $42,600.00" in told


def test_marks_tie_the_text_to_the_fields_and_to_the_record(world, page):
    text = "Our agent told us we are not in a high-risk zone, but the letter said something else."
    start = text.index("not in")
    extraction = {"path": "/output/flood_zone", "value": "X", "confidence": 0.71, "inferred": True}
    extraction["sources"] = [{"attachment": "narrative", "chars": [start, start + len("not in a high-risk zone")]}]
    parts = snapshot(input={"narrative": text}, current={"flood_zone": "AE"}, extractions=[extraction])

    html = shown(page, make_item(world, snapshot=parts))

    assert '<mark class="miss">not in a high-risk zone</mark><a class="fn" href="#f1"' in html
    told = words(html)
    assert "Flood zone X record says AE 0.71 sure, low, inferred from narrative" in told
    assert "Differs from the record" in told
    assert "Flood zone read as X, the record says AE." in told


@pytest.mark.parametrize("chars", [[5, 5], [9, 3], [0, 10**9], [10**9, 10**9 + 1]])
def test_spans_that_fit_no_text_are_left_out(world, page, chars):
    sources = [{"attachment": "narrative", "chars": chars}]
    extraction = {"path": "/output/flood_zone", "value": "X", "sources": sources}
    parts = snapshot(input={"narrative": "Water came in."}, extractions=[extraction])

    html = shown(page, make_item(world, snapshot=parts))

    assert "<mark" not in html
    assert "Water came in." in html


def test_overlapping_spans_keep_every_letter_once(world, page):
    text = "abcdefghij"
    spans = [[0, 6], [4, 8], [4, 6]]
    told = [{"path": "/output/pay", "value": "1", "sources": [{"attachment": "narrative", "chars": c}]} for c in spans]

    html = shown(page, make_item(world, snapshot=snapshot(input={"narrative": text}, extractions=told)))

    body = html.split('<div class="text">')[1].split("</div>")[0]
    assert re.sub(r'<a class="fn".*?</a>|<[^>]+>', "", body) == text
    assert body.count('class="fn"') == 3


def test_hostile_html_stays_text_everywhere(world, page):
    action = {"title": HOSTILE, "subject": HOSTILE, "payees": [{"name": HOSTILE, "account_ref": HOSTILE}]}
    action["lines"] = [{"id": "b", "label": HOSTILE, "amount": "500.00", "current": "1.00"}]
    parts = snapshot(
        input={"narrative": HOSTILE},
        current={"flood_zone": HOSTILE},
        output={"pay": "500.00", "flood_zone": HOSTILE, HOSTILE: HOSTILE},
        extractions=[{"path": "/output/flood_zone", "value": HOSTILE, "confidence": 0.1}],
        prompt={"name": HOSTILE, "version": HOSTILE, "text": HOSTILE},
        parameters={HOSTILE: HOSTILE},
        model={"provider": HOSTILE, "name": HOSTILE, "version": HOSTILE},
        tool_calls=[{"name": HOSTILE, "arguments": {HOSTILE: HOSTILE}, "result": HOSTILE}],
        evaluations=[{"name": HOSTILE, "score": 0.1, "threshold": 0.8, "passed": False}],
    )

    html = shown(page, make_item(world, action=action, snapshot=parts, correlation_id=HOSTILE))

    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert html.count("&lt;script&gt;alert(1)") > 15


def test_characters_that_hide_or_turn_text_around_are_spelled_out(world, page):
    parts = snapshot(output={"pay": "500.00", "flood_zone": "A\u202eE\u200b"})

    html = shown(page, make_item(world, action={"title": "Pay \u2066nobody"}, snapshot=parts))

    assert "A[U+202E]E[U+200B]" in html
    assert "Pay [U+2066]nobody" in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", html)


def test_only_web_addresses_become_links(world, page):
    assert 'rel="noopener noreferrer external"' in shown(page, make_item(world, trace_url="https://trace.example/1"))
    assert world.post({"action": {}, "trace_url": "javascript:alert(1)"}).status_code == 422


def test_clipped_text_says_so_and_the_whole_is_one_link_away(world, page):
    text = "w" * 20_500 + "THE END"
    item = make_item(world, snapshot=snapshot(input={"narrative": text}))

    html = shown(page, item)

    assert "20,000 of 20,507 characters are shown" in html
    assert "THE END" not in html
    assert "THE END" in shown(page, item, "?whole=read")


def test_an_item_with_next_to_nothing_in_it_is_shown(world, page):
    item = make_item(world, action={"title": "t", "effect": "other"}, snapshot={"output": {}}, external_id="x")

    assert "What the flow proposes" in shown(page, item)


def test_huge_amounts_keep_every_digit(world, page):
    action = {"amount": "999999999999.9999", "amount_at_stake": "999999999999.9999"}

    assert "$999,999,999,999.9999" in shown(page, make_item(world, action=action, snapshot=snapshot()))


def test_every_line_of_the_output_is_compared_with_the_record(world, page):
    output = {"pay": "500.00", "status": "open", "parts": {"a": "1", "b": "2"}}
    parts = snapshot(output=output, current={"pay": "400.00", "status": "open", "parts": {"a": "1", "b": "3"}})

    told = words(shown(page, make_item(world, snapshot=parts)))

    assert '3 "a": "1", 4 - record: "b": "3" 4 + new: "b": "2" 5 }' in told
    assert '6 - record: "pay": "400.00", 6 + new: "pay": "500.00", 7 "status": "open"' in told


def test_how_it_was_produced_names_checks_tools_and_cost(world, page):
    parts = snapshot(
        prompt={"name": "triage", "version": "7", "text": "Be exact."},
        tool_calls=[
            {"name": "policy_lookup", "arguments": {"claim": "C-1"}, "result": {"zone": "AE"}, "duration_ms": 41}
        ],
        evaluations=[{"name": "groundedness", "score": 0.7, "threshold": 0.8, "passed": False}],
        usage={"input_tokens": 1830, "cost": "0.0113", "currency": "USD"},
    )

    told = words(shown(page, make_item(world, snapshot=parts)))

    assert "policy_lookup , 41 ms" in told
    assert "failed groundedness 0.7, threshold 0.8" in told
    assert "1,830" in told
    assert "$0.0113" in told
    assert "Be exact." in told


def test_the_second_signer_sees_what_the_first_one_said(world, ana, ben):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})
    sign(take(item, ana), ana, reason="Estimate checked by phone.")

    told = words(shown(browser(ben.user), item))

    assert "Estimate checked by phone." in told
    assert "1 of 2 signed" in told
    assert f"Anyone with this role but {ana.user}, and not who submitted the item" in told


def test_a_normal_page_asks_the_database_twelve_times_at_most(world, ana, page):
    item = take(make_item(world), ana)
    shown(page, item)

    with CaptureQueriesContext(connection) as asked:
        shown(page, item)

    assert len(asked) <= 12, "\n".join(each["sql"][:150] for each in asked)


def test_a_long_story_shows_its_newest_steps_and_leads_to_the_rest(world, ana, page):
    item = make_item(world)
    for _ in range(52):
        take(item, ana)
        page.post(reverse("desk:put-back", args=[item.pk]))

    html = shown(page, item)

    assert "Only the newest 100 steps" in html
    assert "Received from" not in html
    assert "Received from" in shown(page, item, "?story=all")


def test_erased_content_is_told_as_erased_and_the_record_stays(world, ana, page, superuser):
    item = make_item(world)
    with superuser():
        exhibits.destroy_key(Item.objects.get(pk=item.pk).revisions.get().exhibit.dek_id)

    told = words(shown(page, item))

    assert "The content of this item was erased" in told
    assert "Received from" in told


def test_thousands_of_spans_are_bounded_and_told(world, page):
    sources = [{"attachment": "narrative", "chars": [n, n + 40]} for n in range(50)]
    told = [{"path": "/output/pay", "value": str(n), "sources": sources} for n in range(30)]

    html = shown(page, make_item(world, snapshot=snapshot(input={"narrative": "x" * 100}, extractions=told)))

    assert "1,000 more places are cited here than can be marked" in html


def test_a_huge_output_is_clipped_with_a_way_to_all_of_it(world, page):
    item = make_item(world, snapshot=snapshot(output={"pay": "500.00", "rows": list(range(2500))}))

    html = shown(page, item)

    assert "more lines" in html
    assert "Nothing is left out" not in html
    assert "Nothing is left out" in shown(page, item, "?whole=diff")


def test_an_item_a_rule_approved_says_that_nobody_signed(world, page):
    item = make_item(world, action={"amount": "1.00", "amount_at_stake": "1.00"}, snapshot=snapshot(output={}))

    told = words(shown(page, item))

    assert "Approved" in told
    assert "The routing rule asks for no signature" in told
    assert "Approved by its routing rule" in words(page.get(reverse("desk:done", args=[item.pk])).content.decode())


def test_a_letter_is_shown_whole_as_a_letter(world, page):
    reply = "Dear customer,\n\nthank you for writing.\n\nYours sincerely"
    item = make_item(world, action={"effect": "letter"}, snapshot=snapshot(output={"reply": reply}))

    html = shown(page, item)

    assert '<article class="letter whole" aria-label="Reply">' in html
    assert '<p class="text">thank you for writing.</p>' in html
