"""Deciding on the page: the guards' sentences, changes of fields, and that nothing typed is lost."""

from reviews.actions import returning
from reviews.models import ApiKey, Item
from tests.desk.deciding import at, decide, sign_with, words
from tests.factories import make_item, sign, take
from tests.pages import HTMX, browser

BIG = {"input": {"cause": "flood"}, "output": {"pay": "20000.00"}}


def test_a_rejection_without_a_reason_keeps_the_page_as_it_was(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "reject", changes={"/pay": "321.00"})

    assert answer.status_code == 422
    assert "Say in a sentence why" in words(answer)
    assert b'value="321.00"' in answer.content


def test_a_form_without_a_decision_is_refused(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "")

    assert answer.status_code == 422
    assert "Choose to approve" in words(answer)


def test_a_reason_nobody_would_read_is_refused_and_kept(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "reject", "x" * 4001)

    assert answer.status_code == 422
    assert "Say it in 4,000 characters; it has 4,001." in words(answer)
    assert b"x" * 4001 in answer.content


def test_a_stale_page_is_refused_and_keeps_what_was_typed(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "reject", "The roof was not covered.", seen=item.version - 1)

    assert answer.status_code == 409
    assert "Load it again" in words(answer)
    assert b"The roof was not covered.</textarea>" in answer.content


def test_with_a_script_a_refusal_comes_as_a_notice_and_the_page_stays(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "reject", headers=HTMX)

    assert answer["HX-Retarget"] == "#problems"
    assert "Say in a sentence why" in words(answer)


def test_changed_fields_are_shown_before_and_after_with_who_signs_next(world, ana, page):
    item = take(make_item(world), ana)

    asked = decide(page, item, "change", "Line 7 is upstairs.", changes={"/pay": "20000.00"})["Location"]
    told = words(page.get(asked))

    assert "Amount to pay 500.00 20000.00" in told
    assert "Senior adjuster must sign after you" in told
    assert sign_with(page, item, ana, asked)["Location"] == at("done", item)
    assert "Signed, 1 signature to go" in words(page.get(at("done", item)))
    assert Item.objects.get(pk=item.pk).revision == 2


def test_a_change_the_contract_refuses_names_the_fault_and_keeps_the_text(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "change", changes={"/pay": "a lot"})

    assert answer.status_code == 422
    assert b'value="a lot"' in answer.content


def test_sending_back_needs_no_signature(world, ana, page):
    item = take(make_item(world), ana)

    answer = decide(page, item, "send-back", "Read the zone again.")

    assert answer["Location"] == at("item", item)
    assert Item.objects.get(pk=item.pk).state == "changes_requested"
    assert "Read the zone again." in words(page.get(at("item", item)))


def test_who_may_not_sign_reads_why(world, ben):
    told = words(browser(ben.user).get(at("item", make_item(world))))

    assert "for the role Adjuster, which you do not hold" in told
    assert "Review and sign" not in told


def test_who_signed_already_reads_why_another_must(world, ana, page):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"}, snapshot=BIG)
    sign(take(item, ana), ana)

    told = words(page.get(at("item", item)))

    assert "1 of 2 signed" in told
    assert "Review and sign" not in told


def test_an_item_its_flow_took_back_is_closed_without_a_decision(world, ana, page):
    item = make_item(world)
    returning.cancel(item.pk, "Posted twice.", by=ApiKey.objects.get(flow=world.flow))

    assert "Closed without a decision Cancelled by the flow" in words(page.get(at("done", item)))
    told = words(page.get(at("item", item)))
    assert "Cancelled by the flow. Posted twice." in told
    assert "Review and sign" not in told
