"""Pages of routing rules: who reads which, drafts that keep every word, simulations of one's own, routing anew."""

import re

import pytest
from django.test import Client

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from reviews import queries
from reviews.actions import configuring, simulating
from reviews.models import Flow, Item, Policy, Proposal, Simulation
from tests.desk.deciding import words
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


@pytest.fixture
def mona(world):
    """Manages and reviews the queue of small payouts."""
    person = make_person("mona", Role.QUEUE_MANAGER)
    for permission in ("manage_in_queue", "see_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, world.queue, by=SEEDER)
    return person


def owner(flow):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", flow, by=SEEDER)
    return make_person("olga", Role.FLOW_OWNER)


def at(policy, rest=""):
    return f"/rules/{policy.name}/{rest}"


def text_of(policy):
    return Policy.objects.get(pk=policy.pk).in_force.text


def changed(policy):
    """Give the rules with one more adjuster for small payouts, and a name that hides nothing."""
    return text_of(policy).replace("reason: Small payouts need one adjuster.", "reason: Small payouts need one.")


def post(person, address, /, **fields):
    return browser(person.user).post(address, fields)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_list_says_what_is_in_force_and_which_flow_uses_it(tom, world, rules):
    answer = browser(tom.user).get("/rules/")

    assert rules.name in body(answer)
    assert world.flow.name in body(answer)


@pytest.mark.parametrize("role", [Role.ADJUSTER, Role.SENIOR_ADJUSTER, Role.CORRESPONDENCE_REVIEWER])
def test_who_reads_no_configuration_is_told_of_no_rules(world, rules, role):
    client = browser(make_person("somebody", role).user)

    inside = [at(rules, each) for each in ("", "draft/", "versions/1/")]
    for address in ("/rules/", *inside, "/changes/rules/new/", "/changes/"):
        assert client.get(address).status_code in (404, 409), address
    assert client.get(at(rules)).status_code == 404


def test_a_flow_owner_reads_the_rules_of_their_flow_and_of_no_other(world, rules):
    other, olga = make_world().flow.policy, owner(world.flow)
    client = browser(olga.user)

    assert client.get(at(rules)).status_code == 200
    assert client.get(at(other)).status_code == 404
    assert other.name not in body(client.get("/rules/"))


def test_a_queue_manager_reads_the_rules_that_fill_their_queue_and_drafts_none(mona, rules):
    other = make_world().flow.policy
    client = browser(mona.user)

    assert client.get(at(rules)).status_code == 200
    assert client.get(at(other)).status_code == 404
    assert client.get(at(rules, "draft/")).status_code == 409


def test_the_table_says_what_every_rule_asks_for(tom, rules):
    told = body(browser(tom.user).get(at(rules)))

    assert "Denials are always signed twice." in told
    assert "Approved automatically, for pay" in told
    assert "in 4 hours" in told
    assert "Decision on an exception" in told


def test_every_condition_of_a_plan_is_told_in_words(tom, world):
    text = f"""policy: whole
fallback: {{queue: {world.exceptions.slug}, plan: [{{role: adjuster, meaning: Decision}}]}}
rules:
  - name: all
    when: action.effect == "pay"
    reason: Everything at once.
    queue: {world.queue.slug}
    auto_approve: true
    effects: [pay, letter]
    sample: 12.5%
    due: 2d
    reading: [{{title: The guide, text: Read it.}}]
    verdicts: [approve, reject]
    wall: counsel
    licences: [claims-adjuster]
    plan:
      - {{name: review, role: adjuster, meaning: Review, factors: [passkey]}}
      - parallel:
          - {{role: senior-adjuster, meaning: Approval, blind: true, reject_to: review}}
          - {{roles: [adjuster, release-approver], meaning: Second look, signatures: 2}}
  - name: stop
    when: action.effect == "other"
    reason: Never.
    refuse: true
"""
    version = configuring.apply_policy(text, by=SEEDER)
    told = body(browser(tom.user).get(at(version.policy)))

    for said in (
        "Approved automatically, for letter or pay; 12.5% are drawn and still go to people", "in 2 days", "The guide",
        "approve or reject", "Counsel", "claims-adjuster", "Signs with a passkey.", "At the same time:",
        "Signs without seeing the others&#x27; verdicts.", "asks again from “review” on",
        "Adjuster or Release approver, twice, by two people", "Refused: the item becomes invalid with this reason",
    ):  # fmt: skip
        assert said in told, said


def test_a_version_is_shown_beside_the_one_before_it_and_downloads_byte_for_byte(tom, rules):
    configuring.apply_policy(changed(rules), by=SEEDER)
    client = browser(tom.user)

    told = body(client.get(at(rules, "versions/2/")))
    file = client.get(at(rules, "versions/2/download"))

    assert '<span class="vh">added: </span> reason: Small payouts need one.<' in told
    assert '<span class="vh">removed: </span> reason: Small payouts need one adjuster.<' in told
    assert file.content.decode() == text_of(rules)
    assert file["Content-Disposition"] == f'attachment; filename="{rules.name}-2.yaml"'
    assert client.get(at(rules, "versions/3/")).status_code == 404


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


def test_looking_at_rules_writes_nothing(tom, rules):
    client = browser(tom.user)

    for address in ("/rules/", at(rules), at(rules, "versions/1/"), at(rules, "draft/"), "/changes/rules/new/"):
        assert client.get(address).status_code == 200
    assert client.get(at(rules, "reroute/")).status_code == 405

    assert not Proposal.objects.exists()
    assert not Simulation.objects.exists()


def test_a_manager_routes_the_open_items_of_their_queue_anew(mona, world, rules):
    item = make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    before = body(browser(mona.user).get(at(rules)))
    answer = post(mona, at(rules, "reroute/"), reason="The reason reads better.")

    assert "Route 1 of your queues’ item anew by version 2" in before
    assert "1 item routed anew" in body(answer)
    assert Item.objects.get(pk=item.pk).policy_version.version == 2
    assert "Route 1" not in body(browser(mona.user).get(at(rules)))


def test_what_is_on_an_older_version_is_counted_up_to_a_bound(mona, world, rules, monkeypatch):
    for _ in range(3):
        make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)
    monkeypatch.setattr(queries, "BOUND", 2)

    assert '<td class="num" data-label="On older versions">2+</td>' in body(browser(mona.user).get("/rules/"))
    told = body(browser(mona.user).get(at(rules)))
    assert "2+ open items that you may see were routed" in told
    assert "Route 2+ of your queues’ items anew" in told


