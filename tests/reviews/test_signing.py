"""Signing: exactly what was frozen, by the right person, once, also when many sign at once."""

from functools import partial

import pytest

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import configuring, returning, taking
from reviews.models import ApiKey, Decision, Delivery, Item, Lease, Signature, SignoffSlot
from reviews.words import State, Verdict
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.reviews.cheating import at_once
from tests.reviews.freezing import prepare, submit

pytestmark = pytest.mark.django_db

LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}


@pytest.fixture
def item(world, ana):
    """An item Ana holds."""
    return take(make_item(world), ana)


class TestOne:
    """A signature that stands."""

    def test_the_last_signature_decides_in_the_same_breath(self, item, ana):
        signature = sign(item, ana)

        decided = Item.objects.get(pk=item.pk)
        assert (decided.state, decided.version, decided.awaiting) == (State.APPROVED, 3, "")
        assert Decision.objects.get(item=item).outcome == State.APPROVED
        assert SignoffSlot.objects.get(item=item).signature == signature
        assert not Lease.objects.filter(item=item).exists()
        assert story(item) == ["item.received", "item.taken", "signature.executed", "decision.finalised"]

    def test_the_entry_says_who_signed_what_and_how(self, item, ana):
        signature = sign(item, ana)

        told = ledger.story(item.pk)[2]
        assert told.pub["signature"] == str(signature.pk)
        assert told.pub["action_sha256"] == bytes(signature.action_sha256).hex()
        assert (told.pub["meaning"], told.pub["auth_method"]) == ("Approval", "password+totp")
        assert told.personal["printed_name"] == "Ana"

    def test_two_stages_are_signed_in_their_order_by_two_people(self, world, ana, ben):
        item = make_item(world, action=LARGE)
        with refused("role_missing"):
            take(item, ben)

        take(item, ana)
        sign(item, ana)
        with refused("role_missing"):
            take(item, ana)
        take(item, ben)
        sign(item, ben)

        assert [slot.signer_id for slot in item.slots.order_by("stage")] == [ana.user.pk, ben.user.pk]
        assert Item.objects.get(pk=item.pk).state == State.APPROVED

    def test_nobody_signs_two_stages(self, world):
        both = make_person("eve", Role.ADJUSTER, Role.SENIOR_ADJUSTER)
        item = make_item(world, action=LARGE)
        take(item, both)
        sign(item, both)

        with refused("already_signed"):
            take(item, both)

    def test_a_rejection_ends_the_plan_at_once(self, world, ana):
        item = make_item(world, action=LARGE)
        take(item, ana)
        sign(item, ana, Verdict.REJECT, "The flood was excluded.")

        assert Item.objects.get(pk=item.pk).state == State.REJECTED
        assert Decision.objects.get(item=item).outcome == "rejected"
        assert item.slots.filter(signature=None).count() == 1
        assert ledger.story(item.pk)[2].personal["reason"] == "The flood was excluded."

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_a_rejection_needs_a_reason(self, item, ana, reason):
        with refused("reason_missing"):
            prepare(item, ana, Verdict.REJECT, reason)

    def test_the_outbox_is_written_with_the_decision(self, world, item, ana):
        configuring.register_endpoint(world.flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)

        sign(item, ana)

        delivery = Delivery.objects.get(item=item)
        assert delivery.entry_id == Decision.objects.get(item=item).entry_id
        assert delivery.sequence == 3


@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Threads against each other."""

    def test_one_intent_submitted_by_twenty_threads_gives_one_signature(self, item, ana):
        intent = prepare(item, ana)

        got = at_once([partial(submit, intent, ana)] * 20)

        assert sum(isinstance(each, Signature) for each in got) == 1
        assert {each.name for each in got if not isinstance(each, Signature)} == {"intent_spent"}
        assert story(item).count("signature.executed") == 1

    def test_two_people_do_not_sign_one_slot(self, item, world, ana):
        eve, intents = make_person("eve", Role.ADJUSTER), [prepare(item, ana)]
        Lease.objects.filter(item=item).update(holder=eve.user)
        intents.append(prepare(item, eve))

        got = at_once([partial(submit, intents[0], ana), partial(submit, intents[1], eve)])

        assert sum(isinstance(each, Signature) for each in got) == 1
        assert SignoffSlot.objects.get(item=item).signer_id == eve.user.pk
        assert story(item).count("signature.refused") == 1

    def test_signing_and_cancelling_at_once_leave_one_outcome(self, item, world, ana):
        intent, key = prepare(item, ana), ApiKey.objects.get(flow=world.flow)

        got = at_once([partial(submit, intent, ana), partial(returning.cancel, ItemId(item.pk), "x", by=key)])

        state = Item.objects.get(pk=item.pk).state
        assert state in (State.APPROVED, State.CANCELLED)
        assert Decision.objects.filter(item=item).exists() == (state == State.APPROVED)
        assert sum(isinstance(each, Exception) for each in got) == 1
        assert taking.Lease.objects.filter(item=item).count() == 0


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_reason_nobody_would_read_is_refused_where_it_is_signed_and_not_in_a_form(item, ana, verdict):
    with refused("reason_too_long"):
        sign(item, ana, verdict, "x" * 4001)
