"""Four eyes: who proposes, who signs what somebody else proposed, and that nobody does both."""

import pytest

from portal.accounts import access, pairs
from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.roles import Role
from reviews.actions import configuring, proposing
from reviews.models import Proposal, ProposalSignature, Queue
from reviews.proposals import deciding, lists
from tests.factories import SEEDER, make_person, make_world, refused
from tests.reviews import four_eyes
from tests.reviews.four_eyes import CHANGED, HOURS, RULES, propose, rules_in_force, sign
from tests.reviews.sheets import HEADINGS

pytestmark = pytest.mark.django_db


def test_nobody_signs_a_register_that_gives_them_more(tom, helen):
    row = f"{helen.user.username},pay,*,*,USD,10000,5000,,,,2026-01-01,"
    proposal = propose("authority", f"{HEADINGS}\n{row}\n", tom)

    with refused("own_gain"):
        four_eyes.prepare(proposal, helen)
    sign(proposal, four_eyes.tom())

    sign(propose("authority", f"{HEADINGS}\n{row.replace(helen.user.username, tom.user.username)}\n", tom), helen)


def test_who_gains_by_a_register_is_told_of_those_asked_about_alone(tom, helen):
    rows = [f"{each.user.username},pay,*,*,USD,10000,5000,,,,2026-01-01," for each in (tom, helen)]
    proposal = propose("authority", "\n".join([HEADINGS, *rows, ""]), tom)

    helens, nobodys = ({helen.user.username, "nobody"}, set())

    assert lists.gaining(proposal, helens) == {helen.user.username}
    assert lists.gaining(proposal, nobodys) == frozenset()


def test_nobody_signs_away_the_narrow_row_that_bounds_their_wide_one(tom, helen):
    wide = f"{helen.user.username},pay,*,*,USD,10000,5000,,,,2026-01-01,"
    narrow = wide.replace("*,*", "auto,*").replace("10000,5000", "10,10")
    register = f"{HEADINGS}\n{wide}\n{narrow}\n"
    sign(propose("authority", register, tom), four_eyes.tom())

    proposal = propose("authority", f"{HEADINGS}\n{wide}\n", tom)

    with refused("own_gain"):
        four_eyes.prepare(proposal, helen)


def test_who_owns_a_flow_proposes_its_rules_and_its_contract_and_no_others(helen):
    world, other = make_world(), make_world()
    owner = make_person("olga", Role.FLOW_OWNER)
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    theirs, another = (each.flow.policy.in_force.text.replace("due: 4h", "due: 5h") for each in (world, other))

    with refused("not_your_flow"):
        propose("policy", another, owner)
    with refused("not_your_flow"):
        propose("contract", {}, owner, target=other.flow.pk)
    sign(propose("policy", theirs, owner), helen)
    sign(propose("contract", {}, owner, target=world.flow.pk), helen)

    with refused("may_not_propose"):
        propose("role", {"person": owner.user.username, "role": "administrator"}, owner)


@pytest.mark.parametrize("roles", [(), (Role.ADJUSTER,), (Role.QUEUE_MANAGER,), (Role.AUDITOR,)])
def test_others_propose_nothing(roles):
    rules_in_force()
    with pytest.raises(proposing.Problem) as caught:
        propose("policy", CHANGED, make_person("mallory", *roles))

    assert caught.value.name in ("may_not_propose", "only_reads")
    assert "Ask a compliance officer or an administrator" in caught.value.detail


def test_nobody_signs_what_they_proposed(tom):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)

    with refused("own_proposal"):
        four_eyes.prepare(proposal, tom)


def test_nobody_signs_what_gives_a_role_to_them(tom, helen):
    proposal = propose("role", {"person": helen.user.username, "role": "queue-manager"}, tom)

    with refused("own_gain"):
        four_eyes.prepare(proposal, helen)
    sign(proposal, four_eyes.tom())


def test_who_may_not_sign_is_told_why(tom):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)

    with refused("not_found"):
        four_eyes.prepare(proposal, make_person("mallory", Role.ADJUSTER))
    with refused("only_reads"):
        four_eyes.prepare(proposal, make_person("audrey", Role.AUDITOR))
    with refused("identity_unverified"):
        four_eyes.prepare(proposal, make_person("nora", Role.COMPLIANCE_OFFICER, verified=False))


def test_a_role_lost_between_reading_and_signing_counts(tom, helen):
    rules_in_force()
    intent = four_eyes.prepare(propose("policy", CHANGED, tom), helen)
    accounts.withdraw_role(helen.user, Role.COMPLIANCE_OFFICER, by=SEEDER)

    with refused("not_found"):
        four_eyes.submit(intent, helen)
    assert not ProposalSignature.objects.exists()


@pytest.mark.parametrize("apply", [
    lambda by: configuring.apply_policy(RULES, by=by),
    lambda by: configuring.apply_calendar(HOURS, by=by),
    lambda by: configuring.apply_register("licences", [], by=by),
], ids=["policy", "calendar", "register"])  # fmt: skip
def test_a_person_alone_puts_nothing_in_force(tom, apply):
    with refused("four_eyes"):
        apply(tom.user)


def test_a_person_alone_gives_nothing_and_takes_what_they_like(tom):
    ana = make_person("ana", Role.ADJUSTER)
    queue = Queue.objects.filter(pk=configuring.open_queue("desk", "Desk", by=SEEDER).pk).get()
    accounts.grant_access(Role.ADJUSTER, "review_in_queue", queue, by=SEEDER)

    with refused("second_person_missing"):
        accounts.grant_role(ana.user, Role.QUEUE_MANAGER, by=tom.user)
    with refused("second_person_missing"):
        accounts.grant_access(Role.ADJUSTER, "manage_in_queue", queue, by=tom.user)
    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=tom.user)
    accounts.withdraw_access(Role.ADJUSTER, "review_in_queue", queue, by=tom.user)

    assert access.of(ana.user).roles == frozenset()


def test_a_proposal_of_somebody_else_is_no_second_person(tom, helen):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)
    sign(proposal, helen)

    with refused("four_eyes"):
        configuring.apply_policy(RULES, by=tom.user, proposal=proposal)


def test_people_who_hold_a_forbidden_pair_are_reported():
    ana = make_person("ana", Role.ADJUSTER, Role.AUDITOR)
    make_person("ben", Role.ADJUSTER)
    assert pairs.open_defaults(by=SEEDER) == 16
    assert pairs.open_defaults(by=SEEDER) == 0

    assert [(each.person, each.first, each.second) for each in pairs.conflicts()] == [(ana.user, "adjuster", "auditor")]
    with refused("forbidden_pair"):
        accounts.grant_role(User.objects.get(pk=ana.user.pk), Role.ADMINISTRATOR, by=SEEDER)


def test_a_proposal_says_who_may_sign_it(tom, helen):
    rules_in_force()
    make_person("nora", Role.COMPLIANCE_OFFICER, verified=False)
    proposal = propose("policy", CHANGED, tom)

    assert deciding.signers_of(proposal) == [helen.user]
    assert Proposal.objects.get().state == "open"