def test_who_manages_a_queue_and_no_more_is_offered_to_route_it_anew(world, rules):
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)
    make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert "Route 1 of your queues’ item" in body(browser(make_person("mona", Role.QUEUE_MANAGER).user).get(at(rules)))


def test_nothing_is_routed_anew_without_a_reason(mona, world, rules):
    item = make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert post(mona, at(rules, "reroute/"), reason=" ").status_code == 422
    assert Item.objects.get(pk=item.pk).policy_version.version == 1


def test_items_nobody_may_see_are_not_even_counted(tom, world, rules):
    make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert "None that you may see." in body(browser(tom.user).get(at(rules)))


def test_the_schema_is_for_everybody_and_may_be_kept():
    answer = Client().get("/api/v1/schemas/policy.json")

    assert answer.json()["$id"] == "urn:countersign:routing-policy:2"
    assert answer["Cache-Control"] == "public, max-age=3600"


def test_five_hundred_rules_fit_on_one_page(tom, world):
    rule = """  - name: rule-{0}
    when: action.amount_at_stake <= {0}.0 && action.title != "{1}"
    reason: Rule {0} {1}.
    queue: {2}
    plan: [{{role: adjuster, meaning: Approval}}]
"""
    rules = "".join(rule.format(number, HOSTILE, world.queue.slug) for number in range(1, 501))
    head = (
        f"policy: many\nfallback: {{queue: {world.exceptions.slug}, plan: [{{role: adjuster, meaning: Decision}}]}}\n"
    )
    version = configuring.apply_policy(f"{head}rules:\n{rules}", by=SEEDER)

    told = browser(tom.user).get(at(version.policy)).content.decode()

    assert told.count("Goes to people") == 501
    assert HOSTILE not in told


def test_somebody_not_signed_in_is_sent_to_sign_in(rules):
    assert Client().get(at(rules)).status_code == 302
    assert Client().get(f"/rules/simulations/{new_id()}/").status_code == 302
    assert Flow.objects.count() == 1


def kinds_of(problem):
    """Give every problem there is."""
    return [each for kind in problem.__subclasses__() for each in (kind, *kinds_of(kind))]


def test_whatever_goes_wrong_pages_say_routing_rules_and_never_policy():
    titles = [each.title for each in kinds_of(Problem) if hasattr(each, "title")]

    assert [title for title in titles if "polic" in title.lower()] == []
    assert "These routing rules cannot be used" in titles


def test_an_item_that_no_rule_matches_says_so_in_the_same_words(world, ben):
    item = make_item(world, action={"effect": "letter"})

    assert "No routing rule matches this item." in words(browser(ben.user).get(f"/items/{item.pk}/"))
