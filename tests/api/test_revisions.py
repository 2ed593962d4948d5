"""Posting anew: what the flow may post for an item that was sent back, and how it is routed again."""

import json

import pytest
from django.test import Client

from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import configuring, returning, taking
from reviews.models import Attachment, Flow, Item, Lease, Quarantine, Revision, RevisionPost, Signature, SignoffSlot
from reviews.words import State
from tests.api.revised import REASON, a_revision, code, post
from tests.factories import POLICY, SEEDER, make_item, make_person, make_world, open_all, refused, sign, story, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def item(world):
    return make_item(world, external_id="T-revised", action={"subject": "claim/T-revised"})


@pytest.fixture
def sent_back(item, ana):
    take(item, ana)
    return returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason=REASON)


class TestANewRevision:
    @pytest.fixture
    def answer(self, world, sent_back):
        return post(world, sent_back, a_revision())

    def test_is_answered_with_its_number_and_digest(self, answer, item):
        told = answer.json()
        assert answer.status_code == 202, answer.content
        assert set(told) == {"id", "state", "revision", "digest", "links"}
        assert (told["id"], told["state"], told["revision"]) == (str(item.pk), "in_review", 2)
        assert told["digest"] == f"sha256:{bytes(Revision.objects.get(item=item, revision=2).digest).hex()}"

    def test_is_what_the_item_says_now(self, answer, item, world):
        told = world.get(f"/api/v1/items/{item.pk}").json()
        item.refresh_from_db()

        assert (told["state"], told["revision"], told["digest"]) == ("in_review", 2, answer.json()["digest"])
        assert told["action"]["amount"] == "400.00"
        assert (item.version, str(item.amount), item.rule, item.awaiting) == (3, "400.0000", "small", "adjuster")
        assert story(item)[-1] == "item.revised"

    def test_can_be_signed_by_the_person_who_asked(self, answer, item, ana):
        assert answer.status_code == 202
        take(item, ana)
        sign(item, ana)
        item.refresh_from_db()

        assert (item.state, item.revision) == (State.APPROVED, 2)
        assert Signature.objects.get(item=item).revision == 2

    def test_keeps_its_body_and_headers(self, answer, item):
        kept = RevisionPost.objects.get(item=item)

        assert (kept.revision, f"sha256:{bytes(kept.digest).hex()}") == (2, answer.json()["digest"])
        assert "webhook-signature" in kept.headers
        assert "authorization" not in kept.headers


def test_a_revision_is_routed_by_what_it_says_now(world, sent_back):
    assert post(world, sent_back, a_revision(amount="20000.00", amount_at_stake="20000.00")).status_code == 202
    slots = SignoffSlot.objects.filter(item=sent_back, revision=2).order_by("stage")

    assert [slot.role for slot in slots] == ["adjuster", "senior-adjuster"]


def test_a_revision_is_routed_by_the_policy_in_force_now(world, sent_back):
    number = world.queue.slug.removeprefix("payouts-")
    text = POLICY.replace("policy: payouts", f"policy: {world.flow.policy.name}").replace("10000.0", "100.0")
    text = text.replace("queue: payouts", f"queue: payouts-{number}").replace("exceptions", f"exceptions-{number}")
    configuring.apply_policy(text, by=SEEDER)
    post(world, sent_back, a_revision())
    item = Item.objects.get(pk=sent_back.pk)

    assert (item.rule, item.policy_version.version) == ("large", 2)


def test_a_revision_may_change_what_happens(world, sent_back):
    post(world, sent_back, a_revision(effect="deny", amount="0.00", amount_at_stake="500.00"))
    item = Item.objects.get(pk=sent_back.pk)

    assert (item.effect, item.rule) == ("deny", "denials")


def test_a_revision_is_never_approved_by_a_rule_alone(world, sent_back):
    post(world, sent_back, a_revision(amount="0.50", amount_at_stake="0.50"))
    item = Item.objects.get(pk=sent_back.pk)

    assert (item.state, item.basis, item.rule, item.awaiting) == (State.IN_REVIEW, "signatures", "tiny", "adjuster")
    assert item.reasons[-1]["code"] == "person_asked_for"


def test_a_revision_comes_also_before_anybody_signed(world, item, ana):
    take(item, ana)

    assert post(world, item, a_revision()).status_code == 202
    assert not Lease.objects.filter(item=item).exists()


def test_a_revision_is_refused_once_somebody_signed(world, ana):
    large = {"subject": "claim/T-revised", "amount": "20000.00", "amount_at_stake": "20000.00"}
    item = take(make_item(world, external_id="T-revised", action=large), ana)
    sign(item, ana)
    answer = post(world, item, a_revision())

    assert (answer.status_code, code(answer)) == (409, "revision_refused")


