"""Hostile and wrong content of every kind: told where and why, and nothing half applied."""

import pytest

from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.kit.problems import Problem
from reviews.actions import configuring, proposing
from reviews.models import Policy, Proposal, ProposalSignature
from reviews.proposals import rules
from tests.accounts.entering import with_passkey
from tests.factories import SEEDER, make_world, refused, story
from tests.reviews import four_eyes
from tests.reviews.four_eyes import CHANGED, HOURS, RULES, propose, rules_in_force, sign

pytestmark = pytest.mark.django_db


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
WRONG = {
    "a kind nobody knows": ("polcy", RULES, "proposal_invalid", "Did you mean “policy”?"),
    "an anchor": ("policy", BOMB, "policy_invalid", "Line 1, column 4"),
    "a tag": ("policy", "!!python/object/apply:os.system [ls]", "policy_invalid", "tag"),
    "a hidden character": ("policy", RULES.replace("Decision", "Deci\u202esion"), "policy_invalid", "Line 6"),
    "half a surrogate": ("policy", RULES.replace("Decision", "\ud800"), "proposal_invalid", "Line 6 of the content"),
    "too much": ("policy", "#" * 300_000, "policy_invalid", "larger than"),
    "a queue that is not there": ("policy", RULES.replace("queue: desk", "queue: dsek"), "unknown_queue", "Line 3"),
    "a calendar without hours": ("calendar", "calendar: x\n", "calendar_invalid", "Line 1, column 1"),
    "no JSON": ("role", '{"person": "x",\n oops}', "proposal_invalid", "Line 2, column 2"),
    "a list": ("role", "[]", "proposal_invalid", "object"),
    "a member too many": ("role", '{"person":"x","role":"y","proposal":"z"}', "proposal_invalid", "“proposal”"),
    "a number": ("role", '{"person":1,"role":"y"}', "proposal_invalid", "Write a text"),
    "nobody": ("role", '{"person":"nobody","role":"adjuster"}', "proposal_invalid", "nobody active"),
    "a formula": ("authority", "person,effects\n=1+1,pay\n", "register_invalid", "authority.csv, line 1"),
    "an empty register": ("licences", "", "register_invalid", "empty"),
    "a zero character": ("access-review", "a\0b", "register_invalid", "zero character"),
    "a queue nobody opened": (
        "access", '{"role":"adjuster","permission":"see_queue","target":"queue","target_id":"no"}',
        "proposal_invalid", "There is no queue “no”",
    ),
    "a permission of Django": (
        "access", '{"role":"adjuster","permission":"delete_queue","target":"queue","target_id":"desk"}',
        "proposal_invalid", "There is no permission “delete_queue”",
    ),
    "a table": (
        "access", '{"role":"adjuster","permission":"see_queue","target":"user","target_id":"desk"}',
        "proposal_invalid", "There is no target “user”",
    ),
    "a role with itself": (
        "role-pair", '{"first":"auditor","second":"auditor","forbidden":true}', "proposal_invalid", "no pair",
    ),
    "a role that is a word": (
        "role-pair", '{"first":"auditor","second":"king","forbidden":true}', "proposal_invalid", "There is no role",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "code", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_and_nothing_is_proposed(tom, kind, content, code, told):
    configuring.open_queue("desk", "Desk", by=SEEDER)

    with pytest.raises(Problem) as caught:
        propose(kind, content, tom)

    assert caught.value.name == code, caught.value.detail
    assert told in " ".join([caught.value.detail, *(each["message"] for each in caught.value.errors)])
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("schema", [
    '{"$ref": "https://evil.example/schema"}', '{"type": "array"}', '{"x-countersign-earlier-until": "tomorrow"}',
    '{"x-countersign-earlier-until": "2026-12-31T00:00:00"}', '{"x-countersign-earlier-until": "2026-13-31T00:00:00Z"}',
])  # fmt: skip
def test_a_contract_that_cannot_be_used_is_not_proposed(tom, schema):
    flow = make_world().flow

    with refused("contract_invalid"):
        propose("contract", schema, tom, target=flow.pk)


def test_a_contract_says_whose_it_is(tom):
    with refused("not_found"):
        propose("contract", "{}", tom)


@pytest.mark.parametrize("given", [{"title": "a\u202eb"}, {"reason": "x" * 1001}, {"title": "x" * 301}])
def test_titles_and_reasons_hide_nothing_and_are_short(tom, given):
    rules_in_force()

    with refused("proposal_invalid"):
        propose("policy", CHANGED, tom, **given)


def test_rules_are_proposed_where_they_belong(tom):
    rules_in_force()
    configuring.apply_policy(RULES.replace("policy: letters", "policy: others"), by=SEEDER)
    others = Policy.objects.get(name="others")

    with refused("proposal_invalid"):
        propose("policy", CHANGED, tom, target=others.pk)


def test_what_broke_since_it_was_proposed_is_told_at_reading(tom, helen, monkeypatch):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)
    monkeypatch.setattr("reviews.proposals.installed.Queue.objects", configuring.Queue.objects.none())

    with refused("unknown_queue"):
        four_eyes.prepare(proposal, helen)


@pytest.mark.parametrize("factors", [Factors("", ""), Factors("wrong", "123456"), Factors(passkey={})])
def test_without_a_ceremony_nothing_is_in_force_and_the_failure_counts(tom, helen, factors):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)

    with refused("ceremony_failed"):
        sign(proposal, helen, factors=factors)

    assert (Policy.objects.get().in_force.version, ProposalSignature.objects.count()) == (1, 0)
    assert User.objects.get(pk=helen.user.pk).failed_ceremonies == 1
    assert story(proposal) == ["proposal.opened", "signature.refused"]


