"""Drafting rules on pages: drafts keep every word, become proposals with a reason, and are simulated."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import simulating
from reviews.models import Proposal, Simulation
from tests.desk.changing import body, post
from tests.desk.ruling import at, changed, owner, text_of
from tests.factories import SEEDER, make_item, make_person, make_world, story
from tests.pages import HTMX, browser

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


def test_faults_are_told_with_their_lines_and_the_text_is_kept(tom, rules):
    broken = text_of(rules).replace("role: adjuster", "role: adjustr", 1) + f"# {HOSTILE}\n"

    answer = post(tom, at(rules, "draft/"), text=broken, do="check", reason="Because.")

    line = broken[: broken.index("adjustr")].count("\n") + 1
    told = answer.content.decode()
    assert answer.status_code == 422
    assert f'data-line="{line}"' in told
    assert "- role: adjustr</code>" in told
    assert "Because.</textarea>" in told
    assert "role: adjustr\n" in told
    assert HOSTILE not in told


def test_a_draft_that_is_right_says_what_it_would_change_and_writes_nothing(tom, rules):
    answer = post(tom, at(rules, "draft/"), text=changed(rules), do="check")

    assert answer.status_code == 200
    assert "Rule “small” changed: reason." in body(answer)
    assert not Proposal.objects.exists()


def test_line_ends_of_a_browser_are_no_change(tom, rules):
    answer = post(tom, at(rules, "draft/"), text=text_of(rules).replace("\n", "\r\n"), do="check")

    assert answer.status_code == 409
    assert "in force with exactly this text" in body(answer)


def test_a_draft_becomes_a_proposal_with_its_reason(tom, rules):
    answer = post(tom, at(rules, "draft/"), text=changed(rules), do="propose", reason="Shorter.")

    proposal = Proposal.objects.get()
    assert answer.headers["Location"] == f"/changes/{proposal.pk}/"
    assert (proposal.target, proposal.reason, proposal.proposed_by) == (rules.pk, "Shorter.", tom.user)
    assert story(proposal) == ["proposal.opened"]


def test_a_proposal_without_a_reason_keeps_the_draft(tom, rules):
    answer = post(tom, at(rules, "draft/"), text=changed(rules), do="propose", reason=" ")

    assert answer.status_code == 422
    assert "Small payouts need one.\n" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_rules_of_another_name_are_not_proposed_from_this_page(tom, rules):
    other = make_world().flow.policy

    answer = post(tom, at(rules, "draft/"), text=changed(other), do="propose", reason="Because.")

    assert answer.status_code == 422
    assert not Proposal.objects.exists()


def test_an_owner_proposes_for_their_flow_and_not_new_rules(world, rules):
    olga = owner(world.flow)

    assert post(olga, at(rules, "draft/"), text=changed(rules), do="propose", reason="Ours.").status_code == 302
    assert browser(olga.user).get("/changes/rules/new/").status_code == 409


def test_a_simulation_shows_how_far_it_is_and_then_what_would_change(tom, world, rules):
    item = make_item(world)
    accounts.grant_access(Role.ADMINISTRATOR, "see_queue", world.queue, by=SEEDER)
    draft = text_of(rules).replace("action.amount_at_stake <= 1.0", "action.amount_at_stake <= 1000.0")
    address = post(tom, at(rules, "draft/"), text=draft, do="simulate", wanted="50").headers["Location"]
    client = browser(tom.user)

    waits = body(client.get(address, headers=HTMX))
    simulating.run(Simulation.objects.get().pk)
    over = body(client.get(address))

    assert 'hx-trigger="every 1s"' in waits
    assert "<progress" in waits
    assert "hx-trigger" not in over.partition('id="trial"')[2]
    assert "Newly automatic" in over
    assert f"/items/{item.pk}/" in over


def test_a_simulation_is_nobody_elses_business(tom, world, rules):
    other = make_person("helen", Role.COMPLIANCE_OFFICER)
    made = simulating.start(changed(rules), 10, by=tom.user)

    assert browser(other.user).get(f"/rules/simulations/{made.pk}/").status_code == 404
    assert browser(other.user).get(at(rules, f"draft/?simulation={made.pk}")).status_code == 404
    assert browser(tom.user).get(at(rules, f"draft/?simulation={made.pk}")).status_code == 200


@pytest.mark.parametrize("wanted", ["0", "-1", "many", "100001", "9" * 30])
def test_a_simulation_of_no_sensible_number_of_items_keeps_the_draft(tom, rules, wanted):
    answer = post(tom, at(rules, "draft/"), text=changed(rules), do="simulate", wanted=wanted)

    assert answer.status_code == 422
    assert "Small payouts need one.\n" in answer.content.decode()
    assert not Simulation.objects.exists()
