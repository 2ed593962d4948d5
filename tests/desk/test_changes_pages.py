"""Pages of changes: what waits and for whom, who reads it, and that reading writes nothing."""

import json
import re

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews.actions import proposing
from reviews.models import Proposal, ProposalIntent
from tests.desk.changing import at, body, changed, get, post, proposed
from tests.factories import SEEDER, make_person, make_world, story
from tests.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def test_the_list_says_who_proposed_and_for_whom_it_waits(tom, helen, rules):
    proposed(rules, tom)

    told = body(get(tom, "/changes/"))

    assert f"Routing rules {rules.name}" in told
    assert f'<td data-label="Proposed by">{tom.user.printed_name}' in told
    assert f'<td data-label="Waits for">{helen.user.printed_name}</td>' in told


def test_a_change_that_nobody_can_sign_says_so(tom, rules):
    proposal = proposed(rules, tom)

    assert "Nobody can sign it" in body(get(tom, "/changes/"))
    assert "Nobody can sign it now" in body(get(tom, at(proposal)))


def test_a_change_is_told_in_sentences_and_line_by_line(tom, helen, rules):
    told = body(get(helen, at(proposed(rules, tom))))

    assert "Rule “small” changed: reason." in told
    assert "added: </span> reason: Small payouts need one.<" in told
    assert "removed: </span> reason: Small payouts need one adjuster.<" in told
    assert "Shorter." in told
    assert "Review and sign" in told


def test_an_auditor_reads_all_of_it_and_is_told_why_nothing_more(tom, rules, world):
    proposal, auditor = proposed(rules, tom), make_person("ada", Role.AUDITOR)

    told = body(get(auditor, at(proposal)))

    assert "An auditor reads and changes nothing." in told
    assert "Refuse</button>" not in told
    assert "An auditor reads" in body(get(auditor, "/changes/new/"))
    assert get(auditor, "/changes/new/role/").status_code == 409


def test_registers_are_found_where_a_change_is_proposed_by_who_may_propose_them(tom, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga = make_person("olga", Role.FLOW_OWNER)

    for address in ("/authority/import/", "/licences/import/"):
        assert f'<a href="{address}">' in body(get(tom, "/changes/new/"))
        assert address not in body(get(olga, "/changes/new/"))


def test_an_owner_reads_changes_of_their_rules_and_no_others(tom, rules, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga, ana = make_person("olga", Role.FLOW_OWNER), make_person("ana", Role.ADJUSTER)
    theirs, other = proposed(rules, tom), proposed(make_world().flow.policy, tom)
    content = json.dumps({"person": ana.user.username, "role": "senior-adjuster"})
    role = proposing.propose("role", content, by=tom.user, reason="As agreed.")

    assert get(olga, at(theirs)).status_code == 200
    assert get(olga, at(other)).status_code == 404
    assert get(olga, at(role)).status_code == 404
    assert "Give the role" not in body(get(olga, "/changes/"))


def test_who_reads_a_change_and_puts_nothing_in_force_is_told_so(tom, rules, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    client = browser(make_person("olga", Role.FLOW_OWNER).user)

    assert "Your roles put nothing in force." in body(client.post(at(proposed(rules, tom), "prepare/")))


def test_a_stranger_learns_nothing_of_changes(tom, ana, rules):
    proposal = proposed(rules, tom)
    client = browser(ana.user)

    for address in ("/changes/", at(proposal), "/changes/new/", "/changes/new/role/"):
        assert client.get(address).status_code == 404, address
    for verb in ("prepare", "refuse", "withdraw", "simulate"):
        answers = [client.post(address) for address in (at(proposal, f"{verb}/"), f"/changes/{new_id()}/{verb}/")]
        assert [each.status_code for each in answers] == [404, 404], verb


def test_proposed_rules_are_simulated_by_who_reads_them(tom, helen, rules):
    answer = post(helen, at(proposed(rules, tom), "simulate/"), wanted="10")

    assert answer.headers["Location"].startswith("/rules/simulations/")


def test_an_unknown_kind_is_not_there(tom):
    assert get(tom, "/changes/new/everything/").status_code == 404


def test_decided_changes_are_listed_page_by_page(tom, rules, monkeypatch):
    monkeypatch.setattr("reviews.showing.changes.PAGE", 2)
    for number in range(3):
        made = proposing.propose("policy", changed(rules, f"Reason {number}."), by=tom.user, reason="As agreed.")
        proposing.withdraw(made.pk, by=tom.user)
    last = Proposal.objects.order_by("pk").first()

    first = get(tom, "/changes/?show=decided").content.decode()
    older = re.search(r'href="(\?show=decided&amp;before=[^"]+)"', first)

    assert older is not None
    assert first.count("Withdrawn") == 2
    assert at(last) in get(tom, f"/changes/{older[1].replace('&amp;', '&')}").content.decode()
    assert get(tom, "/changes/?before=nonsense").status_code == 422


def test_looking_at_changes_writes_nothing(tom, helen, rules):
    proposal = proposed(rules, tom)

    for address in ("/changes/", "/changes/?show=decided", at(proposal), "/changes/new/", "/changes/new/role/"):
        assert get(helen, address).status_code == 200
    for verb in ("prepare", "refuse", "withdraw", "simulate"):
        assert get(helen, at(proposal, f"{verb}/")).status_code == 405

    assert story(proposal) == ["proposal.opened"]
    assert not ProposalIntent.objects.exists()
