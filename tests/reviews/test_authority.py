"""Authority: what a person may approve, item by item, on one subject and within a period; refused beyond it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection

from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews import authority as authorities
from reviews.actions import taking
from reviews.models import Item, Signature
from reviews.words import State, Verdict
from tests.factories import make_item, make_person, make_world, refused, sign, story, take
from tests.reviews.approving import (
    approved,
    finished,
    lacking,
    left,
    payout,
    prepared,
    revise,
    send_back,
    without_amount,
)
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.cheating import at_once
from tests.reviews.planned import make_planned, stage
from tests.reviews.registered import authority, may

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.django_db
class TestOneItem:
    """What one item may come to."""

    def test_without_a_register_nobody_is_asked(self, world, ana):
        item = approved(world, ana)

        assert authorities.left(ana.user, item) is None
        assert Item.objects.get(pk=item.pk).state == State.APPROVED

    def test_who_has_no_row_may_not_approve_but_may_reject(self, world, ana, ben):
        authority(may(ben, "1000"))
        item = take(payout(world), ana)

        with refused("no_authority"):
            sign(item, ana)
        sign(item, ana, Verdict.REJECT, reason="Not covered.")

        assert Item.objects.get(pk=item.pk).state == State.REJECTED

    def test_who_may_not_approve_may_send_back(self, world, ana):
        authority(may(ana, "10"))
        item = payout(world)

        send_back(item, ana)

        assert Item.objects.get(pk=item.pk).state == State.CHANGES_REQUESTED

    @pytest.mark.parametrize("effect", ["pay", "reserve"])
    def test_nobody_approves_money_without_an_amount_where_authority_is_bounded(self, world, effect):
        item, sam = lacking(world, "amount", "amount_at_stake", effect=effect), make_person("sam", Role.SENIOR_ADJUSTER)
        authority(may(sam, "500"))

        with refused("amount_missing"):
            prepared(take(item, sam), sam)
        sign(item, sam, Verdict.REJECT, reason="How much?")

        assert Item.objects.get(pk=item.pk).state == State.REJECTED

    def test_an_item_may_come_to_exactly_what_the_row_says(self, world, ana):
        authority(may(ana, "500"))

        approved(world, ana, "500.00")
        with refused("over_authority"):
            prepared(take(payout(world, "500.01"), ana), ana)

    def test_the_larger_of_amount_and_amount_at_stake_counts(self, world, ana):
        authority(may(ana, "900"))

        with refused("over_authority"):
            prepared(take(payout(world, "800.00", amount_at_stake="900.01"), ana), ana)

    def test_what_is_signed_alone_has_its_own_bound(self, world, ana, ben):
        authority(may(ana, "50000", alone="400"), may(ben, "50000", alone="400"))
        by_two = payout(world, "20000.00")

        with refused("over_alone"):
            prepared(take(payout(world, "401.00"), ana), ana)
        sign(take(by_two, ana), ana)
        sign(take(by_two, ben), ben)

        assert Item.objects.get(pk=by_two.pk).state == State.APPROVED

    def test_every_signer_needs_the_authority_not_only_the_last(self, world, ana, ben):
        authority(may(ana, "50000"), may(ben, "10000"))
        item = payout(world, "20000.00")
        sign(take(item, ana), ana)

        with refused("over_authority"):
            prepared(take(item, ben), ben)

    def test_an_item_without_an_amount_needs_a_row_of_any_currency(self, world, ben):
        cleo = make_person("cleo", Role.SENIOR_ADJUSTER)
        authority(may(cleo, "0", currency="EUR", effects="letter pay"))

        with refused("no_authority"):
            prepared(take(without_amount(world), ben), ben)
        item = without_amount(world)
        sign(take(item, cleo), cleo)

        assert left(cleo, item).sentence == left(cleo, item).bound == ""

    def test_the_refusal_says_how_much_and_what_to_do(self, world, ana):
        authority(may(ana, "400"))

        with pytest.raises(Problem) as caught:
            prepared(take(payout(world), ana), ana)

        assert caught.value.detail == (
            "$500.00 is more than the $400.00 that you may sign for."
            " Leave it to somebody who may sign for more; you may still reject it or send it back."
        )

    def test_the_newest_register_counts_alone(self, world, ana, ben):
        authority(may(ana, "1000"))
        authority(may(ben, "1000"))

        with refused("no_authority"):
            prepared(take(payout(world), ana), ana)

    def test_a_register_put_in_force_while_somebody_types_counts_at_signing(self, world, ana):
        intent = prepared(take(payout(world), ana), ana)
        authority(may(ana, "400"))

        with refused("over_authority"):
            finished(intent, ana)

        assert not Signature.objects.exists()
        assert story(intent.item_id)[-1] == "signature.refused"


@pytest.mark.django_db
class TestChanges:
    """What approving with changes comes to."""

    @pytest.fixture
    def world(self, db):
        return make_world(contract=CONTRACT)

    def test_upward_counts_as_it_is_signed(self, world, ana):
        authority(may(ana, "600"))
        item = take(make_claim(world), ana)

        with refused("over_authority"):
            freeze(item, ana, {"/building": "600.01"})
        finished(freeze(item, ana, {"/building": "600.00"}), ana)

        assert Item.objects.get(pk=item.pk).state == State.APPROVED

    def test_downward_counts_as_it_was_proposed(self, world, ana):
        authority(may(ana, "499"))

        with refused("over_authority"):
            freeze(take(make_claim(world), ana), ana, {"/building": "1.00"})

    def test_the_plan_of_the_change_says_whether_it_is_signed_alone(self, world, ana):
        authority(may(ana, "50000", alone="600"))
        item = take(make_claim(world), ana)

        with refused("over_alone"):
            freeze(item, ana, {"/building": "700.00"})
        assert freeze(item, ana, {"/building": "20000.00"})


@pytest.mark.django_db
class TestTotals:
    """What it comes to on one subject and in a period."""

    def test_two_small_payouts_pass_and_the_third_beyond_the_total_stops(self, world, ana):
        authority(may(ana, "500", per_subject="1200"))
        first, second, third = (payout(world, amount, subject="claim/7") for amount in ("500.00", "500.00", "200.01"))

        for each in (first, second):
            sign(take(each, ana), ana)
        with refused("over_subject"):
            prepared(take(third, ana), ana)
        approved(world, ana, "200.00", subject="claim/7")

        assert left(ana, third).sentence == "$0.00 of your $1,200.00 left on this claim"

    def test_other_subjects_and_currencies_have_totals_of_their_own(self, world, ana):
        authority(may(ana, "500", per_subject="500"), may(ana, "500", per_subject="500", currency="EUR"))

        approved(world, ana, subject="claim/7")
        approved(world, ana, subject="claim/8")
        approved(world, ana, subject="claim/7", currency="EUR")
        with refused("over_subject"):
            prepared(take(payout(world, "1.01", subject="claim/7"), ana), ana)

    def test_what_others_approved_on_the_subject_counts_too(self, world, ana):
        dan = make_person("dan", Role.ADJUSTER)
        authority(may(ana, "500", per_subject="800"), may(dan, "500"))
        approved(world, dan, subject="claim/7")

        with refused("over_subject"):
            prepared(take(payout(world, subject="claim/7"), ana), ana)

    def test_an_open_item_counts_once_somebody_approved_it(self, world, ana, ben):
        authority(may(ana, "20000", per_subject="20400"))
        large, small = payout(world, "20000.00", subject="claim/7"), payout(world, subject="claim/7")

        assert left(ana, small).on_subject.whole == 0
        sign(take(large, ana), ana)
        with refused("over_subject"):
            prepared(take(small, ana), ana)
        sign_rejection = take(large, ben)
        sign(sign_rejection, ben, Verdict.REJECT, reason="Twice the same bill.")

        assert left(ana, small).on_subject.whole == 0

    def test_what_is_left_does_not_tell_the_verdict_a_blind_signer_must_not_see(self, db):
        world, ana = make_planned(stage("a"), stage("s", blind=True)), make_person("ana", Role.ADJUSTER)
        authority(may(ana, "500", per_subject="500"))
        waiting, other = payout(world, subject="claim/7"), payout(world, subject="claim/7")
        sign(take(waiting, ana), ana, Verdict.REJECT, reason="No.")

        assert Item.objects.get(pk=waiting.pk).state == State.IN_REVIEW
        assert left(ana, other).on_subject.whole == 500

    def test_a_signature_on_an_earlier_revision_counts_for_nothing(self, world, ana, ben):
        row = {"per_subject": "50000", "per_period": "50000", "period_days": 30}
        authority(may(ana, "20000", **row))
        item, other = payout(world, "20000.00", subject="claim/7"), payout(world, subject="claim/7")
        sign(take(item, ana), ana)
        assert (left(ana, other).on_subject.whole, left(ana, other).in_period.whole) == (20000, 20000)

        send_back(item, ben)
        assert (left(ana, other).on_subject.whole, left(ana, other).in_period.whole) == (0, 20000)
        revise(world, item)

        assert Item.objects.get(pk=item.pk).state == State.IN_REVIEW
        assert (left(ana, other).on_subject.whole, left(ana, other).in_period.whole) == (0, 0)

    def test_without_a_subject_there_is_no_total_of_it(self, world, ana):
        authority(may(ana, "500", per_subject="500"))

        for _ in range(2):
            item = lacking(world, "subject")
            sign(take(item, ana), ana)

        assert left(ana, item).sentence == ""

    def test_the_period_counts_what_one_signed_oneself_within_it(self, world, ana):
        dan = make_person("dan", Role.ADJUSTER)
        authority(may(ana, "500", per_period="1000", period_days=30), may(dan, "500"))
        with time_machine.travel(NOON - timedelta(days=30), tick=False):
            approved(world, ana)
        with time_machine.travel(NOON - timedelta(days=29), tick=False):
            approved(world, ana)
        with time_machine.travel(NOON, tick=False):
            approved(world, dan)
            approved(world, ana)
            with refused("over_period"):
                prepared(take(payout(world, "1.01"), ana), ana)

            assert left(ana, payout(world)).sentence == "$0.00 of your $1,000.00 left in 30 days"
        with time_machine.travel(NOON + timedelta(days=2), tick=False):
            approved(world, ana)

    def test_what_was_rejected_in_the_end_frees_the_period(self, world, ana, ben):
        authority(may(ana, "20000", per_period="20000", period_days=30))
        item = payout(world, "20000.00")
        sign(take(item, ana), ana)

        assert left(ana, payout(world)).in_period.whole == 20000
        sign(take(item, ben), ben, Verdict.REJECT, reason="No.")

        assert left(ana, payout(world)).in_period.whole == 0

    def test_the_page_is_told_what_is_left_before_this_item(self, world, ana):
        authority(may(ana, "25000", alone="10000", per_subject="50000"))
        sign(take(payout(world, "20000.00", subject="claim/7"), ana), ana)
        approved(world, ana, "9000.00", subject="claim/7")
        approved(world, ana, "9000.00", subject="claim/7")
        told = left(ana, payout(world, "5650.00", subject="claim/7"))

        assert told.sentence == "$12,000.00 of your $50,000.00 left on this claim"
        assert told.bound == "Up to $25,000.00 an item, $10,000.00 alone"
        assert told.why_not(1) is None

    @pytest.mark.parametrize(("subject", "word"), [("patient/9", "patient"), ("9", "subject"), ("A B/1", "subject")])
    def test_the_subject_is_called_by_the_first_part_of_its_name(self, world, ana, subject, word):
        authority(may(ana, "500", per_subject="500"))

        assert left(ana, payout(world, subject=subject)).sentence.endswith(f"left on this {word}")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Sixteen at the same moment."""

    def test_sixteen_people_never_exceed_the_total_of_a_subject(self, world):
        people = [make_person(f"p{n}", Role.ADJUSTER) for n in range(16)]
        authority(*(may(each, "100", per_subject="500") for each in people))
        intents = [prepared(take(payout(world, "100.00", subject="claim/7"), each), each) for each in people]

        results = at_once([partial(finished, intent, each) for intent, each in zip(intents, people, strict=True)])

        assert sum(isinstance(each, Signature) for each in results) == 5
        assert {each.name for each in results if isinstance(each, Problem)} == {"over_subject"}
        assert Item.objects.filter(state=State.APPROVED).count() == 5

    def test_one_person_in_sixteen_windows_never_exceeds_their_period(self, world, ana):
        authority(may(ana, "100", per_period="300", period_days=7))
        intents = [prepared(take(payout(world, "100.00"), ana), ana) for _ in range(16)]
        finished(intents.pop(), ana)

        results = at_once([partial(finished, intent, ana) for intent in intents])

        assert sum(isinstance(each, Signature) for each in results) == 2
        assert {each.name for each in results if isinstance(each, Problem)} == {"over_period"}


