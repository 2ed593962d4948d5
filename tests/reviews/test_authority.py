"""Authority: what a person may approve, item by item and with changes; refused beyond it and passed over."""

import pytest
from django.db import connection

from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews import authority as authorities
from reviews.actions import taking
from reviews.models import Item, Signature
from reviews.words import State, Verdict
from tests.factories import make_item, make_person, make_world, refused, sign, story, take
from tests.reviews.approving import approved, finished, lacking, left, payout, prepared, send_back, without_amount
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.registered import authority, may


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
