"""Proposing changes on pages: forms that are checked line by line and lose nothing that was typed."""

import json

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import proposing
from reviews.models import Contract, Proposal
from tests.desk.changing import at, attempt, body, get, post
from tests.factories import SEEDER, make_person, make_world
from tests.reviews.four_eyes import HOURS, sign

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def test_a_data_contract_is_proposed_with_its_date(tom, world):
    fields = {"flow": world.flow.pk, "schema": '{"type": "object"}', "earlier_until": "2030-01-02T03:04"}

    answer = post(tom, "/changes/new/contract/", **fields, reason="Simpler.", do="propose")
    proposal = Proposal.objects.get()
    sign(proposal, make_person("helen", Role.COMPLIANCE_OFFICER))

    assert answer.headers["Location"] == at(proposal)
    contract = Contract.objects.get(flow=world.flow, version=2)
    assert f"{contract.earlier_until:%Y-%m-%d %H:%M}" == "2030-01-02 03:04"
    assert "/properties is gone." in body(get(tom, at(proposal)))


def test_json_that_is_none_is_refused_with_its_line_and_kept(tom, world):
    fields = {"flow": world.flow.pk, "schema": '{"type":\n  objekt}', "reason": "Simpler.", "do": "propose"}

    answer = post(tom, "/changes/new/contract/", **fields)

    assert answer.status_code == 400
    assert 'data-line="2"' in answer.content.decode()
    assert "objekt}</textarea>" in answer.content.decode()
    assert "Simpler.</textarea>" in answer.content.decode()


def test_an_owner_is_offered_the_flows_they_own(tom, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga, other = make_person("olga", Role.FLOW_OWNER), make_world().flow

    told = body(get(olga, f"/changes/new/contract/?flow={world.flow.slug}"))
    fields = {"flow": other.pk, "schema": "{}", "reason": "Mine now.", "do": "propose"}

    assert str(world.flow.pk) in told
    assert "Flood zone" in told
    assert str(other.pk) not in told
    assert post(olga, "/changes/new/contract/", **fields).status_code == 422


SMALL = {
    "access": lambda world, ana: {
        "role": "queue-manager", "permission": "queue:manage_in_queue", "on": f"queue:{world.queue.pk}",
    },
    "role": lambda world, ana: {"person": ana.user.pk, "role": "senior-adjuster"},
    "role-pair": lambda world, ana: {"first": "adjuster", "second": "flow-owner", "forbidden": "yes"},
    "calendar": lambda world, ana: {"text": HOURS.replace("\n", "\r\n")},
}  # fmt: skip


@pytest.mark.parametrize("kind", SMALL)
def test_small_changes_are_checked_proposed_and_signed(tom, helen, ana, world, kind):
    fields = SMALL[kind](world, ana)

    checked = post(tom, f"/changes/new/{kind}/", **fields, do="check")
    answer = post(tom, f"/changes/new/{kind}/", **fields, do="propose", reason="We need it.")
    proposal = Proposal.objects.get()
    shown = get(helen, at(proposal))
    sign(proposal, helen)

    assert checked.status_code == 200
    assert "Nothing is wrong with it." in body(checked)
    assert answer.headers["Location"] == at(proposal)
    assert shown.status_code == 200
    assert get(tom, at(proposal)).status_code == 200
    assert "In force by" in body(get(tom, at(proposal)))


AUTHORITY = "person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to\n"


def test_registers_and_reviews_are_read_and_signed_here_too(tom, helen, ana):
    row = f"{ana.user.username},pay,*,US,USD,500.00,500.00,,,,2026-01-01,\n"
    register = proposing.propose("authority", AUTHORITY + row, by=tom.user, reason="As agreed.")
    review = proposing.propose("access-review", f"Person,Role\n{HOSTILE},adjuster\n", by=tom.user, reason="As agreed.")

    for proposal in (register, review):
        assert get(helen, at(proposal)).status_code == 200
        client, address = attempt(helen, proposal)
        assert HOSTILE not in client.get(address).content.decode()
        sign(proposal, make_person("hugo", Role.COMPLIANCE_OFFICER))
    told = body(get(helen, at(register)))

    assert f"added: </span>{ana.user.username},pay," in told
    assert "Nothing in force before" in told
    assert HOSTILE not in get(helen, at(review)).content.decode()


def test_a_change_without_a_reason_is_checked_but_not_proposed(tom, ana, world):
    fields = SMALL["role"](world, ana)

    assert post(tom, "/changes/new/role/", **fields, do="check").status_code == 200
    assert post(tom, "/changes/new/role/", **fields, do="propose").status_code == 422
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("kind", ["access", "role", "role-pair", "calendar", "contract"])
def test_an_empty_form_says_what_is_missing(tom, kind):
    answer = post(tom, f"/changes/new/{kind}/", do="propose")

    assert answer.status_code == 422
    assert "This field is required." in body(answer)
    assert not Proposal.objects.exists()


def test_a_permission_of_queues_is_not_given_on_a_flow(tom, world):
    fields = {"role": "auditor", "permission": "queue:see_queue", "on": f"flow:{world.flow.pk}", "reason": "x"}

    answer = post(tom, "/changes/new/access/", **fields, do="propose")

    assert answer.status_code == 422
    assert "Choose a queue here." in body(answer)


def test_who_gains_a_role_is_told_to_nobody_who_may_not_know_and_does_not_sign(tom, helen, ana):
    content = json.dumps({"person": helen.user.username, "role": "flow-owner"})
    proposal = proposing.propose("role", content, by=tom.user, reason="As agreed.")

    told = body(get(helen, at(proposal)))

    assert "Somebody else must sign what gives a role to you." in told
    assert f"For {helen.user.printed_name} ({helen.user.username})" in told
    assert get(ana, at(proposal)).status_code == 404
