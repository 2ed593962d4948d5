"""Sign-off plans at work: stages side by side, any of several roles, blind stages, rejections that return."""

import json

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import ledger
from reviews import plans
from reviews.models import Item, Signature
from reviews.policies.parts import FACTORS, Stage
from tests.factories import story, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.planned import Cast, asked, make_planned, parallel, stage

pytestmark = pytest.mark.django_db

ADJUSTER, SENIOR, LETTERS = "adjuster", "senior-adjuster", "correspondence-reviewer"


@pytest.mark.parametrize("order", [("a", "s"), ("s", "a")])
def test_stages_side_by_side_are_signed_in_any_order(order):
    cast = Cast(parallel(stage("a"), stage("s")))
    assert cast.awaits == "adjuster senior-adjuster"

    assert [cast.signs(name) for name in order] == ["in_review", "approved"]


def test_a_step_opens_when_every_stage_before_it_is_signed():
    cast = Cast(parallel(stage("a"), stage("s")), stage("r"))

    assert cast.signs("r") == "role_missing"
    assert cast.signs("a") == "in_review"
    assert cast.signs("r") == "role_missing"
    assert cast.signs("s") == "in_review"
    assert cast.awaits == "release-approver"
    assert cast.signs("r") == "approved"


@pytest.mark.parametrize("name", ["a", "c"])
def test_any_of_several_roles_may_sign_and_the_signature_names_the_one_that_did(name):
    cast = Cast(stage("ac"))
    assert cast.awaits == "adjuster correspondence-reviewer"

    assert cast.signs("s") == "role_missing"
    assert cast.signs(name) == "approved"
    assert Signature.objects.get(item=cast.item).role == {"a": ADJUSTER, "c": LETTERS}[name]


def test_a_stage_of_three_signatures_takes_three_people():
    cast = Cast(stage("a", signatures=3))

    assert [cast.signs(name) for name in ("a1", "a1", "a2", "a2", "a3")] == [
        "in_review", "already_signed", "in_review", "already_signed", "approved",
    ]  # fmt: skip


@pytest.mark.parametrize("plan", [(stage("a"), stage("s")), (parallel(stage("a"), stage("s")),)])
def test_nobody_signs_two_stages_whatever_their_roles(plan):
    cast = Cast(*plan)
    cast.signs("as")

    assert cast.signs("as") == "already_signed"
    assert asked(cast.item) == [(2, 1, SENIOR)]


@pytest.mark.parametrize(("second", "ends"), [("approve", "rejected"), ("reject", "rejected")])
def test_a_rejection_is_held_until_who_signs_blind_has_signed(second, ends):
    cast = Cast(parallel(stage("a"), stage("s", blind=True)))

    assert cast.signs("a", "reject") == "in_review"
    assert cast.awaits == SENIOR
    assert "decision.finalised" not in story(cast.item)
    assert cast.signs("s", second) == ends


def test_a_blind_rejection_that_nobody_blind_follows_ends_the_plan_at_once():
    cast = Cast(parallel(stage("a"), stage("s", blind=True)))

    assert cast.signs("s", "reject") == "rejected"


def test_a_rejection_that_ends_the_plan_is_not_undone_by_a_blind_one_that_returns():
    cast = Cast(stage("c", name="review"), parallel(stage("a"), stage("s", blind=True, reject_to="review")))
    cast.signs("c")

    assert cast.signs("a", "reject") == "in_review"
    assert cast.signs("s", "reject") == "rejected"
    assert "item.returned" not in story(cast.item)


def test_a_held_rejection_that_ends_the_plan_outlives_a_blind_one_that_returns_before_the_last():
    blind = [stage(letter, blind=True, reject_to="review") for letter in "sr"]
    cast = Cast(stage("c", name="review"), parallel(stage("a"), *blind))
    cast.signs("c"), cast.signs("a", "reject")

    assert cast.signs("s", "reject") == "in_review"
    assert asked(cast.item) == [(4, 1, "release-approver")]
    assert cast.signs("r") == "rejected"


RETURNING = (stage("c"), stage("a", name="review"), stage("s", reject_to="review"), stage("r"))


def test_a_rejection_that_returns_asks_the_stages_from_there_again():
    cast = Cast(*RETURNING)
    cast.signs("c"), cast.signs("a")

    assert cast.signs("s", "reject") == "in_review"

    assert asked(cast.item) == [(2, 2, ADJUSTER), (3, 2, SENIOR), (4, 2, "release-approver")]
    assert cast.awaits == ADJUSTER
    assert story(cast.item)[-2:] == ["signature.executed", "item.returned"]


def test_after_a_return_the_same_people_may_sign_their_stage_again_but_no_other():
    cast = Cast(*RETURNING)
    cast.signs("ca"), cast.signs("as"), cast.signs("rs", "reject")

    assert cast.signs("ca") == "already_signed"
    assert cast.signs("rsa") == "in_review"
    assert cast.signs("as") == "already_signed"
    assert cast.signs("rsa") == "already_signed"
    assert cast.signs("rs") == "in_review"
    assert cast.signs("rs") == "already_signed"
    assert cast.signs("r") == "approved"


