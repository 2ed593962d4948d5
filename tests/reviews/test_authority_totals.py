"""Authority over totals: what a person may approve on one subject and within a period, also many at once."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews.models import Item, Signature
from reviews.words import State, Verdict
from tests.factories import make_person, refused, sign, take
from tests.reviews.approving import approved, finished, lacking, left, payout, prepared, revise, send_back
from tests.reviews.cheating import at_once
from tests.reviews.planned import make_planned, stage
from tests.reviews.registered import authority, may

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


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
