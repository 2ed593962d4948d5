"""What the database refuses of proposals and their signatures, whoever asks it: every way around the second person."""

import hashlib
import json

import pytest
from django.db import connection

from audit import exhibits, ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import facts
from reviews.actions import configuring, proposing
from reviews.actions.versioning import SCOPE
from reviews.models import Policy, PolicyVersion, Proposal, ProposalIntent, ProposalSignature, Register
from tests.factories import make_person, make_world, refused
from tests.reviews import four_eyes
from tests.reviews.cheating import at_once, refuses, run
from tests.reviews.forging import BOTH, enforcing_instead, entered, forged_intent, pasted, used
from tests.reviews.four_eyes import CHANGED, RULES, propose, rules_in_force, sign

pytestmark = pytest.mark.django_db


@BOTH
def test_nobody_signs_their_own_proposal(proposal, tom, as_role):
    intent = forged_intent(proposal, tom)

    with refuses(as_role=as_role, because="somebody else than who proposed"):
        pasted(intent)


@BOTH
def test_a_signature_without_a_ceremony_is_refused(proposal, helen, as_role):
    intent = used(four_eyes.prepare(proposal, helen))

    with refuses(as_role=as_role, because="without a ceremony"):
        pasted(intent)


@BOTH
def test_a_signature_by_a_role_that_puts_nothing_in_force_is_refused(proposal, as_role):
    ana = make_person("ana", Role.ADJUSTER)

    for role in ("adjuster", "administrator"):
        with refuses(as_role=as_role, because="puts nothing in force"):
            pasted(forged_intent(proposal, ana, role))


@pytest.mark.parametrize(
    "changes", [{"content_sha256": b"x" * 32}, {"role": "administrator"}, {"meaning": "A look"}, {"intent_sha256": b""}]
)
def test_a_signature_says_what_its_intent_says(proposal, helen, changes):
    intent = used(four_eyes.prepare(proposal, helen))

    with refuses(because="without its used intent, or on other content"):
        pasted(intent, **changes)


@BOTH
def test_an_intent_of_other_content_signs_nothing(proposal, helen, as_role):
    intent = forged_intent(proposal, helen, "compliance-officer", content_sha256=b"x" * 32)

    with refuses(as_role=as_role, because="on other content"):
        pasted(intent)


@BOTH
def test_an_intent_is_used_once(signed, as_role):
    intent = ProposalIntent.objects.get()

    with refuses(as_role=as_role):
        run("UPDATE reviews_proposal_intent SET used_at = NULL WHERE id = %s", intent.pk)
    with refuses(as_role=as_role):
        run("UPDATE reviews_proposal_intent SET content_sha256 = sha256('x') WHERE id = %s", intent.pk)


def test_a_used_attempt_signs_nothing_more(proposal, helen):
    intent = four_eyes.prepare(proposal, helen)
    four_eyes.submit(intent, helen)

    with refused("intent_spent"):
        four_eyes.submit(intent, helen)


@BOTH
@pytest.mark.parametrize("cheat", [
    "digest = sha256('x')", "kind = 'role'", "title = 'Nothing much'", "proposed_by_id = gen_random_uuid()",
    "base = 'version 9'", "state = 'open', decided_by_id = NULL, decided_at = NULL",
])  # fmt: skip
def test_a_proposal_stays_what_was_signed(signed, cheat, as_role):
    with refuses("23000", "23503", as_role=as_role):
        run(f"UPDATE reviews_proposal SET {cheat} WHERE id = %s", signed.pk)


@BOTH
def test_an_open_proposal_changes_in_nothing_but_what_became_of_it(proposal, as_role):
    with refuses(as_role=as_role):
        run("UPDATE reviews_proposal SET digest = sha256('x') WHERE id = %s", proposal.pk)
    with refuses("23000", "42501", as_role=as_role):
        run("DELETE FROM reviews_proposal WHERE id = %s", proposal.pk)


def test_no_proposal_is_in_force_without_its_signature(proposal, helen):
    with refuses(because="do not tell"):
        proposing._decide(proposal, "in_force", facts.ProposalWithdrawn(), by=helen.user)
    told = facts.ProposalSigned(
        signature=new_id(), role="compliance-officer", meaning="x", auth_method="password", assurance="x",
        intent_sha256=b"x", content_sha256=bytes(proposal.digest), printed_name="Helen",
    )  # fmt: skip
    with refuses(because="do not tell"):
        proposing._decide(Proposal.objects.get(), "in_force", told, by=helen.user)