@pytest.mark.django_db
class TestNext:
    """Take next gives what the person could approve."""

    def test_what_is_beyond_a_persons_authority_is_passed_over(self, world, ana):
        authority(may(ana, "100", line="auto"), may(ana, "100", alone="50", line="home", per_subject="90"))
        for action in ({"amount": "100.01"}, {"amount": "50.01", "line": "home"}, {"amount": "1.00", "line": "marine"}):
            payout(world, **action)
        mine = payout(world, "100.00", line="auto")

        assert taking.take_next(by=ana.user).item_id == mine.pk
        with refused("nothing_to_take"):
            taking.take_next(by=ana.user)

    def test_it_stays_quick_behind_many_that_are_too_large(self, world, ana, django_assert_max_num_queries):
        authority(may(ana, "100"))
        for _ in range(30):
            payout(world, "200.00")
        mine = payout(world, "100.00")

        with django_assert_max_num_queries(30):
            assert taking.take_next(by=ana.user).item_id == mine.pk

    def test_it_gives_up_after_many_tries_and_says_so(self, world, ana, monkeypatch):
        monkeypatch.setattr(taking, "_MOST", 2 * taking._WINDOW)
        authority(may(ana, "500", alone="100"))
        for _ in range(17):
            payout(world)

        with pytest.raises(taking.NothingToTake) as caught:
            taking.take_next(by=ana.user)

        assert "The 16 most urgent items are not yours to sign." in caught.value.detail

    def test_who_may_not_approve_it_may_take_it_by_hand_to_reject_it(self, world, ana):
        authority(may(ana, "100"))

        assert take(payout(world), ana)


@pytest.mark.django_db
def test_who_may_sign_for_an_item_is_told_of_many_people_at_once(world, ana, ben):
    item = make_item(world)
    asked = [(item.pk, ana.user.pk), (item.pk, ben.user.pk)]

    assert authorities.entitled(asked) == set(asked)
    authority(may(ana, "499"), may(ben, "500"))
    assert authorities.entitled(asked) == {(item.pk, ben.user.pk)}
    assert connection.in_atomic_block
