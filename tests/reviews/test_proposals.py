"""Four eyes: what one person proposes, another puts in force with a ceremony, and nobody alone."""

import json

import pytest

from audit import exhibits, ledger
from portal.accounts import access, pairs
from portal.accounts import actions as accounts
from portal.accounts.models import ForbiddenPair, User
from portal.accounts.roles import Role
from reviews.actions import configuring, enforcing, proposing
from reviews.models import (
    Calendar,
    Contract,
    Entitlement,
    Flow,
    Licence,
    Policy,
    PolicyVersion,
    Proposal,
    ProposalSignature,
    Queue,
    Register,
)
from reviews.proposals import deciding, kinds, lists
from reviews.showing import changes
from tests.factories import SEEDER, make_person, make_world, refused, story
from tests.reviews import four_eyes
from tests.reviews.cheating import DUPLICATE, at_once, refuses
from tests.reviews.four_eyes import CHANGED, HOURS, RULES, propose, rules_in_force, sign
from tests.reviews.sheets import HEADINGS

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom():
    return four_eyes.tom()


@pytest.fixture
def helen():
    return four_eyes.helen()


def test_a_proposal_changes_nothing_until_somebody_else_signs_it(tom, helen):
    first = rules_in_force()

    proposal = propose("policy", CHANGED, tom, reason="The limit is too low.")

    assert Policy.objects.get().in_force_id == first.pk
    signature = sign(proposal, helen)
    version = Policy.objects.get().in_force
    assert (version.version, version.text, version.proposal_id) == (2, CHANGED, proposal.pk)
    assert version.changed_rules == ["small"]
    assert (signature.signer_id, signature.role) == (helen.user.pk, "compliance-officer")
    assert story(proposal) == ["proposal.opened", "proposal.signed"]


def test_the_entry_of_what_is_in_force_is_the_signers(tom, helen):
    rules_in_force()

    proposal = propose("policy", CHANGED, tom)
    sign(proposal, helen)

    applied = ledger.story(Policy.objects.get().pk)[-1]
    assert (applied.kind, applied.actor.ref) == ("policy.applied", helen.user.pk)
    opened, signed = ledger.story(proposal.pk)
    assert (opened.actor.ref, signed.actor.ref) == (tom.user.pk, helen.user.pk)
    assert signed.personal == {"printed_name": helen.user.printed_name}


def test_the_statement_says_what_the_change_does_whatever_its_title_says(tom, helen):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom, title="Only a comma")

    intent = four_eyes.prepare(proposal, helen)

    body = json.loads(exhibits.open(intent.body_id))
    told = "I have read the change “Routing rules letters, version 2, 2 rules” and put it in force."
    assert body["statement"] == told
    assert (body["typ"], body["title"]) == ("countersign.proposal-intent", "Only a comma")
    pending = proposing.pending(intent.pk, by=helen.user, session_ref=helen.session)
    assert (pending.statement, pending.differences) == (told, ["Rule “small” changed: when."])
    assert (pending.text, pending.challenge) == (CHANGED, bytes(intent.challenge))


def test_the_first_version_of_a_policy_can_be_proposed(tom, helen):
    configuring.open_queue("desk", "Desk", by=SEEDER)

    sign(propose("policy", RULES, helen), tom)

    assert PolicyVersion.objects.get().changed_rules == ["all", "small"]
    assert story(Policy.objects.get()) == ["policy.opened", "policy.applied"]


def test_a_contract_is_put_in_force_with_a_date_until_which_the_one_before_is_accepted(tom, helen):
    flow = make_world(contract={"type": "object"}).flow
    schema = {"type": "object", "required": ["output"], "x-countersign-earlier-until": "2030-01-01T00:00:00Z"}

    proposal = propose("contract", schema, tom, target=flow.pk)
    sign(proposal, helen)

    contract = Contract.objects.get(proposal=proposal)
    assert Flow.objects.get(pk=flow.pk).contract_id == contract.pk
    assert (contract.version, contract.earlier_until.year) == (2, 2030)
    assert ledger.story(flow.pk)[-1].pub["earlier_until"].startswith("2030-01-01")
    assert story(flow)[-1] == "flow.contract_applied"


def test_a_role_is_given(tom, helen):
    ana = make_person("ana")

    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, helen)
    sign(proposal, tom)

    assert access.of(ana.user).roles == {"adjuster"}
    given = ledger.story(ana.user.pk)[-1]
    assert (given.kind, given.actor.ref, given.pub["proposal"]) == (
        "person.role_granted", tom.user.pk, str(proposal.pk),
    )  # fmt: skip


