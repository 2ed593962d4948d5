"""What the database refuses to put in force, whoever asks it: versions and registers nobody else signed as they are."""

import hashlib
import json

import pytest

from audit import ledger
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import facts
from reviews.actions import configuring
from reviews.models import Entitlement, Flow, Policy, PolicyVersion
from reviews.proposals import kinds
from tests.factories import SEEDER, make_world
from tests.reviews.cheating import copied, refuses, run
from tests.reviews.forging import ALONE, BOTH, Anything, enforcing_instead, entered
from tests.reviews.four_eyes import CHANGED, HOURS, propose, sign

pytestmark = pytest.mark.django_db


def version_by(person, policy, text=CHANGED, **given):
    """Insert a version with an entry that a person writes alone."""
    digest = hashlib.sha256(text.encode()).digest()
    number = policy.versions.count() + 1
    version = PolicyVersion.objects.create(policy=policy, version=number, text=text, digest=digest, **given)
    Policy.objects.filter(pk=policy.pk).update(in_force=version)
    stream = ledger.Stream("policy", policy.pk)
    entered(facts.PolicyApplied(version=number, digest=digest), stream, person.user, [policy])


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
