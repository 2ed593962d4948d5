"""Four eyes: a proposal changes nothing until somebody else signs it, and it ends once."""

import json

import pytest

from audit import exhibits, ledger
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import proposing
from reviews.models import Policy, Proposal
from reviews.showing import changes
from tests.factories import SEEDER, make_person, make_world, refused, story
from tests.reviews import four_eyes
from tests.reviews.cheating import DUPLICATE, at_once, refuses
from tests.reviews.four_eyes import CHANGED, RULES, propose, rules_in_force, sign

pytestmark = pytest.mark.django_db


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