def test_what_was_signed_before_the_stage_returned_to_still_stands():
    cast = Cast(*RETURNING)
    cast.signs("c"), cast.signs("a"), cast.signs("s", "reject")

    assert [cast.signs(name) for name in ("a", "s", "r")] == ["in_review", "in_review", "approved"]
    assert Signature.objects.filter(item=cast.item, signer=cast["c"].user).count() == 1


def test_a_plan_returns_as_often_as_it_is_rejected():
    cast = Cast(*RETURNING)
    cast.signs("c")
    for _ in range(3):
        assert cast.signs("a") == "in_review"
        assert cast.signs("s", "reject") == "in_review"

    assert asked(cast.item)[0] == (2, 4, ADJUSTER)
    assert [cast.signs(name) for name in ("a", "s", "r")] == ["in_review", "in_review", "approved"]


def test_a_rejection_by_a_stage_that_does_not_return_ends_a_later_round():
    cast = Cast(*RETURNING)
    cast.signs("c"), cast.signs("a"), cast.signs("s", "reject"), cast.signs("a"), cast.signs("s")

    assert cast.signs("r", "reject") == "rejected"


def test_the_signature_of_a_later_round_says_so():
    cast = Cast(*RETURNING)
    cast.signs("c"), cast.signs("a"), cast.signs("s", "reject"), cast.signs("a")

    rounds = [told.pub.get("round") for told in ledger.story(cast.item.pk) if told.kind == "signature.executed"]

    assert rounds == [None, None, None, 2]


def claim(*plan):
    world = make_planned(*plan, contract=CONTRACT)
    return Cast(world=world, item=make_claim(world))


def changes(cast, name):
    take(cast.item, cast[name])
    change(cast.item, cast[name], zone="AE")
    cast.item.refresh_from_db()


def told_plan(item):
    (fact,) = [told for told in ledger.story(item.pk) if told.kind == "item.overridden"]
    return fact.pub["plan"]


def test_who_changes_within_stages_side_by_side_signs_first_and_the_others_stay():
    cast = claim(parallel(stage("a"), stage("s"), stage("c")))

    changes(cast, "s")

    assert told_plan(cast.item) == ["senior-adjuster x 1", "adjuster x 1", "& correspondence-reviewer x 1"]
    assert [cast.signs(name) for name in ("c", "a")] == ["in_review", "approved"]


def test_who_changes_as_the_blind_signer_is_not_blind_any_more():
    cast = claim(parallel(stage("a"), stage("s", blind=True)))

    changes(cast, "s")

    assert told_plan(cast.item) == ["senior-adjuster x 1", "adjuster x 1"]
    assert cast.signs("a") == "approved"


def test_a_blind_stage_stays_blind_after_a_change_by_somebody_else():
    cast = claim(parallel(stage("a"), stage("s", blind=True)), stage("r"))
    changes(cast, "a")

    assert told_plan(cast.item) == ["adjuster x 1", "senior-adjuster x 1 blind", "release-approver x 1"]
    assert [cast.signs(name) for name in ("s", "r")] == ["in_review", "approved"]


def test_signatures_before_a_change_do_not_count_for_what_was_changed():
    cast = claim(parallel(stage("a"), stage("s"), stage("c")))
    cast.signs("a")

    changes(cast, "s")

    assert asked(cast.item) == [(2, 1, ADJUSTER), (3, 1, LETTERS)]
    assert [cast.signs(name) for name in ("a", "c")] == ["in_review", "approved"]


ROLES = st.sampled_from([ADJUSTER, SENIOR, LETTERS, f"{ADJUSTER} {SENIOR}", f"{ADJUSTER} {LETTERS} {SENIOR}"])
FACTORED = st.lists(st.sampled_from(sorted(FACTORS)), unique=True, max_size=3).map(tuple)


@st.composite
def planned(draw):
    """Draw a plan as a policy reads one: steps rise, stages of one step stand together."""
    made: list[Stage] = []
    for step in range(1, draw(st.integers(1, 4)) + 1):
        before = len(made)
        for _ in range(draw(st.integers(1, 3))):
            made.append(
                Stage(
                    draw(ROLES), draw(st.integers(1, 3)), "Approval", step=step, factors=draw(FACTORED),
                    blind=draw(st.booleans()),
                    back_to=draw(st.none() | st.integers(1, before)) if before else None,
                )
            )  # fmt: skip
    return made


@given(plan=planned())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_plan_told_in_words_is_read_back(plan):
    assert [plans.read(line) for line in plans.told(plan)] == [(each.role.split(), each.signatures) for each in plan]


@given(plan=planned())
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_the_database_tells_a_plan_in_the_same_words(unplanned, plan):
    slots = plans.slots(unplanned.pk, next(unplanned.free), plan)
    for slot in slots:
        slot.save(force_insert=True)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(reviews_plan(%s, %s))", [unplanned.pk, slots[0].revision])
        (told,) = cursor.fetchone()

    assert (json.loads(told) if isinstance(told, str) else told) == plans.told(plan)
    assert plans.told(plans.stages(slots)) == plans.told(plan)


@pytest.fixture
def unplanned():
    """An item with revisions to come that nobody planned yet."""
    item = Item.objects.get(pk=Cast(stage("a")).item.pk)
    item.free = iter(range(2, 1000))
    return item
