"""Pages of routing rules and changes before axe-core, light and dark, wide and on a telephone; and signing one."""

import re

import pytest
from playwright.sync_api import expect

from portal.accounts.roles import Role
from reviews.actions import simulating
from reviews.models import Policy
from tests.browser.acting import code
from tests.browser.configured import Configured, configure, long_rules
from tests.browser.test_looks import Eyes
from tests.browser.test_looks import eyes as eyes
from tests.browser.windows import PHONE, WIDE, too_wide
from tests.factories import make_person

pytestmark = pytest.mark.xdist_group("browser")
PAGES = {
    "rules": lambda at: "/rules/",
    "rules of a flow": lambda at: f"/rules/{at.policy.name}/",
    "a version": lambda at: f"/rules/{at.policy.name}/versions/2/",
    "a draft": lambda at: f"/rules/{at.policy.name}/draft/",
    "new rules": lambda at: "/changes/rules/new/",
    "a simulation": lambda at: f"/rules/simulations/{at.simulation.pk}/",
    "changes that wait": lambda at: "/changes/",
    "decided changes": lambda at: "/changes/?show=decided",
    "an open change of one's own": lambda at: f"/changes/{at.open.pk}/",
    "a stale change": lambda at: f"/changes/{at.stale.pk}/",
    "a signed change": lambda at: f"/changes/{at.signed.pk}/",
    "a refused change": lambda at: f"/changes/{at.refused.pk}/",
    "a role": lambda at: f"/changes/{at.role.pk}/",
    "kinds of changes": lambda at: "/changes/new/",
    "a new contract": lambda at: f"/changes/new/contract/?flow={at.world.flow.slug}",
    "a new permission": lambda at: "/changes/new/access/",
    "a new role": lambda at: "/changes/new/role/",
    "a new pair": lambda at: "/changes/new/role-pair/",
    "a new calendar": lambda at: "/changes/new/calendar/",
}


@pytest.fixture
def configured(bed) -> Configured:
    """Rules and changes are made once for the folder."""
    if "configured" not in bed.kept:
        bed.kept["configured"] = configure(bed)
    made: Configured = bed.kept["configured"]
    return made


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_configuration_is_accessible_and_fits(configured: Configured, eyes: Eyes, name: str):
    eyes.look(eyes.open(configured.tom.user).go(PAGES[name](configured)))


def test_rules_that_say_everything_are_accessible_and_fit(configured, eyes):
    policy = long_rules(configured.world, 10)
    page = eyes.open(configured.tom.user).go(f"/rules/{policy.name}/")
    page.get_by_text("Must be read before signing").click()

    eyes.look(page)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_five_hundred_rules_fit(configured, eyes, size):
    policy = long_rules(configured.world, 500 if size is WIDE else 499)
    page = eyes.open(configured.tom.user).go(f"/rules/{policy.name}/")
    page.set_viewport_size(size)

    assert too_wide(page) == []


def test_what_a_manager_reads_and_routes_anew_is_accessible_and_fits(configured, eyes):
    opened = eyes.open(configured.mona.user)

    page = opened.go(f"/rules/{configured.policy.name}/")
    eyes.look(page)
    page.get_by_label("Reason").fill("The rules changed.")
    page.get_by_role("button", name=re.compile("^Route 1")).click()
    expect(page.get_by_role("heading", name="1 item routed anew")).to_be_visible()
    eyes.look(page)


def test_empty_lists_are_accessible_and_fit(configured, eyes):
    auditor = make_person("ada", Role.AUDITOR)
    opened = eyes.open(auditor.user)

    eyes.look(opened.go("/changes/new/"))
    eyes.look(eyes.open(configured.mona.user).go("/changes/?show=decided"))


@pytest.mark.parametrize("address", ["/people/add/", "/emergency/", "/access-review/"])
def test_a_form_is_sent_once_however_often_it_is_clicked(configured, eyes, address):
    page = eyes.open(configured.tom.user if address != "/emergency/" else configured.mona.user).go(address)

    sent = page.locator("form[data-once]").last.evaluate(
        "(form) => [1, 2].map(() => form.dispatchEvent(new Event('submit', {bubbles: true, cancelable: true})))"
    )

    assert sent == [True, False]


def test_faults_lead_to_their_lines(configured, eyes):
    opened = eyes.open(configured.tom.user)
    opened.refuses(422)
    page = opened.go(f"/rules/{configured.policy.name}/draft/")
    field = page.get_by_label("Routing rules, as YAML")
    text = field.input_value()
    field.fill(text.replace("role: adjuster\n", "role: adjustr\n"))
    page.get_by_role("button", name="Check").click()
    page.get_by_role("link", name=re.compile("^Line")).last.click()

    marked = field.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)")

    assert marked == "adjustr"
    eyes.look(page)


def test_a_simulation_goes_on_by_itself(configured, eyes):
    made = simulating.start(str(Policy.objects.get(pk=configured.policy.pk).in_force.text), 5, by=configured.tom.user)
    page = eyes.open(configured.tom.user).go(f"/rules/simulations/{made.pk}/")

    expect(page.get_by_role("heading", name="By rule of the draft")).to_be_visible()


def test_another_person_signs_a_change_and_sees_its_proof(configured, eyes):
    opened = eyes.open(configured.helen.user)
    opened.refuses(403)
    page = opened.go(f"/changes/{configured.open.pk}/")
    eyes.look(page)
    page.get_by_role("button", name="Review and sign").click()
    expect(page.get_by_role("heading", name="Sign this change")).to_be_visible()
    eyes.look(page)
    page.get_by_role("checkbox").check()
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("One-time code").fill("000000")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    eyes.look(page)

    page.get_by_role("checkbox").check()
    page.get_by_label("Password").fill(configured.helen.password)
    page.get_by_label("One-time code").fill(code(configured.helen))
    page.get_by_role("button", name="Sign", exact=True).click()

    expect(page.get_by_text("Sealed as entry")).to_be_visible()
    eyes.look(page)
