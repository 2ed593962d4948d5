"""Approving with changes: a new revision with a plan of its own, signed by who made it."""

import json

import pytest

from audit import exhibits, ledger
from audit.sealing import sequencer
from examples import checking
from reviews import acts, receipts, revisions
from reviews.actions import intents
from reviews.models import Decision, Item, Lease, Signature, SignoffSlot
from reviews.words import State, Verdict
from tests.factories import POLICY, make_world, open_all, refused, sign, story, take
from tests.reviews.changing import CONTRACT, change, freeze, make_claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world(contract=CONTRACT)


def plan(item: Item) -> list[tuple[str, bool]]:
    """Give the plan of the revision an item stands at: each slot's role, and whether it is signed."""
    item.refresh_from_db()
    slots = SignoffSlot.objects.filter(item=item, revision=item.revision).order_by("stage", "n")
    return [(slot.role, slot.signature_id is not None) for slot in slots]


class TestASmallChange:
    @pytest.fixture
    def item(self, world, ana):
        item = take(make_claim(world), ana)
        change(item, ana, building="450.00")
        item.refresh_from_db()
        return item

    def test_needs_one_signature_still_and_is_decided_at_once(self, item):
        assert (item.state, item.revision, item.version, item.override) == (State.APPROVED, 2, 4, "downward")
        assert plan(item) == [("adjuster", True)]
        assert story(item) == [
            "item.received", "item.taken", "item.overridden", "signature.executed", "decision.finalised",
        ]  # fmt: skip

    def test_changes_the_amounts_and_keeps_what_is_at_stake(self, item):
        assert (str(item.amount), str(item.amount_at_stake)) == ("450.0000", "500.0000")
        act = revisions.act(item, item.revisions.get(revision=2))
        assert (act["amount"], act["amount_at_stake"], act["output"]["total"]) == ("450.00", "500.00", "450.00")
        assert [line["amount"] for line in act["lines"]] == ["450.00", "0.00"]

    def test_keeps_the_posted_document(self, item):
        first, second = item.revisions.order_by("revision")
        assert (second.exhibit_id, second.digest, second.posted_as) == (first.exhibit_id, first.digest, 1)
        assert second.changed == ["/building"]
        assert revisions.overrides(second) == {"/building": "450.00"}
        assert revisions.document(first)["snapshot"]["output"]["building"] == "500.00"

    def test_says_so_in_the_statement(self, item):
        body = json.loads(exhibits.open(Signature.objects.get(item=item).intent.body_id))
        assert body["statement"] == (
            f"I have reviewed the snapshot of {item.subject.replace('/', ' ')} (revision 2) and I approve it with "
            "changes: "
            "Building from 500.00 to 450.00; Total from 500.00 to 450.00. The amount approved is 450.00 USD."
        )
        assert body["plan"] == ["adjuster x 1"]

    def test_is_told_with_what_the_signer_changed_and_no_more(self, item):
        told = next(each for each in ledger.story(item.pk) if each.kind == "item.overridden")
        said = told.pub
        assert (said["changed"], said["direction"], said["plan"]) == (["/building"], "downward", ["adjuster x 1"])
        assert told.personal["changes"] == "Building from 500.00 to 450.00; Total from 500.00 to 450.00"

    def test_gives_a_reason_without_a_name(self, item):
        assert item.reasons[-1]["sentence"] == "A signer changed the proposal, so it is planned anew."

    def test_is_what_the_decision_and_its_receipt_say(self, item, world):
        sequencer.seal_once()
        told = world.get(f"/api/v1/items/{item.pk}/decision").json()
        made = Decision.objects.get(item=item)

        assert (told["revision"], told["overridden"], made.overridden) == (2, ["/building"], True)
        assert told["output"] == told["act"]["output"]
        assert told["output"]["building"] == "450.00"
        assert acts.digest(told["act"]) == bytes(made.action_sha256)
        claims = checking.check_receipt(
            told["receipt"], told["act"], jwks=receipts.key_set(), issuer="http://localhost:8000",
            audience="claims-core", at=made.decided_at.timestamp(),
        )  # fmt: skip
        assert claims["rev"] == 2


class TestRaisingAnAmount:
    @pytest.fixture
    def item(self, world, ana):
        item = take(make_claim(world, "9000.00"), ana)
        change(item, ana, building="12000.00")
        item.refresh_from_db()
        return item

    def test_asks_for_the_signatures_of_the_larger_amount(self, item):
        assert (item.state, item.override, item.awaiting) == (State.IN_REVIEW, "upward", "senior-adjuster")
        assert plan(item) == [("adjuster", True), ("senior-adjuster", False)]
        assert (item.rule, str(item.amount_at_stake)) == ("large", "12000.0000")

    def test_is_decided_when_the_senior_signed_too(self, item, ben):
        take(item, ben)
        sign(item, ben)
        item.refresh_from_db()

        assert (item.state, item.revision) == (State.APPROVED, 2)

    def test_lets_the_hold_go(self, item):
        assert not Lease.objects.filter(item=item).exists()


