"""Deciding in the browser, from signing in to the proof."""

import re

import pytest
from playwright.sync_api import expect

from examples import items
from examples.files import File
from portal.accounts.roles import Role
from tests.browser.acting import (
    REVIEW_AND_SIGN,
    SLOW,
    address_of,
    choose,
    decide,
    open_files,
    review_and_sign,
    sign_in,
    sign_typed,
)
from tests.browser.windows import PHONE, too_wide
from tests.factories import a_document, make_person, take

pytestmark = pytest.mark.xdist_group("browser")
NOTES = (File("notes.txt", "text/plain", b"Water stood at 1.2 m."), File("call.txt", "text/plain", b"Called at noon."))


def test_an_adjuster_signs_in_takes_the_next_item_opens_its_files_and_approves(bed, world, window):
    ana = make_person("ana", Role.ADJUSTER)
    item = bed.post(bed.flow(world), a_document(), NOTES)

    page = sign_in(window(), ana)
    page.get_by_role("button", name="Take next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay contents damage")
    button = page.get_by_role("button", name=REVIEW_AND_SIGN)
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("2 of 2 files are not opened yet. Open them before you sign.")
    open_files(page)
    decide(page, ana)

    proof = page.get_by_role("region", name="Proof")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    expect(proof).to_contain_text("Sealed as entry", timeout=SLOW)
    evidence = proof.get_by_role("link", name="Evidence PDF")
    expect(evidence).to_be_visible(timeout=SLOW)
    assert page.request.get(bed.address + evidence.get_attribute("href")).body().startswith(b"%PDF")
    told = decided(bed, world.key, item)
    assert told["outcome"] == "approved"
    assert told["receipt"].count(".") == 2


def test_a_rejection_needs_a_reason_and_the_flow_reads_it(bed, world, window):
    ana = make_person("ana", Role.ADJUSTER)
    item = take(bed.post(bed.flow(world), a_document()), ana)

    page = window(ana.user).go(address_of(item))
    choose(page, "Reject")
    page.get_by_role("button", name=REVIEW_AND_SIGN).click()
    assert page.get_by_label("Reason").evaluate("input => input.validity.valueMissing")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("Reason").fill("The roof was not covered.")
    dialog = review_and_sign(page)
    expect(dialog).to_contain_text("The roof was not covered.")
    sign_typed(page, dialog, ana)

    expect(page.get_by_role("heading", level=1)).to_have_text("Rejected")
    told = decided(bed, world.key, item)
    assert told["outcome"] == "rejected"
    assert told["signatures"][0]["reason"] == "The roof was not covered."