def test_a_revision_is_refused_when_the_item_is_over(world, item, ana):
    take(item, ana)
    sign(item, ana)
    answer = post(world, item, a_revision())

    assert (answer.status_code, code(answer)) == (409, "revision_refused")
    assert "approved" in answer.json()["detail"]


MATTERS = {
    "another subject": ({"action": {"subject": "claim/other"}}, "/action/subject"),
    "another name": ({"external_id": "T-other"}, "/external_id"),
    "somebody else who asked": ({"requested_by": "mallory"}, "/requested_by"),
}


@pytest.mark.parametrize(("changes", "pointer"), MATTERS.values(), ids=MATTERS.keys())
def test_a_revision_is_not_about(world, sent_back, changes, pointer):
    document = a_revision(**changes.pop("action", {})) | changes
    answer = post(world, sent_back, document)

    assert (answer.status_code, code(answer)) == (422, "revision_mismatch")
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_a_revision_that_breaks_the_contract_is_kept_in_quarantine(world, sent_back):
    answer = post(world, sent_back, a_revision(effect="fly"))

    assert (answer.status_code, code(answer)) == (422, "contract_violation")
    assert Quarantine.objects.filter(flow=world.flow).count() == 1
    assert Item.objects.get(pk=sent_back.pk).state == State.CHANGES_REQUESTED


def test_the_same_post_is_answered_alike_and_stored_once(world, sent_back):
    document = a_revision()
    first, second = (post(world, sent_back, document, webhook_id="one") for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 200)
    assert second["Idempotent-Replay"] == "true"
    assert first.json() == second.json()
    assert RevisionPost.objects.filter(item=sent_back).count() == 1


def test_the_same_id_with_another_body_is_a_conflict(world, sent_back):
    post(world, sent_back, a_revision(), webhook_id="one")
    answer = post(world, sent_back, a_revision(amount="1.00"), webhook_id="one")

    assert (answer.status_code, code(answer)) == (409, "idempotency_conflict")


def test_a_revision_needs_key_and_signature(world, sent_back):
    other = make_world()
    unknown = post(world, sent_back, a_revision(), key="csk_unknown")
    foreign = post(other, sent_back, a_revision())
    unsigned = Client().post(
        f"/api/v1/items/{sent_back.pk}/revisions", json.dumps(a_revision()), content_type="application/json",
        headers={"authorization": f"Bearer {world.key}"},
    )  # fmt: skip

    assert [(each.status_code, code(each)) for each in (unknown, foreign, unsigned)] == [
        (401, "key_invalid"), (404, "not_found"), (401, "signature_missing"),
    ]  # fmt: skip


def test_a_suspended_flow_posts_no_revision(world, sent_back):
    configuring.suspend_flow(Flow.objects.get(pk=world.flow.pk), by=SEEDER)

    assert code(post(world, sent_back, a_revision())) == "flow_suspended"


def test_who_posted_any_revision_signs_none(world, sent_back):
    issuer = make_person("issuer", Role.ADJUSTER)
    key = configuring.issue_key(Flow.objects.get(pk=world.flow.pk), by=issuer.user)
    assert post(world, sent_back, a_revision(), key=key).status_code == 202

    with refused("own_work"):
        taking.take(ItemId(sent_back.pk), by=issuer.user)


def test_a_revision_brings_files_of_its_own(world, sent_back, ana):
    notice = world.upload(b"Water stood two feet.", "notice.txt")
    assert post(world, sent_back, a_revision() | {"attachments": [notice]}).status_code == 202
    attached = Attachment.objects.get(submission_id=sent_back.pk)
    item = take(sent_back, ana)

    assert (attached.revision, attached.name) == (2, "notice.txt")
    with refused("not_opened"):
        sign(item, ana)
    open_all(item, ana)
    sign(item, ana)
    assert Item.objects.get(pk=sent_back.pk).state == State.APPROVED


def test_a_revision_cannot_name_an_upload_of_another_flow(world, sent_back):
    foreign = make_world().upload(b"Not yours.", "notice.txt")
    answer = post(world, sent_back, a_revision() | {"attachments": [foreign]})

    assert (answer.status_code, code(answer)) == (422, "attachment_unknown")


def test_nobody_having_signed_a_revision_follows_a_revision(world, sent_back):
    answers = [post(world, sent_back, a_revision(amount=amount)) for amount in ("100.00", "200.00")]

    assert [answer.json()["revision"] for answer in answers] == [2, 3]
    assert Item.objects.get(pk=sent_back.pk).version == 4