def test_a_place_behind_a_wall_is_given(tom, helen):
    ana = make_person("ana", Role.ADJUSTER)

    sign(propose("role", {"person": str(ana.user.pk), "role": "wall-counsel"}, helen), tom)

    assert access.of(ana.user).walls == {"ordinary", "counsel"}
    assert access.of(ana.user).roles == {"adjuster"}


def test_a_title_names_nobody(tom):
    ana = make_person("ana")

    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)

    assert proposal.title == "Give the role Adjuster"
    assert proposing.preview("role", exhibits.open(proposal.content_id).decode(), by=tom.user).told.endswith(
        f"to {ana.user.printed_name} ({ana.user.username})"
    )


def test_a_permission_is_given_to_a_role(tom, helen):
    queue = configuring.open_queue("desk", "Desk", by=SEEDER)
    ana = make_person("ana", Role.ADJUSTER)
    asked = {"role": "adjuster", "permission": "review_in_queue", "target": "queue", "target_id": "desk"}

    sign(propose("access", asked, tom), helen)

    assert access.of(ana.user).may("review_in_queue", "queue", queue.pk)
    assert story(queue) == ["queue.opened", "access.granted"]


def test_a_register_of_authority_is_put_in_force_with_its_rows(tom, helen):
    ana = make_person("ana", Role.ADJUSTER).user
    row = f"{ana.username},pay letter,auto,US-TX,USD,10000,5000,20000,100000,30,2026-01-01,"

    proposal = propose("authority", f"{HEADINGS}\n{row}\n", tom)
    assert not Register.objects.exists()
    sign(proposal, helen)

    entitlement = Entitlement.objects.get()
    assert (entitlement.person_id, entitlement.effects, entitlement.up_to) == (ana.pk, "letter pay", 10000)
    assert story(entitlement.register) == ["register.applied"]
    assert bytes(entitlement.register.digest) == bytes(proposal.digest)


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


def test_a_register_of_licences_is_put_in_force_and_the_newest_counts(tom, helen):
    ana = make_person("ana", Role.ADJUSTER).user
    heads = "person,kind,number,jurisdiction,line,from,to"
    sign(propose("licences", f"{heads}\n{ana.username},claims-adjuster,A-1,US-TX,auto,2026-01-01,\n", tom), helen)

    text = f"{heads}\n{ana.username},claims-adjuster,A-2,US-TX,auto,2026-01-01,\n"
    assert proposing.preview("licences", text, by=tom.user).differences == [
        f"{ana.printed_name}: claims-adjuster, auto, Texas: number A-1 → A-2."
    ]
    sign(propose("licences", text, helen), tom)

    assert Licence.objects.get(register__version=2).number == "A-2"


def test_a_calendar_is_put_in_force(tom, helen):
    sign(propose("calendar", HOURS, tom), helen)
    sign(propose("calendar", HOURS.replace("12:00", "13:00"), helen), tom)

    calendar = Calendar.objects.get()
    assert (calendar.in_force.version, calendar.versions.count()) == (2, 2)
    assert story(calendar) == ["calendar.opened", "calendar.applied", "calendar.applied"]


def test_a_pair_of_roles_is_forbidden_and_allowed_again(tom, helen):
    asked = {"first": "queue-manager", "second": "adjuster", "forbidden": True}
    sign(propose("role-pair", asked, tom, reason="Who hands out work does not do it."), helen)
    ana = make_person("ana", Role.ADJUSTER)

    with refused("forbidden_pair") as told:
        propose("role", {"person": ana.user.username, "role": "queue-manager"}, tom)
    assert "holds Adjuster, which nobody may hold together with Queue manager" in told.value.detail
    sign(propose("role-pair", asked | {"forbidden": False}, helen), tom)
    sign(propose("role", {"person": ana.user.username, "role": "queue-manager"}, tom), helen)

    pair = ForbiddenPair.objects.get()
    assert pair.reason == "Who hands out work does not do it."
    assert story(pair) == ["roles.pair_forbidden", "roles.pair_allowed"]


def test_an_access_review_is_its_signature(tom, helen):
    proposal = propose("access-review", "person,role\nana,adjuster\n", tom)

    signature = sign(proposal, helen)

    assert bytes(signature.content_sha256) == bytes(proposal.digest)
    assert exhibits.open(proposal.content_id) == b"person,role\nana,adjuster\n"


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