def test_what_is_sent_back_comes_again_as_a_second_revision_and_is_signed(bed, world, window):
    ana, flow, document = make_person("ana", Role.ADJUSTER), bed.flow(world), a_document()
    item = take(bed.post(flow, document), ana)

    page = window(ana.user).go(address_of(item))
    choose(page, "Send back", "Take the cellar off.")
    page.get_by_role("button", name="Send back to the flow").click()
    expect(page.get_by_role("status").filter(has_text="You sent it back")).to_be_visible()
    assert [each["id"] for each in flow.items("changes_requested")] == [str(item.pk)]
    document["snapshot"]["output"]["pay"] = document["action"]["amount"] = "450.00"
    flow.revise(str(item.pk), document)
    page.reload()

    expect(page.get_by_text("Revision 2, posted anew by the flow")).to_be_visible()
    expect(page.get_by_role("region", name="Record", exact=True)).to_contain_text("Take the cellar off.")
    page.get_by_role("button", name="Take", exact=True).first.click()
    decide(page, ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    assert decided(bed, world.key, item)["revision"] == 2


def test_a_changed_amount_calls_for_the_senior_who_sees_before_and_after(bed, window):
    ana, ben = make_person("ana", Role.ADJUSTER), make_person("ben", Role.SENIOR_ADJUSTER)
    flow, document = bed.triage(), small_payout()
    item, before = bed.post(flow, document), document["snapshot"]["output"]["building"]

    page = window(ana.user).go("/queues/claim-payouts/")
    page.get_by_role("table").get_by_role("link", name=document["action"]["title"]).click()
    page.get_by_role("button", name="Take", exact=True).first.click()
    page.get_by_role("radio", name="Approve with changes").check()
    page.get_by_label("Building, USD", exact=True).fill("12345.60")
    page.get_by_label("Reason").fill("Line 7 is upstairs.")
    dialog = review_and_sign(page)
    expect(dialog.get_by_role("row", name="Building, USD")).to_contain_text(f"{before}12345.60")
    expect(dialog).to_contain_text("Senior adjuster must sign after you")
    sign_typed(page, dialog, ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Signed, 1 signature to go")

    page = window(ben.user).go(address_of(item))
    proposal = page.get_by_role("region", name="What the flow proposes")
    expect(proposal.get_by_role("heading", name=f"Changed by {ana.user}")).to_be_visible()
    expect(proposal.get_by_role("listitem").filter(has_text="Building, USD")).to_contain_text(
        re.compile(rf"{before}.*12345\.60")
    )
    page.get_by_role("button", name="Take", exact=True).first.click()
    decide(page, ben)
    told = decided(bed, bed.cast().flows["claims-triage"].key, item)
    assert told["overridden"]
    assert told["act"]["output"]["building"] == "12345.60"
    assert told["revision"] == 2


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_page_that_grew_old_is_refused_and_keeps_what_was_typed(bed, world, window, script):
    ana = make_person("ana", Role.ADJUSTER)
    item = take(bed.post(bed.flow(world), a_document()), ana)
    first, second = window(ana.user), window(ana.user, java_script_enabled=script)
    second.refuses(409)

    second.go(address_of(item))
    choose(second.page, "Approve", "Estimate checked by phone.")
    first.go(address_of(item))
    decide(first.page, ana, "Reject", "It is another house.")
    second.page.get_by_role("button", name=REVIEW_AND_SIGN).click()

    expect(second.page.get_by_role("alert").filter(has_text="Load it again")).to_be_visible()
    expect(second.page.get_by_label("Reason")).to_have_value("Estimate checked by phone.")
    second.page.get_by_role("link", name="Load it again").first.click()
    expect(second.page.get_by_role("region", name="Decision")).to_contain_text("Rejected")


def test_a_lapsed_hold_is_told_and_taken_again_with_everything_typed_still_there(bed, world, window):
    ana = make_person("ana", Role.ADJUSTER)
    item = take(bed.post(bed.flow(world), a_document()), ana)
    opened = window(ana.user)
    opened.page.clock.install()

    page = opened.go(address_of(item))
    choose(page, "Approve", "Estimate checked by phone.")
    bed.past_the_rules("UPDATE reviews_lease SET expires_at = now() - interval '1 s' WHERE item_id = %s", item.pk)
    page.clock.fast_forward("01:01")
    expect(page.get_by_role("alert").filter(has_text="Your hold on this item lapsed")).to_be_visible()
    page.get_by_role("button", name="Take it again").click()

    expect(page.get_by_text("Taken by you again")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("Estimate checked by phone.")
    sign_typed(page, review_and_sign(page), ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")


def test_everything_works_without_javascript(bed, world, window):
    ana = make_person("ana", Role.ADJUSTER)
    bed.post(bed.flow(world), a_document(), NOTES)

    page = sign_in(window(java_script_enabled=False), ana)
    page.get_by_role("button", name="Take next").click()
    open_files(page)
    choose(page, "Approve")
    page.get_by_role("button", name=REVIEW_AND_SIGN).click()
    expect(page.get_by_role("heading", name="Sign this decision")).to_be_visible()
    sign_typed(page, page, ana)

    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    with_proof = page.get_by_role("region", name="Proof")
    expect(with_proof.or_(page.get_by_role("link", name="Look again")).first).to_be_visible()


def test_a_telephone_is_enough(bed, world, window):
    ana = make_person("ana", Role.ADJUSTER)
    bed.post(bed.flow(world), a_document(), NOTES)
    page = window(ana.user, viewport=PHONE, has_touch=True, is_mobile=True).go("/")
    wider = too_wide(page)

    page.get_by_role("button", name="Take next").tap()
    open_files(page)
    wider += too_wide(page)
    choose(page, "Approve")
    dialog = review_and_sign(page)
    wider += too_wide(page)
    sign_typed(page, dialog, ana)
    wider += too_wide(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    assert wider == []


def decided(bed, key, item):
    """Read a decision as its flow does, once there is one."""
    told = bed.get(key, f"/api/v1/items/{item.pk}/decision?wait=10")
    assert told.status == 200, told.body
    return told.body


def small_payout():
    """Give a real claim whose payout one adjuster may sign."""
    paid = (each for each in items.claims(50) if each["action"]["effect"] == "pay")
    found = next(each for each in paid if 0 < float(each["snapshot"]["output"]["building"]) < 9_000)
    return found | {"external_id": f"{found['external_id']}-changed"}  # the gallery may hang the same one