class TestASecondSignerWhoChanges:
    @pytest.fixture
    def item(self, world, ana, ben):
        item = take(make_claim(world, "20000.00"), ana)
        sign(item, ana)
        take(item, ben)
        change(item, ben, building="15000.00")
        item.refresh_from_db()
        return item

    def test_signs_first_and_asks_the_first_signer_again(self, item):
        assert (item.state, item.revision, item.awaiting) == (State.IN_REVIEW, 2, "adjuster")
        assert plan(item) == [("senior-adjuster", True), ("adjuster", False)]

    def test_leaves_the_first_signature_on_record_for_its_revision(self, item, ana):
        assert list(Signature.objects.filter(item=item, signer=ana.user).values_list("revision", flat=True)) == [1]

    def test_is_decided_by_the_signatures_of_the_new_revision_alone(self, item, ana):
        take(item, ana)
        sign(item, ana)
        item.refresh_from_db()

        assert item.state == State.APPROVED
        assert Signature.objects.filter(item=item, revision=2).count() == 2

    def test_may_be_changed_back_by_the_first(self, item, ana, ben):
        take(item, ana)
        change(item, ana, building="20000.00")
        item.refresh_from_db()

        assert (item.revision, item.override, item.revisions.get(revision=3).changed) == (3, "none", [])
        assert plan(item) == [("adjuster", True), ("senior-adjuster", False)]
        take(item, ben)
        sign(item, ben)
        assert Decision.objects.get(item=item).overridden is False


def test_lowering_never_makes_the_plan_smaller(world, ana):
    item = take(make_claim(world, "20000.00"), ana)
    change(item, ana, building="100.00")

    assert plan(item) == [("adjuster", True), ("senior-adjuster", False)]
    assert item.override == "downward"


def test_lowering_to_what_nobody_need_sign_is_signed_all_the_same(world, ana):
    item = take(make_claim(world, "500.00"), ana)
    change(item, ana, building="0.50")

    assert plan(item) == [("adjuster", True)]
    assert (item.state, item.basis) == (State.APPROVED, "signatures")


NOUGHT = """
  - name: next-to-nothing
    when: action.effect == "pay" && action.amount < 100.0
    reason: Who pays next to nothing denies.
    queue: payouts
    plan:
      - role: adjuster
        meaning: Review
      - role: senior-adjuster
        meaning: Approval
  - name: small
"""


def test_lowering_to_what_needs_more_signatures_asks_for_them(ana):
    policy = POLICY.replace("\n  - name: small\n", NOUGHT)
    item = take(make_claim(make_world(contract=CONTRACT, policy=policy), "500.00"), ana)
    change(item, ana, building="50.00")

    assert plan(item) == [("adjuster", True), ("senior-adjuster", False)]
    assert (item.state, item.override, item.rule) == (State.IN_REVIEW, "downward", "next-to-nothing")


def test_changes_add_up_over_signers(world, ana, ben):
    item = take(make_claim(world, "20000.00"), ana)
    change(item, ana, zone="AE")
    take(item, ben)
    change(item, ben, contents="50.00")
    item.refresh_from_db()
    revision = item.revisions.get(revision=3)

    assert revision.changed == ["/contents", "/zone"]
    assert (revision.changed_by_id, item.override, str(item.amount)) == (ben.user.pk, "upward", "20050.0000")


def test_a_change_of_words_is_neither_up_nor_down(world, ana):
    item = take(make_claim(world), ana)
    change(item, ana, reply="We pay gladly.")
    item.refresh_from_db()

    assert item.override == "other"


def test_the_dialog_is_shown_what_will_be_signed(world, ana):
    item = take(make_claim(world, "9000.00"), ana)
    intent = freeze(item, ana, {"/building": "12000.00"}, reason="The roof was left out.")

    shown = intents.pending(intent.pk, by=ana.user, session_ref=ana.session)

    assert {"pointer": "/building", "title": "Building, USD", "from": "9000.00", "to": "12000.00"} in shown.changes
    assert shown.plan == ["adjuster x 1", "senior-adjuster x 1"]
    assert (shown.revision, shown.role, shown.meaning) == (2, "adjuster", "Review")
    assert (shown.reason, shown.needs_code) == ("The roof was left out.", True)
    assert shown.challenge == bytes(intent.challenge)
    assert shown.printed_name == ana.user.printed_name


def test_the_dialog_of_somebody_else_is_not_shown(world, ana, ben):
    intent = freeze(take(make_claim(world), ana), ana, None)

    with refused("not_found"):
        intents.pending(intent.pk, by=ben.user, session_ref=ben.session)


def test_the_statement_of_a_rejection_is_a_sentence(world, ana):
    intent = freeze(take(make_claim(world), ana), ana, None, verdict=Verdict.REJECT, reason="Not covered.")

    shown = intents.pending(intent.pk, by=ana.user, session_ref=ana.session)

    assert shown.statement.endswith("(revision 1) and I reject it: Pay contents damage, 500.00 USD.")


def test_a_change_needs_every_file_opened(world, ana):
    item = take(make_claim(world, attachments=[world.upload(b"Two feet.", "notice.txt")]), ana)
    with refused("not_opened"):
        freeze(item, ana, {"/zone": "AE"})

    open_all(item, ana)
    change(item, ana, zone="AE")

    assert Item.objects.get(pk=item.pk).state == State.APPROVED
