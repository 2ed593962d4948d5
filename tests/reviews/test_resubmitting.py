"""Resubmitting: refused posts go in as they were received, once, through the same checks, each with an entry."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from audit import exhibits, ledger
from portal.accounts import access
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import admitting, configuring, resubmitting, routing
from reviews.models import ApiKey, Item, Quarantine, RevisionPost, Submission
from tests.api.asking import deliver
from tests.factories import SEEDER, a_document, make_item, make_world, refused
from tests.reviews.resubmitted import STRICT, kept, kinds, loosen, owner_of

pytestmark = pytest.mark.django_db

LATE = timedelta(hours=1)


@pytest.fixture
def world(db):
    return make_world(contract=STRICT)


@pytest.fixture
def olga(world):
    return owner_of(world)


def reasons(told: resubmitting.Resubmitted) -> list[list[str]]:
    return [[each["pointer"] for each in why] for _, why in told.refused]


def test_a_refused_post_goes_in_as_it_was_received_under_the_id_it_had(world, olga):
    raw = json.dumps(a_document(), indent=3).encode()
    row = kept(world, raw, webhook_id="msg_1")
    loosen(world)

    told = resubmitting.resubmit([row.pk], by=olga.user)

    assert (told.accepted, told.refused) == ([row.pk], [])
    stored = Submission.objects.get()
    assert exhibits.open(stored.exhibit_id) == raw
    assert (stored.idempotency_id, stored.headers, stored.api_key_id) == ("msg_1", row.headers, row.api_key_id)
    assert stored.contract is not None
    assert stored.contract.version == 2


def test_it_is_routed_like_any_other_post(world, olga):
    row = kept(world)
    loosen(world)

    resubmitting.resubmit([row.pk], by=olga.user)

    routing.route_now(ItemId(Submission.objects.get().pk))
    assert Item.objects.get().awaiting == "adjuster"


def test_the_entry_names_the_person_the_flow_and_the_item(world, olga):
    row = kept(world)
    loosen(world)

    resubmitting.resubmit([row.pk], by=olga.user)

    (told,) = ledger.story(row.pk)
    assert (told.kind, told.actor.ref) == ("quarantine.resubmitted", olga.user.pk)
    assert (told.pub["flow"], told.pub["item"]) == (str(world.flow.pk), str(Submission.objects.get().pk))


def test_once_more_changes_nothing(world, olga):
    row = kept(world)
    loosen(world)

    first, second = (resubmitting.resubmit([row.pk], by=olga.user) for _ in range(2))

    assert first.accepted == second.accepted == [row.pk]
    assert (Submission.objects.count(), kinds(row)) == (1, ["quarantine.resubmitted"])


def test_one_that_is_still_wrong_stays_with_fresh_reasons_and_is_not_kept_twice(world, olga):
    wrong, right = kept(world), kept(world, a_document(snapshot={"output": {"roof": "tin"}}))
    configuring.apply_contract(world.flow, {"properties": {"output": {"required": ["roof"]}}}, by=SEEDER)

    told = resubmitting.resubmit([wrong.pk, right.pk], by=olga.user)

    assert (told.accepted, [pk for pk, _ in told.refused]) == ([right.pk], [wrong.pk])
    assert reasons(told) == [["/snapshot/output/roof"]]
    assert (Quarantine.objects.count(), kinds(wrong)) == (2, [])


def test_the_signature_may_be_long_out_of_time_but_the_key_must_live(world, olga, time_machine):
    row, other = kept(world), kept(world)
    loosen(world)
    time_machine.move_to(now() + LATE)

    assert resubmitting.resubmit([row.pk], by=olga.user).accepted == [row.pk]
    configuring.revoke_key(ApiKey.objects.get(flow=world.flow), by=SEEDER)
    told = resubmitting.resubmit([other.pk], by=olga.user)

    assert [why[0]["message"] for _, why in told.refused] == [
        "The key it came with was revoked since. Ask the flow to post it again."
    ]
    assert Submission.objects.count() == 1


def test_a_flow_that_is_reconfigured_meanwhile_is_asked_again_without_a_signature(world):
    row = kept(world)
    caller = admitting.admit_kept(world.flow.slug, row.api_key_id, row.idempotency_id, row.headers, b"{}")
    loosen(world)

    again = admitting.readmit(caller)

    assert again.gate.config_version == caller.gate.config_version + 1
    assert again.is_kept
    configuring.revoke_key(ApiKey.objects.get(flow=world.flow), by=SEEDER)
    with refused("key_invalid"):
        admitting.readmit(again)


def test_a_suspended_flow_takes_nothing_again_either(world, olga):
    row = kept(world)
    loosen(world)
    configuring.suspend_flow(world.flow, by=SEEDER)

    told = resubmitting.resubmit([row.pk], by=olga.user)

    assert told.accepted == []
    assert "suspended" in told.refused[0][1][0]["message"]


def test_a_post_that_was_corrected_under_its_id_is_refused_as_another_body(world, olga):
    row = kept(world, webhook_id="msg_1")
    corrected = world.post(a_document(snapshot={"output": {"zone": "X"}}), webhook_id="msg_1")
    loosen(world)

    told = resubmitting.resubmit([row.pk], by=olga.user)

    assert [why[0]["message"] for _, why in told.refused] == [
        "This id was accepted with another body. Use a new id for a new item."
    ]
    assert resubmitting.visible(access.of(olga.user)).get().accepted == UUID(corrected.json()["id"])


def test_an_event_goes_in_under_the_id_it_brings(world, olga):
    event = {"id": "7", "source": "/claims", "type": "claim", "specversion": "1.0", "data": a_document()}
    deliver(world, json.dumps(event).encode(), "application/cloudevents+json")
    loosen(world)

    resubmitting.resubmit([Quarantine.objects.get().pk], by=olga.user)

    assert Submission.objects.get().idempotency_id == "/claims 7"


def test_what_holds_no_item_is_refused_again_with_its_reasons(world, olga):
    deliver(world, b'{"id": "7"}', "application/cloudevents+json")

    told = resubmitting.resubmit([Quarantine.objects.get().pk], by=olga.user)

    assert "/source" in reasons(told)[0]
    assert Quarantine.objects.count() == 1


def test_a_refused_revision_goes_in_as_a_revision_of_its_item_and_not_as_another_item(world, olga):
    item = make_item(world, snapshot={"output": {"zone": "X"}}, action={"subject": "claim/kept"})
    raw = json.dumps(a_document(external_id=item.external_id, action={"subject": "claim/kept"})).encode()
    given = world.headers(raw)
    kind = given.pop("content-type")
    Client().post(f"/api/v1/items/{item.pk}/revisions", raw, content_type=kind, headers=given)
    row = Quarantine.objects.get()
    loosen(world)

    told = resubmitting.resubmit([row.pk], by=olga.user)

    assert (told.accepted, kinds(row)) == ([row.pk], ["quarantine.resubmitted"])
    assert (Submission.objects.count(), RevisionPost.objects.get().item_id) == (1, item.pk)
    assert Item.objects.get().revision == 2
    assert resubmitting.visible(access.of(olga.user)).get().accepted == item.pk


def test_a_post_kept_before_keys_were_kept_is_for_the_flow_to_post_again(world, olga, superuser):
    row = kept(world)
    loosen(world)
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_quarantine SET api_key_id = NULL")

    told = resubmitting.resubmit([row.pk], by=olga.user)

    assert "Ask the flow to post it again" in told.refused[0][1][0]["message"]
    assert not Submission.objects.exists()


def test_damaged_bytes_never_go_in_and_hold_up_no_other(world, olga, superuser):
    row, sound = kept(world), kept(world)
    loosen(world)
    with superuser() as cursor:
        cursor.execute(
            "UPDATE audit_exhibit SET ciphertext = set_byte(ciphertext, 20, 0) || '\\x00' WHERE id = %s",
            [row.exhibit_id],
        )

    told = resubmitting.resubmit([row.pk, sound.pk], by=olga.user)

    assert (told.accepted, [pk for pk, _ in told.refused]) == ([sound.pk], [row.pk])
