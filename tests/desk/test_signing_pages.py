"""Signing on the page: what is hashed is shown, an attempt is one person's, and the way leads to the proof."""

import json
from datetime import timedelta

import pytest
import time_machine
from fido2.utils import websafe_encode

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.models import ExecutionReport, Item, Signature
from tests.accounts.entering import with_passkey
from tests.desk.deciding import at, decide, intent_of, sign_with, words
from tests.factories import SEEDER, make_item, sign, story, take
from tests.pages import HTMX, browser


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


def test_the_done_page_waits_for_the_seal_and_says_approved_is_not_executed(world, ana, page):
    item = make_item(world)
    sign(take(item, ana), ana)

    answer = page.get(at("done", item), headers=HTMX)

    assert "Waiting for the seal" in words(answer)
    assert 'hx-trigger="every 1s"' in answer.content.decode()
    assert "Approved is not executed" in words(answer)
    assert not ExecutionReport.objects.exists()


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
