"""Deciding on the page: the guards' sentences, the way to the signature, and that nothing typed is lost."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from fido2.utils import websafe_encode

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import returning, taking
from reviews.models import ApiKey, ExecutionReport, Item, Lease, Signature
from tests.accounts.entering import with_passkey
from tests.desk.deciding import at, decide, intent_of, sign_with, words
from tests.factories import SEEDER, make_item, make_person, sign, story, take
from tests.pages import HTMX, browser

BIG = {"input": {"cause": "flood"}, "output": {"pay": "20000.00"}}


def test_an_approval_leads_to_the_signature_and_to_the_proof(world, ana, page):
    item = take(make_item(world), ana)

    asked = decide(page, item, "approve")
    answer = sign_with(page, item, ana, asked["Location"])

    assert answer["Location"] == at("done", item)
    assert story(item) == ["item.received", "item.taken", "signature.executed", "decision.finalised"]
    assert "Approved" in words(page.get(at("done", item)))


def test_the_signing_page_shows_what_is_hashed(world, ana, page):
    item = take(make_item(world), ana)

    asked = decide(page, item, "approve", "Checked by phone.")["Location"]
    told = words(page.get(asked))

    intent = intent_of(asked)
    assert bytes(intent.challenge).hex() in told
    assert bytes(intent.action_sha256).hex() in told
    assert bytes(item.revisions.get().digest).hex() in told
    assert "Checked by phone." in told
    assert "same effect as my handwritten signature" in told
    assert "Yours is the last signature" in told


def test_the_consent_box_starts_empty_and_an_empty_one_signs_nothing(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve")["Location"]

    answer = sign_with(page, item, ana, asked, consent=None)

    assert answer.status_code == 422
    assert "Tick the box" in words(answer)
    assert b'name="consent" required>' in answer.content
    assert "signature.executed" not in story(item)


def test_a_wrong_password_asks_again_and_keeps_the_attempt(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "reject", "The roof was not covered.")["Location"]

    answer = sign_with(page, item, ana, asked, password="not it")

    assert "The password is not right" in words(answer)
    assert "The roof was not covered." in words(answer)
    assert sign_with(page, item, ana, asked)["Location"] == at("done", item)
    assert Item.objects.get(pk=item.pk).state == "rejected"


def test_a_second_signature_of_the_session_asks_for_the_password_alone(world, ana, page):
    first, second = make_item(world), make_item(world)
    for item, code in ((first, True), (second, False)):
        asked = decide(page, take(item, ana), "approve")["Location"]

        assert ("one-time-code" in page.get(asked).content.decode()) is code
        assert sign_with(page, item, ana, asked, **({} if code else {"totp": ""}))["Location"] == at("done", item)


def test_an_attempt_that_grew_old_gives_back_what_was_typed(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "reject", "The roof was not covered.")["Location"]

    with time_machine.travel(now() + timedelta(minutes=6), tick=True):
        answer = sign_with(page, item, ana, asked)

    assert answer.status_code == 409
    again = f"{at('item', item)}?again={intent_of(asked).pk}"
    assert again in answer.content.decode()
    html = page.get(again).content.decode()
    assert "The roof was not covered.</textarea>" in html
    assert 'value="reject" data-key="r" checked' in html


def test_a_used_attempt_leads_to_what_came_of_it(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve")["Location"]
    sign_with(page, item, ana, asked)

    assert page.get(asked)["Location"] == at("done", item)
    assert sign_with(page, item, ana, asked)["Location"] == at("done", item)


def test_nobody_signs_with_the_attempt_of_another(world, ana, ben, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve")["Location"]

    assert browser(ben.user).get(asked).status_code == 404
    assert browser(ana.user).get(asked).status_code == 404  # another session of the same person


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


def test_an_item_somebody_else_holds_says_who(world, ana, page):
    item, eva = make_item(world), make_person("eva", Role.ADJUSTER)
    take(item, eva)

    told = words(page.get(at("item", item)))

    assert f"Taken by {eva.user}" in told
    assert f"{eva.user} is working on it" in told


def test_take_put_back_and_next_are_buttons(world, ana, page):
    item = make_item(world)

    assert page.post(at("take", item))["Location"] == at("item", item)
    assert "Taken by you" in words(page.get(at("item", item)))
    assert page.post(at("put-back", item))["Location"] == reverse("desk:inbox")
    assert page.post(reverse("desk:next"))["Location"] == at("item", item)
    assert story(item)[1:] == ["item.taken", "item.put_back", "item.taken"]


def test_next_on_a_queues_page_stays_in_that_queue(world, ana, page):
    make_item(world, priority="urgent")
    odd = make_item(world, action={"effect": "reserve"})
    role = Role.SENIOR_ADJUSTER
    accounts.grant_role(ana.user, role, by=SEEDER)

    assert page.post(reverse("desk:next"), {"queue": world.exceptions.slug})["Location"] == at("item", odd)
    again = page.post(reverse("desk:next"), {"queue": world.exceptions.slug})
    assert again["Location"] == reverse("desk:queue", args=[world.exceptions.slug])


def test_next_with_nothing_left_says_so(world, page):
    answer = page.post(reverse("desk:next"), follow=True)

    assert "No item waits that you may sign" in words(answer)


def test_moving_takes_a_post(world, ana, page):
    item = make_item(world)

    for name in ("take", "put-back", "beat", "decide"):
        assert page.get(at(name, item)).status_code == 405
    assert page.get(reverse("desk:next")).status_code == 405
    assert story(item) == ["item.received"]


def test_a_beat_keeps_the_hold_and_a_lost_one_is_told(world, ana, page):
    item = take(make_item(world), ana)
    assert page.post(at("beat", item), headers=HTMX).status_code == 204

    with time_machine.travel(now() + timedelta(hours=2), tick=True):
        answer = page.post(at("beat", item), headers=HTMX)

        assert answer.status_code == 200
        assert "Your hold on this item lapsed" in words(answer)
        assert "Taken by you again" in words(page.post(at("take", item), headers=HTMX))
    assert Lease.objects.get(item=item).holder == ana.user


def test_a_lost_hold_names_who_took_it(world, ana, page):
    item, eva = make_item(world), make_person("eva", Role.ADJUSTER)
    take(item, ana)
    taking.put_back(item.pk, by=ana.user)
    take(item, eva)

    told = words(page.post(at("beat", item), headers=HTMX))

    assert f"{eva.user} took it meanwhile" in told
    assert "Take it again" not in told


def test_a_signature_after_the_hold_was_lost_keeps_what_was_typed(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "reject", "The roof was not covered.")["Location"]
    taking.put_back(item.pk, by=ana.user)

    answer = sign_with(page, item, ana, asked)

    assert answer.status_code == 409
    assert "Take this item before you sign it" in words(answer)
    assert f"?again={intent_of(asked).pk}" in answer.content.decode()
    assert "signature.executed" not in story(item)


def test_the_page_is_told_when_the_item_moved_and_left_alone_otherwise(world, ana, ben, page):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"}, snapshot=BIG)
    watcher = browser(ben.user)
    query = {"seen": item.version}
    assert watcher.get(at("changes", item), query, headers=HTMX).status_code == 204

    sign(take(item, ana), ana)
    answer = watcher.get(at("changes", item), query, headers=HTMX)

    assert answer.status_code == 286
    assert f"{ana.user} signed as Adjuster: approved." in words(answer)


def test_the_done_page_waits_for_the_seal_and_says_approved_is_not_executed(world, ana, page):
    item = make_item(world)
    sign(take(item, ana), ana)

    answer = page.get(at("done", item), headers=HTMX)

    assert "Waiting for the seal" in words(answer)
    assert 'hx-trigger="every 1s"' in answer.content.decode()
    assert "Approved is not executed" in words(answer)
    assert not ExecutionReport.objects.exists()


def test_an_item_its_flow_took_back_is_closed_without_a_decision(world, ana, page):
    item = make_item(world)
    returning.cancel(item.pk, "Posted twice.", by=ApiKey.objects.get(flow=world.flow))

    assert "Closed without a decision Cancelled by the flow" in words(page.get(at("done", item)))
    told = words(page.get(at("item", item)))
    assert "Cancelled by the flow. Posted twice." in told
    assert "Review and sign" not in told


def test_a_passkey_signs_from_the_page(world, ana, page):
    device = with_passkey(ana)
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve")["Location"]
    html = page.get(asked).content.decode()
    challenge = bytes(intent_of(asked).challenge)

    answer = json.dumps(device.answer(challenge))

    assert f'data-challenge="{websafe_encode(challenge)}"' in html
    assert "Sign with passkey" in html
    signed = sign_with(page, item, ana, asked, factor="passkey", passkey=answer, password="", totp="")
    assert signed["Location"] == at("done", item)
    assert Signature.objects.get(item=item).assurance == "device-signed"


@pytest.mark.parametrize("answer", ["", "{", "[]", "[" * 100_000, '{"id": 1}'])
def test_a_passkey_answer_nobody_can_read_asks_again(world, ana, page, answer):
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve")["Location"]

    answer = sign_with(page, item, ana, asked, factor="passkey", passkey=answer)

    assert answer.status_code == 403
    assert "We could not confirm that it is you" in words(answer)
    assert "signature.executed" not in story(item)


@pytest.mark.parametrize("name", ["a\0b", "no queue", "../"])
def test_the_next_of_what_cannot_be_a_queue_is_nobodys(world, ana, page, name):
    make_item(world)

    assert page.post(reverse("desk:next"), {"queue": name}).status_code == 404
    assert not Lease.objects.exists()


def test_the_signing_page_is_nobodys_who_may_not_see_the_item_any_more(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "approve", "Checked by phone.")["Location"]
    accounts.withdraw_access(Role.ADJUSTER, "review_in_queue", world.queue, by=SEEDER)

    answer = page.get(asked)

    assert answer.status_code == 404
    assert "Checked by phone." not in words(answer)


def test_an_attempt_at_one_item_fills_no_form_of_another(world, ana, page):
    one, other = take(make_item(world), ana), take(make_item(world), ana)
    intent = intent_of(decide(page, one, "reject", "Not covered.")["Location"])

    assert "Not covered." in page.get(at("item", one), {"again": intent.pk}).text
    assert "Not covered." not in page.get(at("item", other), {"again": intent.pk}).text
