"""What the database refuses of configuration, whoever asks it: every way around the second person."""

import hashlib
import json

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from audit import exhibits, ledger
from portal.accounts import actions as accounts
from portal.accounts import facts as personal
from portal.accounts import pairs
from portal.accounts.models import ForbiddenPair
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import facts
from reviews.actions import configuring, proposing
from reviews.actions.versioning import SCOPE
from reviews.models import (
    Entitlement,
    Flow,
    Policy,
    PolicyVersion,
    Proposal,
    ProposalIntent,
    ProposalSignature,
    Register,
)
from reviews.proposals import kinds
from reviews.proposals.summaries import Summary
from tests.factories import SEEDER, make_person, make_world, refused
from tests.reviews import four_eyes
from tests.reviews.cheating import APP, OWNER, at_once, copied, refuses, run
from tests.reviews.four_eyes import CHANGED, HOURS, RULES, propose, rules_in_force, sign

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("as_role", [APP, OWNER])
ALONE = "one person alone put in force"


@pytest.fixture
def tom():
    return four_eyes.tom()


@pytest.fixture
def helen():
    return four_eyes.helen()


@pytest.fixture
def rules():
    return rules_in_force()


@pytest.fixture
def proposal(rules, tom):
    return propose("policy", CHANGED, tom)


@pytest.fixture
def signed(proposal, helen):
    """A proposal that was put in force, read again."""
    sign(proposal, helen)
    return Proposal.objects.get(pk=proposal.pk)


def used(intent):
    """Mark an intent as used, as a ceremony does."""
    ProposalIntent.objects.filter(pk=intent.pk).update(used_at=now())
    return intent


def pasted(intent, **changes):
    """Insert the signature an intent asks for, without the ceremony."""
    given = {
        "proposal_id": intent.proposal_id, "signer_id": intent.user_id, "role": intent.role, "meaning": intent.meaning,
        "intent_id": intent.pk, "intent_sha256": intent.challenge, "content_sha256": intent.content_sha256,
        "auth_method": "password+totp", "assurance": "server-attested",
    }  # fmt: skip
    ProposalSignature(**given | changes).save(force_insert=True)


def forged_intent(proposal, person, role="administrator", **changes):
    """Insert an intent that no guard was asked about."""
    given = {
        "user": person.user, "session_ref": person.session, "proposal": proposal, "content_sha256": proposal.digest,
        "body_id": exhibits.seal(b"{}", scope=SCOPE).pk, "role": role, "meaning": "x", "used_at": now(),
        "challenge": hashlib.sha256(new_id().bytes).digest(), "expires_at": now().replace(year=2100),
    }  # fmt: skip
    return ProposalIntent.objects.create(**given | changes)


def entered(fact, stream, by, rows=()):
    """Write an entry of somebody's choice."""
    ledger.append_next(fact, stream=stream, by=by, rows=rows)


def version_by(person, policy, text=CHANGED, **given):
    """Insert a version with an entry that a person writes alone."""
    digest = hashlib.sha256(text.encode()).digest()
    number = policy.versions.count() + 1
    version = PolicyVersion.objects.create(policy=policy, version=number, text=text, digest=digest, **given)
    Policy.objects.filter(pk=policy.pk).update(in_force=version)
    stream = ledger.Stream("policy", policy.pk)
    entered(facts.PolicyApplied(version=number, digest=digest), stream, person.user, [policy])


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


def test_a_version_without_a_proposal_is_refused(rules, tom):
    with refuses(because=ALONE):
        version_by(tom, rules.policy)


def test_a_version_without_any_entry_is_refused(rules):
    with refuses(because=ALONE):
        copied(rules, id=new_id(), version=2)


def test_a_version_by_another_than_the_signer_is_refused(proposal, tom, helen, monkeypatch):
    def put(proposal, change, *, by):
        version_by(tom, Policy.objects.get(), proposal=proposal)

    enforcing_instead(monkeypatch, put)
    with refuses(because=ALONE):
        sign(proposal, helen)


def test_a_proposal_puts_one_version_in_force(signed, helen):
    with refuses("23505"):
        version_by(helen, Policy.objects.get(), proposal=signed)


def test_a_version_of_a_proposal_nobody_signed_is_refused(proposal, helen):
    with refuses(because=ALONE):
        version_by(helen, Policy.objects.get(), proposal=proposal)


def enforcing_instead(monkeypatch, act):
    """Let whoever holds the program's rights do something else with a signature than what was signed."""
    monkeypatch.setattr(proposing.enforcing, "enforce", act)


