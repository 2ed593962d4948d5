"""Signing with a passkey: the browser's own, with an authenticator in software under it."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from portal.accounts.roles import Role
from tests.browser.acting import address_of, choose, code, review_and_sign
from tests.factories import a_document, make_person, sign, take

pytestmark = pytest.mark.xdist_group("browser")
LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}
DEVICE: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Device:
    """A laptop with a sensor; whether it knows the finger is up to the test."""

    cdp: CDPSession
    id: str

    def knows(self, whether: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": whether})


def device_of(window) -> Device:
    cdp = window.context.new_cdp_session(window.page)
    cdp.send("WebAuthn.enable")
    return Device(cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"])


def test_a_senior_enrols_a_passkey_and_gives_the_second_signature_with_it(bed, world, window):
    ana, ben = make_person("ana", Role.ADJUSTER), make_person("ben", Role.SENIOR_ADJUSTER)
    item = bed.post(bed.flow(world), a_document(action=LARGE))
    sign(take(item, ana), ana)
    opened = window(ben.user)
    device = device_of(opened)

    page = opened.go("/account/")
    page.get_by_role("link", name="Add or remove").click()
    page.get_by_role("link", name="Enrol a passkey").click()
    page.get_by_label("Password").fill(ben.password)
    page.get_by_label("code").fill(code(ben))
    page.get_by_role("button", name="Confirm with the code").click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("Your passkey is enrolled.")).to_be_visible()

    page = opened.go(address_of(item))
    page.get_by_role("button", name="Take", exact=True).first.click()
    choose(page, "Approve")
    dialog = review_and_sign(page)
    dialog.get_by_role("checkbox").check()
    device.knows(False)
    dialog.get_by_role("button", name="Sign with passkey").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The passkey did not answer")
    device.knows(True)
    dialog.get_by_role("button", name="Sign with passkey").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Approved")
    told = bed.get(world.key, f"/api/v1/items/{item.pk}/decision?wait=10").body
    assert [each["verdict"] for each in told["signatures"]] == ["approve", "approve"]
    page.get_by_role("link", name="Back to the item").click()
    expect(page.get_by_role("region", name="Decision")).to_contain_text("by passkey")
