"""Every page before axe-core, light and dark, wide and on a telephone; and none is wider than its window."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.actions import configuring
from reviews.words import Verdict
from tests.accounts.entering import confirmed, half_entered
from tests.browser.acting import REVIEW_AND_SIGN, address_of, choose, review_and_sign
from tests.browser.gallery import ENDLESS, HOSTILE, Gallery
from tests.browser.windows import PHONE, WIDE, too_wide
from tests.factories import SEEDER, a_document, make_person, sign, take

pytestmark = pytest.mark.xdist_group("browser")
AXE = Axe()
LONG_ID = "msg_" + "9" * 200
ASKING = {"properties": {"output": {"required": ["roof"]}}}
# Not asked to fetch the style sheets once more: axe would look for the imported ones beside the page.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
PAGES = {
    "inbox": lambda at: "/",
    "queue": lambda at: "/queues/claim-payouts/",
    "empty queue": lambda at: f"/queues/{at.world.exceptions.slug}/",
    "payout": lambda at: address_of(at.payout),
    "payout, everything opened out": lambda at: address_of(at.payout) + "?whole=how&story=all",
    "denial": lambda at: address_of(at.denial),
    "hostile and endless": lambda at: address_of(at.hostile),
    "decided": lambda at: address_of(at.decided),
    "text": lambda at: at.file("notice-of-loss.txt"),
    "picture": lambda at: at.file("exterior.png"),
    "PDF": lambda at: at.file("estimate.pdf"),
    "done": lambda at: address_of(at.decided) + "done/",
    "account": lambda at: "/account/",
    "factors": lambda at: "/account/factors/",
    "confirming": lambda at: "/account/factors/app/",
}
CONFIRMED = {
    "enrolling an app": "/account/factors/app/",
    "enrolling a passkey": "/account/factors/passkey/",
    "changing the password": "/account/password/",
}


@dataclass
class Eyes:
    """Opens windows that axe may look into, and looks."""

    window: Any

    def open(self, person: Any = None) -> Any:
        return self.window(person, bypass_csp=True)

    def look(self, page: Any) -> None:
        """Look at a page in its four looks and name everything that is wrong."""
        page.wait_for_load_state("load")
        wrong = []
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            wrong += [f"{size['width']}: too wide: {each}" for each in too_wide(page)]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = AXE.run(page, options=OPTIONS).response["violations"]
                wrong += [f"{size['width']} {scheme}: {told}" for each in found for told in _told(each)]
        assert wrong == []


@pytest.fixture
def eyes(window):
    return Eyes(window)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(gallery: Gallery, eyes: Eyes, name: str):
    eyes.look(eyes.open(gallery.ana.user).go(PAGES[name](gallery)))


@pytest.mark.parametrize("name", CONFIRMED)
def test_a_page_behind_a_confirmation_is_accessible_and_fits(gallery: Gallery, eyes: Eyes, name: str):
    eyes.look(eyes.open(confirmed(gallery.ana)).go(CONFIRMED[name]))


def test_the_way_in_is_accessible_and_fits(gallery, eyes):
    page = eyes.open().go("/account/sign-in/")
    eyes.look(page)

    page.get_by_label("User name").fill(gallery.ana.user.username)
    page.get_by_label("Password").fill(gallery.ana.password)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    eyes.look(page)


def test_the_way_in_of_somebody_new_is_accessible_and_fits(bed, gallery, eyes):
    new = make_person("new")
    Authenticator.objects.filter(user=new.user).delete()

    eyes.look(eyes.open(half_entered(new)).go("/account/factors/"))


def test_an_empty_inbox_is_accessible_and_fits(gallery, eyes):
    eyes.look(eyes.open(gallery.newcomer.user).go("/"))


def test_a_letter_and_the_mail_it_answers_are_accessible_and_fit(gallery, eyes):
    opened = eyes.open(gallery.ruth.user)

    eyes.look(opened.go(address_of(gallery.letter)))
    eyes.look(opened.go(gallery.file("letter.eml")))


def test_the_signature_is_accessible_and_fits_as_dialog_and_as_page(gallery, eyes):
    opened = eyes.open(gallery.ana.user)
    page = opened.go(address_of(gallery.payout))
    page.get_by_role("radio", name="Approve with changes").check()
    page.get_by_label("Building, USD", exact=True).fill("4321.00")
    dialog = review_and_sign(page)
    eyes.look(page)

    eyes.look(opened.go(dialog.locator("form").get_attribute("action")))


def test_a_refusal_on_the_page_is_accessible_and_fits(bed, gallery, eyes):
    item = take(bed.post(bed.flow(gallery.world), a_document()), gallery.ana)
    opened = eyes.open(gallery.ana.user)
    opened.refuses(409)
    page = opened.go(address_of(item))
    choose(page, "Approve", "Estimate checked by phone.")
    sign(item, gallery.ana, Verdict.REJECT, "It is another house.", factors=gallery.ana.factors())
    page.get_by_role("button", name=REVIEW_AND_SIGN).click()
    expect(page.get_by_role("link", name="Load it again").first).to_be_visible()

    eyes.look(page)


def test_the_pages_of_a_flow_are_accessible_and_fit(bed, world, eyes):
    flow = world.flow
    configuring.apply_contract(flow, ASKING, by=SEEDER, earlier_until=now() + timedelta(days=7))
    configuring.apply_contract(flow, ASKING | {"title": "Next"}, by=SEEDER, earlier_until=now() + timedelta(days=7))
    for name in ("msg_1", LONG_ID):
        bed.refuse(world, a_document(metadata={"note": HOSTILE + ENDLESS}), name)
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", flow, by=SEEDER)
    opened = eyes.open(make_person("olga", Role.FLOW_OWNER).user)

    eyes.look(opened.go("/flows/"))
    eyes.look(opened.go(f"/flows/{flow.slug}/"))
    page = opened.go(f"/flows/{flow.slug}/quarantine/")
    eyes.look(page)
    page.get_by_role("button", name="Submit all that wait again").click()
    expect(page.get_by_role("heading", name="Refused once more")).to_be_visible()
    eyes.look(page)
    page.get_by_role("link", name=LONG_ID).click()
    expect(page.get_by_role("heading", name="The post as received")).to_be_visible()
    eyes.look(page)


def test_a_problem_page_is_accessible_and_fits(gallery, eyes):
    opened = eyes.open(gallery.ana.user)
    opened.refuses(404)

    eyes.look(opened.go(f"/items/{new_id()}/"))


def _told(violation: dict[str, Any]) -> list[str]:
    nodes = violation["nodes"][:4]
    return [f"{violation['id']}: {' '.join(map(str, each['target']))}: {each['html'][:160]}" for each in nodes]
