"""Pages of sign-off plans before axe-core: side by side, blind, returned, with texts to read and fewer verdicts."""

import os
from pathlib import Path

import pytest

from reviews.actions import opening
from reviews.models import Item
from tests.browser.acting import address_of, choose
from tests.browser.test_looks import Eyes
from tests.browser.windows import PHONE, WIDE
from tests.factories import a_document, take
from tests.reviews.planned import Cast, make_planned, parallel, stage

pytestmark = pytest.mark.xdist_group("browser")
KEPT = os.environ.get("PICTURES")
READING = [{"title": "Denials guide, section 4", "text": "Read the whole policy.\n\nThen say what it covers."}]
PLAN = (
    stage("a", name="first-look", meaning="Review of the payment"),
    parallel(
        stage("s", blind=True, reject_to="first-look", factors=["passkey", "password+totp"]),
        stage("cr", meaning="Release of the payment"),
    ),
)


@pytest.fixture
def eyes(window):
    return Eyes(window)


@pytest.fixture
def cast(bed):
    """An item on its second round, its first stage signed again, with a text to read."""
    world = make_planned(*PLAN, reading=READING, verdicts=["approve", "reject"])
    made = Cast(world=world, item=bed.post(bed.flow(world), a_document()))
    for name, verdict in (("a", "approve"), ("s", "reject"), ("a", "approve")):
        read(made, name)
        assert made.signs(name, verdict, "The estimate lacks the roof.") == "in_review"
    return made


def read(cast, name):
    opening.read(cast.item.pk, READING[0]["title"], by=cast[name].user)


def keep(page, name):
    """Keep pictures of a page in its four looks, when a folder is named."""
    for size in (WIDE, PHONE) if KEPT else ():
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(KEPT) / f"{name}-{size['width']}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("name", ["s", "cr", "a"])
def test_a_plan_is_accessible_and_fits_whoever_looks(cast, eyes, name):
    if name != "a":
        take(cast.item, cast[name])
    page = eyes.open(cast[name].user).go(address_of(cast.item))
    page.get_by_text("Step aside", exact=True).click() if name == "cr" else None

    keep(page, f"plan-{name}")
    eyes.look(page)


def test_a_required_text_is_accessible_and_fits(cast, eyes):
    page = eyes.open(cast["s"].user).go(f"{address_of(cast.item)}reading/1/")

    keep(page, "reading")
    eyes.look(page)


def test_the_signature_of_a_stage_that_returns_is_accessible_and_fits(cast, eyes):
    read(cast, "s")
    take(Item.objects.get(pk=cast.item.pk), cast["s"])
    page = eyes.open(cast["s"].user).go(address_of(cast.item))
    choose(page, "Reject", "The roof is still missing.")
    page.get_by_role("button", name="Review and sign").click()
    page.get_by_role("dialog").wait_for()

    keep(page, "sign")
    eyes.look(page)