def test_five_failures_lock_signing(tom, helen):
    rules_in_force()
    proposal = propose("policy", CHANGED, tom)
    for _ in range(5):
        with refused("ceremony_failed"):
            sign(proposal, helen, factors=Factors("wrong"))

    with refused("signing_locked"):
        sign(proposal, helen)


def test_an_attempt_of_another_session_or_person_is_not_there(tom, helen):
    rules_in_force()
    intent = four_eyes.prepare(propose("policy", CHANGED, tom), helen)

    for by, session_ref in ((helen, "elsewhere"), (tom, helen.session)):
        with refused("not_found"):
            proposing.sign(intent.pk, by=by.user, session_ref=session_ref, factors=by.factors())


def test_a_passkey_signs_the_digest_of_the_change(tom, helen):
    rules_in_force()
    device = with_passkey(helen)
    intent = four_eyes.prepare(propose("policy", CHANGED, tom), helen)
    asked = proposing.pending(intent.pk, by=helen.user, session_ref=helen.session)
    assert len(asked.credentials) == 1

    with refused("ceremony_failed"):
        four_eyes.submit(intent, helen, factors=Factors(passkey=device.answer(b"x" * 32)))
    signature = four_eyes.submit(intent, helen, factors=Factors(passkey=device.answer(asked.challenge)))

    assert (signature.auth_method, signature.assurance) == ("passkey", "device-signed")
    assert signature.assertion_id is not None


def test_changed_rules_are_those_in_other_words_or_at_another_place():
    commented = RULES.replace("  - name: small", "  # a remark\n  - name: small")
    head, all_of_them, small = (
        RULES.partition("  - name: all")[0],
        *RULES.partition("  - name: all")[2].split("  - name: small"),
    )
    moved = f"{head}  - name: small{small}  - name: all{all_of_them}"

    assert rules.changed_rules("", RULES) == ["all", "small"]
    assert rules.changed_rules(RULES, CHANGED) == ["small"]
    assert rules.changed_rules(RULES, commented) == []
    assert len(rules.changed_rules(RULES, moved)) == 1
    assert rules.differences(RULES, moved) == ["The order of the rules changed; the first that applies decides."]
    assert rules.differences(RULES, commented) == ["Only comments or blanks changed."]
    assert rules.differences(RULES, RULES.replace("name: small", "name: tiny")) == [
        "Rule “small” is gone.", "Rule “tiny” is new.",
    ]  # fmt: skip


def test_a_calendars_differences_are_told(tom):
    configuring.apply_calendar(HOURS, by=SEEDER)
    text = HOURS.replace("12:00", "13:00") + "holidays: [{date: 2026-12-25, name: Christmas}]\nsource: Law\n"

    assert proposing.preview("calendar", text, by=tom.user).differences == [
        "Mon: 08:00-12:00 → 08:00-13:00.", "2026-12-25 is a holiday: Christmas.",
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_nothing_is_proposed_without_a_reason(tom, reason):
    with refused("reason_missing"):
        propose("calendar", HOURS, tom, reason=reason)

    assert not Proposal.objects.exists()
