"""What people do on the pages, by role and name: sign in, take, open files, decide, sign."""

import re
import time

from playwright.sync_api import Locator, Page, expect

from portal.accounts.codes import STEP
from portal.kit.clock import now
from reviews.models import Item
from tests.browser.windows import PATIENCE, Window
from tests.factories import Person

REVIEW_AND_SIGN = re.compile("^Review and sign")
SLOW = 2 * PATIENCE


def address_of(item: Item) -> str:
    return f"/items/{item.pk}/"


def sign_in(window: Window, person: Person) -> Page:
    """Sign in by typing; the code is that of the step before, so that the present one is left for signing."""
    page = window.go("/")
    page.get_by_label("User name").fill(person.user.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("code").fill(code(person, steps_back=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    return page


def open_files(page: Page) -> None:
    """Open every file from the first to the last, and go back to the review."""
    page.get_by_role("region", name="Attachments").get_by_role("link").first.click()
    following = page.get_by_role("link", name=re.compile("^Next file"))
    page.get_by_text("File 1 of").wait_for()
    place = 1
    while following.count():
        page.wait_for_load_state("load")
        following.click()
        place += 1
        page.get_by_text(f"File {place} of").wait_for()
    page.wait_for_load_state("load")
    page.get_by_role("link", name="Back to the review").click()
    expect(page.get_by_role("button", name=REVIEW_AND_SIGN)).to_be_enabled()


def choose(page: Page, decision: str, reason: str = "") -> None:
    """Choose a decision and say why."""
    page.get_by_role("radio", name=decision, exact=True).check()
    if reason:
        page.get_by_label("Reason").fill(reason)


def review_and_sign(page: Page) -> Locator:
    """Go on to the signature; gives the dialog it asks for it in."""
    page.get_by_role("button", name=REVIEW_AND_SIGN).click()
    dialog = page.get_by_role("dialog", name="Sign this decision")
    expect(dialog).to_be_visible()
    return dialog


def sign_typed(page: Page, dialog: Locator | Page, person: Person) -> None:
    """Consent, type the password and, where it is asked for, the code of the moment; go on to what came of it."""
    dialog.get_by_role("checkbox").check()
    dialog.get_by_label("Password").fill(person.password)
    if dialog.get_by_label("One-time code").count():
        dialog.get_by_label("One-time code").fill(code(person))
    dialog.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url("**/done/")


def decide(page: Page, person: Person, decision: str = "Approve", reason: str = "") -> None:
    """Choose, sign, and see what came of it."""
    choose(page, decision, reason)
    sign_typed(page, review_and_sign(page), person)


def code(person: Person, *, steps_back: int = 0) -> str:
    """Give the one-time code of this step or an earlier one, with time left to type it."""
    left = STEP - now().timestamp() % STEP
    if steps_back and left < 4:
        time.sleep(left)  # or the older code is too old once it is typed
    moment = now()
    return person.code(at=moment.fromtimestamp(moment.timestamp() - steps_back * STEP, moment.tzinfo))
