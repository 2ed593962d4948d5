"""Pages of routing rules: who reads which, what each asks for, and words nobody has to look up."""

import pytest
from django.test import Client

from portal.accounts.roles import Role
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from reviews.actions import configuring
from reviews.models import Flow, Proposal, Simulation
from tests.desk.changing import body
from tests.desk.deciding import words
from tests.desk.ruling import at, changed, owner, text_of
from tests.desk.ruling import mona as mona
from tests.factories import SEEDER, make_item, make_person, make_world
from tests.pages import browser

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


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


def test_looking_at_rules_writes_nothing(tom, rules):
    client = browser(tom.user)

    for address in ("/rules/", at(rules), at(rules, "versions/1/"), at(rules, "draft/"), "/changes/rules/new/"):
        assert client.get(address).status_code == 200
    assert client.get(at(rules, "reroute/")).status_code == 405

    assert not Proposal.objects.exists()
    assert not Simulation.objects.exists()


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
