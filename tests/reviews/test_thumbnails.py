"""Thumbnails of attached pictures: small, asked for before each use, and gone with the right to see them."""

import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from audit import exhibits
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import walling
from reviews.models import Attachment, Item, Upload
from tests.factories import SEEDER, Person, make_person
from tests.pages import browser
from tests.reviews.filed import HOSTILE, a_picture, item_with, look, openings

pytestmark = pytest.mark.django_db


def test_a_thumbnail_is_small_and_opens_nothing(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")

    answer = look(ana, item, "thumbnail")

    with Image.open(BytesIO(answer.content)) as small:
        assert (small.format, small.size) == ("JPEG", (480, 320))
    assert "sandbox" in answer["Content-Security-Policy"]
    assert openings(item) == 0


def asked_again(person: Person, item: Item, kept: Any) -> Any:
    """Ask for a thumbnail as a browser does that kept it."""
    upload = Attachment.objects.get(submission_id=item.pk).upload_id
    address = f"/items/{item.pk}/files/{upload}/thumbnail"
    return browser(person.user).get(address, headers={"if-none-match": kept["ETag"]})


def test_a_browser_that_kept_a_thumbnail_asks_before_each_use(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")
    kept = look(ana, item, "thumbnail")

    again = asked_again(ana, item, kept)

    assert (again.status_code, again.content) == (304, b"")
    assert {kept["Cache-Control"], again["Cache-Control"]} == {"private, no-cache"}
    assert again["ETag"] == kept["ETag"]


@pytest.mark.parametrize("walled", ["item", "file"])
def test_a_thumbnail_is_gone_from_a_browser_that_kept_it_once_a_wall_stands_around_it(world, ana, walled):
    item, mia = item_with(world, a_picture(), "a.png", "image/png"), make_person("mia", Role.ADJUSTER)
    walls.grant_wall(mia.user, "counsel", by=SEEDER)
    kept = look(ana, item, "thumbnail")

    if walled == "item":
        walling.put_behind(ItemId(item.pk), "counsel", by=mia.user, seen=item.version)
    else:
        walling.file(ItemId(item.pk), Attachment.objects.get().upload_id, "counsel", by=mia.user)

    assert asked_again(ana, item, kept).status_code == 404
    assert asked_again(mia, item, kept).status_code == 304


def test_a_thumbnail_of_an_erased_file_is_gone_from_a_browser_that_kept_it(world, ana, superuser):
    item = item_with(world, a_picture(), "a.png", "image/png")
    kept = look(ana, item, "thumbnail")

    with superuser():
        exhibits.destroy_key(Upload.objects.get().dek_id)

    assert asked_again(ana, item, kept).status_code == 410


def a_bomb() -> bytes:
    """Give a tiny file that says it is a picture of 60,000 by 60,000."""
    picture = bytearray(a_picture(size=(1, 1)))
    picture[16:24] = (60_000).to_bytes(4, "big") * 2
    picture[29:33] = zlib.crc32(picture[12:29]).to_bytes(4, "big")
    return bytes(picture)


@pytest.mark.parametrize("content", [a_bomb(), HOSTILE, a_picture()[:60], b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_or_a_bomb_has_no_thumbnail(world, ana, content):
    assert look(ana, item_with(world, content, "a.png", "image/png"), "thumbnail").status_code == 404