@pytest.mark.parametrize("other", ["text", "digest"])
def test_a_version_with_other_content_than_was_signed_is_refused(proposal, helen, monkeypatch, other):
    text = CHANGED.replace("20.0", "9000.0")
    digest = {} if other == "text" else {"digest": hashlib.sha256(CHANGED.encode()).digest()}

    def put(proposal, change, *, by):
        policy = Policy.objects.get()
        given = {"digest": hashlib.sha256(text.encode()).digest()} | digest
        PolicyVersion.objects.create(policy=policy, version=2, text=text, proposal=proposal, **given)
        entered(facts.PolicyApplied(version=2, digest=given["digest"]), ledger.Stream("policy", policy.pk), by)

    enforcing_instead(monkeypatch, put)
    with refuses(because="not what its proposal says"):
        sign(proposal, helen)


class Anything:
    """A kind that finds nothing wrong with anything."""

    word = name = "access-review"

    def check(self, content, *, target):
        return Summary(title="Access review", told="Access review", content=content, base="none", target=target)


def test_a_signed_report_of_the_same_text_puts_no_policy_in_force(rules, tom, helen, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "access-review", Anything())

    def put(proposal, change, *, by):
        version_by(helen, rules.policy, proposal=proposal)

    enforcing_instead(monkeypatch, put)
    with refuses(because="not what its proposal says"):
        sign(propose("access-review", CHANGED, tom, target=rules.policy.pk), helen)


def test_a_contract_of_another_flow_than_was_signed_is_refused(tom, helen, monkeypatch):
    flow, other = make_world().flow, make_world().flow

    def put(proposal, change, *, by):
        configuring.apply_contract(Flow.objects.get(pk=other.pk), json.loads(change.content), by=by, proposal=proposal)

    enforcing_instead(monkeypatch, put)
    with refuses(because="not what its proposal says"):
        sign(propose("contract", {"type": "object"}, tom, target=flow.pk), helen)


@BOTH
def test_a_register_in_force_takes_no_more_rows(helen, as_role):
    register = configuring.apply_register("authority", [], by=SEEDER)
    row = {
        "register": register, "person": helen.user, "effects": "pay", "line": "*", "jurisdiction": "*",
        "currency": "USD", "up_to": 10**9, "alone": 10**9, "starts": now().date(),
    }  # fmt: skip

    with refuses(as_role=as_role, because="takes no more rows"):
        Entitlement.objects.create(**row)


def test_a_register_with_another_text_than_was_signed_is_refused(tom, helen, monkeypatch):
    heads = "person,kind,number,jurisdiction,line,from,to"
    text = f"{heads}\n{tom.user.username},claims-adjuster,A-1,US-TX,auto,2026-01-01,\n"

    def put(proposal, change, *, by):
        configuring.apply_register("licences", [], by=by, proposal=proposal)

    enforcing_instead(monkeypatch, put)
    with refuses(because="not what its proposal says"):
        sign(propose("licences", text, tom), helen)


@BOTH
@pytest.mark.parametrize("table", ["reviews_register", "reviews_calendar_version", "reviews_proposal_signature"])
def test_what_is_in_force_is_never_rewritten(signed, table, as_role):
    configuring.apply_register("authority", [], by=SEEDER)
    configuring.apply_calendar(HOURS, by=SEEDER)

    for verb in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with refuses("23000", "42501", as_role=as_role):
            run(verb)


@BOTH
def test_no_role_by_raw_sql(helen, as_role):
    Group.objects.get_or_create(name="adjuster")

    with refuses(as_role=as_role, because="its last entry does not tell"):
        run(
            "INSERT INTO portal_user_groups (user_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'adjuster'",
            helen.user.pk,
        )
    with refuses(as_role=as_role, because="its last entry does not tell"):
        run("DELETE FROM portal_user_groups WHERE user_id = %s", helen.user.pk)


def test_no_role_by_an_entry_one_person_writes_alone(tom, helen):
    with refuses(because="its last entry does not tell"):
        helen.user.groups.add(Group.objects.get_or_create(name="queue-manager")[0])
        entered(personal.RoleGranted(role="queue-manager"), ledger.Stream("person", helen.user.pk), tom.user)


def given(role, person, by, proposal):
    """Give a role as the program does, with an entry that names a proposal."""
    accounts.grant_role(person.user, role, by=by, proposal=proposal)


def test_a_signed_role_gives_that_role_to_that_person_once(tom, helen):
    ana, ben = make_person("ana"), make_person("ben")
    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)
    sign(proposal, helen)

    for role, person in (("senior-adjuster", ana), ("adjuster", ben)):
        with refuses(because="its last entry does not tell"):
            given(role, person, helen.user, proposal.pk)
    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=tom.user)
    with refuses(because="its last entry does not tell"):
        given("adjuster", ana, helen.user, proposal.pk)