def test_a_stale_proposal_is_refused_at_reading_and_at_signing(tom, helen):
    rules_in_force()
    stale = propose("policy", CHANGED, tom)
    intent = four_eyes.prepare(stale, helen)
    sign(propose("policy", RULES.replace("<= 10.0", "<= 30.0"), tom), helen)

    with refused("proposal_stale"):
        four_eyes.submit(intent, helen)
    with refused("proposal_stale"):
        four_eyes.prepare(stale, helen)
    assert Policy.objects.get().in_force.version == 2
    proposing.withdraw(stale.pk, by=tom.user)
    sign(propose("policy", CHANGED, tom), helen)
    assert Policy.objects.get().in_force.text == CHANGED


def test_what_came_true_meanwhile_is_stale(tom, helen):
    ana = make_person("ana")
    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)
    accounts.grant_role(ana.user, Role.ADJUSTER, by=SEEDER)

    with refused("proposal_stale"):
        four_eyes.prepare(proposal, helen)


def test_a_person_whose_roles_changed_meanwhile_is_looked_at_again(tom, helen):
    ana = make_person("ana")
    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)
    accounts.grant_role(ana.user, Role.QUEUE_MANAGER, by=SEEDER)

    with refused("proposal_stale"):
        four_eyes.prepare(proposal, helen)


def test_the_same_change_is_proposed_once_and_what_is_in_force_not_at_all(tom, helen):
    rules_in_force()
    propose("policy", CHANGED, tom)

    with refused("already_proposed"):
        propose("policy", CHANGED, helen)
    with refused("nothing_changes"):
        propose("policy", RULES, tom)


def test_the_same_data_contract_is_proposed_for_each_flow_by_itself(tom):
    flow, other = make_world().flow, make_world().flow

    for each in (flow, other):
        propose("contract", '{"type": "object"}', tom, target=each.pk)
        with refused("already_proposed"):
            propose("contract", '{"type": "object"}', tom, target=each.pk)


def test_what_somebody_else_proposed_is_told_to_the_owner_who_reads_it_on_its_page(tom):
    flow = make_world().flow
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", flow, by=SEEDER)
    owner = make_person("owner", Role.FLOW_OWNER)
    proposal = propose("contract", '{"type": "object"}', tom, target=flow.pk, title="A matter for two")

    with pytest.raises(proposing.AlreadyProposed) as caught:
        propose("contract", '{"type": "object"}', owner, target=flow.pk)

    assert changes.found(proposal.pk, by=owner.user, granted=access.of(owner.user)) == proposal
    assert "A matter for two" in caught.value.detail


def test_the_database_keeps_one_open_proposal_of_the_same_change(tom):
    rules_in_force()
    proposal = propose("role", {"person": make_person("ana").user.username, "role": "adjuster"}, tom)
    again = {each: getattr(proposal, each) for each in ("kind", "target", "content_id", "digest", "proposed_by")}

    with refuses(DUPLICATE, because="reviews_proposal_once"):
        Proposal.objects.create(title="Once more", **again)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_the_same_at_once_one_is_told_that_it_is_proposed(tom, helen):
    ana = make_person("ana").user.username

    made = at_once([lambda by=by: propose("role", {"person": ana, "role": "adjuster"}, by) for by in (tom, helen)])

    assert sorted(type(each).__name__ for each in made) == ["AlreadyProposed", "Proposal"]


def test_a_refusal_is_for_good_and_says_why(tom, helen):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)

    with refused("reason_missing"):
        proposing.refuse(proposal.pk, by=helen.user, reason=" ")
    with refused("reason_too_long"):
        proposing.refuse(proposal.pk, by=helen.user, reason="x" * 1001)
    with refused("own_proposal"):
        proposing.refuse(proposal.pk, by=tom.user, reason="No.")
    proposing.refuse(proposal.pk, by=helen.user, reason="The limit stays.")

    with refused("proposal_decided"):
        four_eyes.prepare(proposal, four_eyes.tom())
    assert ledger.story(proposal.pk)[-1].personal == {"reason": "The limit stays."}


def test_only_who_proposed_withdraws(tom, helen):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)

    with refused("not_your_proposal"):
        proposing.withdraw(proposal.pk, by=helen.user)
    proposing.withdraw(proposal.pk, by=tom.user)

    with refused("proposal_decided"):
        proposing.withdraw(proposal.pk, by=tom.user)
    assert story(proposal) == ["proposal.opened", "proposal.withdrawn"]


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


def test_every_kind_that_can_be_proposed_can_be_put_in_force():
    assert set(enforcing._ENFORCED) == set(kinds.KINDS)