@pytest.mark.parametrize(("state", "who"), [("withdrawn", "helen"), ("refused", "tom")])
def test_who_proposed_withdraws_and_somebody_else_refuses(proposal, tom, helen, state, who):
    fact = {"withdrawn": facts.ProposalWithdrawn(), "refused": facts.ProposalRefused(reason="x")}[state]

    with refuses(because="do not tell"):
        proposing._decide(proposal, state, fact, by={"tom": tom, "helen": helen}[who].user)


@pytest.mark.parametrize("cheat", ["another proposer", "other content"])
def test_a_proposal_is_what_its_entry_says(tom, helen, cheat):
    sealed = exhibits.seal(CHANGED.encode(), scope=SCOPE)
    digest = hashlib.sha256(CHANGED.encode()).digest()
    forges, tells = cheat == "another proposer", cheat == "other content"
    proposer = tom.user if forges else helen.user
    fact = facts.Proposed(of="policy", target=None, content_sha256=b"x" * 32 if tells else digest, base="none")

    with refuses(because="do not tell"):
        given = {"kind": "policy", "title": "x", "content_id": sealed.pk, "digest": digest, "base": "none"}
        proposal = Proposal.objects.create(**given, proposed_by=proposer)
        entered(fact, ledger.Stream("proposal", proposal.pk), helen.user, [proposal])


def test_a_contract_accepts_the_one_before_no_longer_than_was_signed(tom, helen, monkeypatch):
    flow = make_world(contract={"type": "object"}).flow

    def put(proposal, change, *, by):
        later = now().replace(year=2100)
        configuring.apply_contract(flow, json.loads(change.content), by=by, proposal=proposal, earlier_until=later)

    enforcing_instead(monkeypatch, put)
    with refuses(because="not what its proposal says"):
        sign(propose("contract", {"type": "object", "title": "x"}, tom, target=flow.pk), helen)


@BOTH
def test_no_proposal_is_in_force_by_who_proposed_it(proposal, tom, as_role):
    with refuses("23514", as_role=as_role):
        run("UPDATE reviews_proposal SET state='in_force', decided_by_id=%s, decided_at=now()", tom.user.pk)


def test_a_stored_change_that_was_tampered_with_is_not_signed(proposal, helen, superuser):
    connection.check_constraints()
    other = exhibits.seal(CHANGED.replace("20.0", "9000.0").encode(), scope=SCOPE)
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_proposal SET content_id = %s", [other.pk])

    with refused("content_changed"):
        four_eyes.prepare(proposal, helen)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_at_once_one_puts_it_in_force():
    rules_in_force()
    tom, helen, olga = four_eyes.tom(), four_eyes.helen(), four_eyes.helen()
    proposal = propose("policy", CHANGED, tom)
    intents = [(four_eyes.prepare(proposal, each), each) for each in (helen, olga)]

    results = at_once([lambda intent=intent, each=each: four_eyes.submit(intent, each) for intent, each in intents])

    won = [each for each in results if isinstance(each, ProposalSignature)]
    lost = [each for each in results if not isinstance(each, ProposalSignature)]
    assert (len(won), [each.name for each in lost]) == (1, ["proposal_decided"])
    assert Policy.objects.get().in_force.version == 2
    assert PolicyVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_of_the_same_rules_at_once_one_is_stale():
    rules_in_force()
    tom, helen, olga = four_eyes.tom(), four_eyes.helen(), four_eyes.helen()
    texts = (CHANGED, RULES.replace("10.0", "30.0"))
    proposals = [propose("policy", text, tom) for text in texts]
    both = [(four_eyes.prepare(each, who), who) for each, who in zip(proposals, (helen, olga), strict=True)]

    results = at_once([lambda intent=intent, each=each: four_eyes.submit(intent, each) for intent, each in both])

    lost = [each.name for each in results if not isinstance(each, ProposalSignature)]
    assert lost == ["proposal_stale"]
    assert PolicyVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_fails_while_it_is_put_in_force_leaves_nothing_behind(monkeypatch):
    rules_in_force()
    tom, helen = four_eyes.tom(), four_eyes.helen()
    proposal = propose("policy", CHANGED, tom)

    def fail(proposal, change, *, by):
        raise RuntimeError("the disk is full")

    intent = four_eyes.prepare(proposal, helen)
    enforcing_instead(monkeypatch, fail)
    with pytest.raises(RuntimeError):
        four_eyes.submit(intent, helen)

    assert Proposal.objects.get().state == "open"
    assert not ProposalSignature.objects.exists()
    assert ProposalIntent.objects.get().used_at is None
    assert Register.objects.count() == 0
