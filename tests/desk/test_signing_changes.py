"""Deciding about changes on pages: who signs, refuses and withdraws, and that a failed attempt changes nothing."""

import json

import pytest
from fido2.utils import websafe_encode

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import proposing
from reviews.models import Policy, Proposal, ProposalIntent, ProposalSignature
from tests.accounts.entering import with_passkey
from tests.desk.changing import at, attempt, body, changed, get, post, proposed, typed
from tests.factories import make_person, story
from tests.pages import HTMX, browser
from tests.reviews.four_eyes import sign

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def test_who_proposed_it_sees_why_they_may_not_sign_and_who_may(tom, helen, rules):
    told = body(get(tom, at(proposed(rules, tom))))

    assert "Review and sign" not in told
    assert "Somebody else must decide about what you proposed." in told
    assert f"{helen.user.printed_name} ({helen.user.username})" in told
    assert "Withdraw your proposal" in told


def test_another_person_signs_and_it_is_in_force(tom, helen, rules):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)

    asked = body(client.get(address))
    answer = client.post(address, typed(helen))

    assert f"I have read the change “Routing rules {rules.name}, version 2" in asked
    assert "Rule “small” changed: reason." in asked
    assert answer.headers["Location"] == at(proposal)
    assert Policy.objects.get(pk=rules.pk).in_force.version == 2
    assert story(proposal) == ["proposal.opened", "proposal.signed"]
    assert "Waiting for the seal" in body(client.get(at(proposal)))


def test_the_proof_follows_the_signature(tom, helen, rules):
    proposal = proposed(rules, tom)
    sign(proposal, helen)

    waits = body(browser(helen.user).get(at(proposal), headers=HTMX))

    assert waits.strip().startswith('<section id="proof"')
    assert f"{helen.user.printed_name} signed “Putting a change in force” as Compliance officer" in waits
    assert 'hx-trigger="every 1s"' in waits


def test_a_passkey_puts_a_change_in_force(tom, helen, rules):
    device, proposal = with_passkey(helen), proposed(rules, tom)
    client, address = attempt(helen, proposal)
    challenge = bytes(ProposalIntent.objects.get().challenge)

    asked = client.get(address).content.decode()
    answer = json.dumps(device.answer(challenge))
    client.post(address, typed(helen, factor="passkey", passkey=answer, password="", totp=""))

    assert f'data-challenge="{websafe_encode(challenge)}"' in asked
    assert ProposalSignature.objects.get(proposal=proposal).assurance == "device-signed"


@pytest.mark.parametrize("wrong", [{"consent": ""}, {"password": "wrong"}])
def test_a_failed_ceremony_leaves_the_attempt_and_changes_nothing(tom, helen, rules, wrong):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)

    answer = client.post(address, typed(helen, **wrong))

    assert answer.status_code in (403, 422)
    assert "Sign this change" in body(answer)
    assert not ProposalSignature.objects.exists()
    assert client.post(address, typed(helen)).status_code == 302


def test_a_stale_change_says_so_and_is_not_signed(tom, helen, rules):
    proposal = proposed(rules, tom)
    other = proposing.propose("policy", changed(rules, "Other."), by=tom.user, reason="As agreed.")
    client, address = attempt(helen, proposal)
    sign(other, make_person("hugo", Role.COMPLIANCE_OFFICER))

    told = body(client.get(at(proposal)))
    answer = client.post(address, typed(helen))

    assert "It cannot be signed as it stands." in told
    assert "Review and sign" not in told
    assert answer.status_code == 409
    assert "Nothing was signed." in body(answer)
    assert not ProposalSignature.objects.filter(proposal=proposal).exists()


def test_an_attempt_of_one_change_does_not_sign_another(tom, helen, rules, world):
    proposal = proposed(rules, tom)
    other = proposing.propose("policy", changed(rules, "Other."), by=tom.user, reason="As agreed.")
    client, address = attempt(helen, proposal)

    moved = address.replace(str(proposal.pk), str(other.pk))

    assert client.get(moved).status_code == 404
    assert client.post(moved, typed(helen)).status_code == 404


def test_an_attempt_is_of_one_session_alone(tom, helen, rules):
    _, address = attempt(helen, proposed(rules, tom))

    assert get(helen, address).status_code == 404


def test_a_used_attempt_leads_to_what_came_of_it(tom, helen, rules):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)
    client.post(address, typed(helen))

    assert client.get(address).headers["Location"] == at(proposal)


def test_what_cannot_be_signed_any_more_says_where_it_is_wrong(tom, helen, ana):
    content = json.dumps({"person": ana.user.username, "role": "flow-owner"})
    proposal = proposing.propose("role", content, by=tom.user, reason="As agreed.")
    accounts.deactivate(ana.user, by=tom.user)

    answer = post(helen, at(proposal, "prepare/"))

    assert answer.status_code == 422
    assert "<code>/person</code>: There is nobody active called" in body(answer)
    assert "There is nobody active called" in body(get(helen, at(proposal)))


def test_who_proposed_cannot_begin_to_sign(tom, rules):
    proposal = proposed(rules, tom)

    assert post(tom, at(proposal, "prepare/")).status_code == 409
    assert not ProposalIntent.objects.exists()


def test_a_refusal_takes_a_reason_and_shows_it(tom, helen, rules):
    proposal = proposed(rules, tom)

    assert post(helen, at(proposal, "refuse/"), reason=" ").status_code == 422
    assert post(helen, at(proposal, "refuse/"), reason=f"Not now {HOSTILE}").status_code == 302
    told = get(tom, at(proposal)).content.decode()

    assert "Not now &lt;script&gt;" in told
    assert HOSTILE not in told
    assert Proposal.objects.get().state == "refused"


def test_a_reason_for_refusing_that_is_too_long_stays_in_its_form(tom, helen, rules):
    proposal = proposed(rules, tom)

    for most in (1001, 4001):
        answer = post(helen, at(proposal, "refuse/"), reason="n" * most)
        assert answer.status_code == 422
        assert "n" * most in body(answer)
    assert Proposal.objects.get().state == "open"


def test_only_who_proposed_withdraws(tom, helen, rules):
    proposal = proposed(rules, tom)

    assert post(helen, at(proposal, "withdraw/")).status_code == 409
    assert post(tom, at(proposal, "withdraw/")).status_code == 302
    assert Proposal.objects.get().state == "withdrawn"
    assert "Withdrawn by" in body(get(helen, at(proposal)))
