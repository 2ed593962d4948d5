"""The README's picture: taken anew at every run, so that it can always be taken; kept by `make picture`."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from examples import items
from tests.browser.acting import REVIEW_AND_SIGN, address_of
from tests.browser.gallery import person, the_claim
from tests.browser.windows import WIDE
from tests.factories import open_all, take

pytestmark = pytest.mark.xdist_group("browser")
ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs" / "images" / "review.png"


def test_the_picture_of_the_readme_can_be_taken(bed, window, tmp_path):
    ana, claim = person(bed, "ana.lindqvist"), the_claim()
    for document in items.claims(9):
        bed.post(bed.triage(), document)
    item = take(bed.post(bed.triage(), claim.document, claim.files), ana)
    open_all(item, ana)

    page = window(ana.user, color_scheme="light").go(address_of(item))
    expect(page.get_by_role("button", name=REVIEW_AND_SIGN)).to_be_enabled()
    page.wait_for_load_state("load")

    taken = tmp_path / "review.png"
    page.screenshot(path=taken)
    if os.environ.get("RETAKE"):
        KEPT.parent.mkdir(exist_ok=True)
        shutil.copy(taken, KEPT)

    assert size(taken) == (WIDE["width"], WIDE["height"])
    assert KEPT.exists(), "The README's picture is missing. Take it: make picture"
    assert size(KEPT) == size(taken)


def size(picture):
    """Read width and height from the head of a PNG."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