@pytest.mark.parametrize("who", ["tom", "ana"])
def test_a_signed_role_is_given_by_its_signer_alone(tom, helen, monkeypatch, who):
    ana = make_person("ana")
    people = {"tom": tom, "ana": ana}

    def put(proposal, change, *, by):
        given("adjuster", ana, people[who].user, proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="its last entry does not tell"):
        sign(propose("role", {"person": ana.user.username, "role": "adjuster"}, tom), helen)


def test_a_forged_kind_gives_no_role(tom, helen, monkeypatch):
    content = f'{{"person":"{tom.user.pk}","role":"auditor"}}'
    monkeypatch.setitem(kinds.KINDS, "access-review", Anything())

    def put(proposal, change, *, by):
        given("auditor", tom, by, proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="its last entry does not tell"):
        sign(propose("access-review", content, tom), helen)


def test_a_role_is_not_signed_by_who_gets_it(tom, helen):
    proposal = propose("role", {"person": helen.user.username, "role": "queue-manager"}, tom)

    with refuses(because="or gains by it"):
        pasted(forged_intent(proposal, helen, "compliance-officer"))


def granting(model, columns, who):
    return (
        f"INSERT INTO guardian_{model}objectpermission (object_pk, content_type_id, permission_id, {columns})"
        f" SELECT q.id::text, c.id, p.id, {who} FROM reviews_queue q, django_content_type c"
        " JOIN auth_permission p ON p.content_type_id = c.id WHERE c.model = 'queue' AND p.codename = 'review_in_queue'"
    )


@BOTH
def test_no_permission_by_raw_sql(rules, helen, as_role):
    group = Group.objects.get(name="compliance-officer")

    with refuses(as_role=as_role, because="its last entry does not tell"):
        run(granting("group", "group_id", "%s"), group.pk)
    with refuses(as_role=as_role, because="refused on guardian_userobjectpermission"):
        run(granting("user", "user_id", "%s"), helen.user.pk)


def test_a_signed_permission_is_that_permission_once(rules, tom, helen):
    queue = configuring.open_queue("other", "Other", by=SEEDER)
    asked = {"role": "adjuster", "permission": "see_queue", "target": "queue", "target_id": "desk"}
    proposal = propose("access", asked, tom)
    sign(proposal, helen)

    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "see_queue", queue, by=helen.user, proposal=proposal.pk)
    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "review_in_queue", _desk(), by=helen.user, proposal=proposal.pk)
    accounts.withdraw_access(Role.ADJUSTER, "see_queue", _desk(), by=tom.user)
    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "see_queue", _desk(), by=helen.user, proposal=proposal.pk)


def _desk():
    return configuring.Queue.objects.get(slug="desk")


@BOTH
def test_roles_and_permissions_keep_their_names(helen, as_role):
    content_type = ContentType.objects.get(model="queue")

    with refuses(as_role=as_role):
        run("UPDATE auth_group SET name = 'administrator' WHERE name = 'compliance-officer'")
    with refuses(as_role=as_role):
        run("DELETE FROM auth_group WHERE name = 'compliance-officer'")
    with refuses(as_role=as_role):
        Permission.objects.filter(content_type=content_type, codename="see_queue").update(codename="manage_in_queue2")


@BOTH
def test_two_forbidden_roles_never_meet_in_one_person(helen, as_role):
    pairs.forbid("adjuster", "compliance-officer", "x", by=SEEDER)

    with refuses(as_role=as_role, because="nobody may hold together"):
        helen.user.groups.add(Group.objects.get_or_create(name="adjuster")[0])


@BOTH
def test_a_forbidden_pair_is_not_forgotten(tom, as_role):
    pair = pairs.forbid("adjuster", "compliance-officer", "x", by=SEEDER)

    with refuses("23000", as_role=as_role):
        run("DELETE FROM portal_forbidden_pair")
    with refuses("23000", as_role=as_role):
        run("UPDATE portal_forbidden_pair SET ended_at = now()")
    with refuses(as_role=as_role, because="one person alone decided about"):
        pairs.allow(pair, by=tom.user)
    assert ForbiddenPair.objects.get().ended_at is None


def test_nobody_forbids_a_pair_alone(tom):
    with refuses(because="one person alone decided about"):
        pairs.forbid("adjuster", "compliance-officer", "x", by=tom.user)


def test_a_signed_pair_is_that_pair(tom, helen, monkeypatch):
    def put(proposal, change, *, by):
        pairs.forbid("auditor", "flow-owner", "x", by=by, proposal=proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="one person alone decided about"):
        sign(propose("role-pair", {"first": "adjuster", "second": "auditor", "forbidden": True}, tom), helen)


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
