"""Working by keyboard alone, and switching the single keys off."""

import pytest
from playwright.sync_api import expect

from portal.accounts.roles import Role
from tests.browser.acting import SLOW, address_of, code
from tests.factories import a_document, make_person, take

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


def titled(title):
    return a_document(action={"title": title})


def focused(page):
    return page.locator(":focus")


def test_a_payout_is_found_taken_and_signed_by_keys_alone(bed, world, window, ana):
    flow = bed.flow(world)
    for title in ("Pay the first", "Pay the second"):
        bed.post(flow, titled(title))
    page = window(ana.user).go(f"/queues/{world.queue.slug}/")

    page.keyboard.press("j")
    expect(focused(page)).to_have_text("Pay the second")
    page.keyboard.press("k")
    expect(focused(page)).to_have_text("Pay the first")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay the second")
    page.keyboard.press("t")
    expect(page.get_by_text("Taken by you").first).to_be_visible()

    for key, name in (("r", "Reject"), ("s", "Send back"), ("e", "Approve with changes"), ("a", "Approve")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_accessible_name("Reason")
    page.keyboard.type("areas")
    expect(page.get_by_role("radio", name="Approve", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Review and sign")
    page.keyboard.press("Enter")
    expect(focused(page)).to_have_text("Sign this decision")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type(ana.password)
    page.keyboard.press("Tab")
    page.keyboard.type(code(ana))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay the first")


def test_escape_leaves_the_signature_and_the_focus_where_it_came_from(bed, world, window, ana):
    item = take(bed.post(bed.flow(world), a_document()), ana)
    page = window(ana.user).go(address_of(item))

    page.keyboard.press("a")
    page.get_by_role("button", name="Review and sign").press("Enter")
    expect(page.get_by_role("dialog", name="Sign this decision")).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(focused(page)).to_have_text("Review and sign")
    expect(page.get_by_role("radio", name="Approve", exact=True)).to_be_checked()


def test_the_keys_are_told_by_a_question_mark_and_can_be_switched_off(bed, world, window, ana):
    item = take(bed.post(bed.flow(world), a_document()), ana)
    page = window(ana.user).go(address_of(item))

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("take the next item")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    dialog.get_by_role("button", name="Switch single keys off").click()
    expect(page.locator("html[data-shortcuts=off]")).to_be_attached()
    page.keyboard.press("a")

    expect(page.get_by_role("radio", name="Approve", exact=True)).not_to_be_checked()


def test_a_new_item_appears_by_itself_and_takes_neither_mark_nor_focus(bed, world, window, ana):
    flow = bed.flow(world)
    for title in ("Pay the first", "Pay the second"):
        bed.post(flow, titled(title))
    page = window(ana.user).go(f"/queues/{world.queue.slug}/")
    page.keyboard.press("j")
    rows = page.get_by_role("region", name="Open items").get_by_role("row")
    expect(rows).to_have_count(3)

    bed.post(flow, titled("Pay at once") | {"priority": "urgent"})
    bed.post(flow, titled("Pay the third"))

    expect(rows.filter(has_text="Pay the third")).to_be_visible(timeout=SLOW)
    expect(focused(page)).to_have_text("Pay the second")
    expect(rows.and_(page.locator("[aria-current=true]"))).to_contain_text("Pay the second")
