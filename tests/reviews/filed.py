"""What the tests of an item's files share: files of two kinds, an item with one, and looking at it."""

from io import BytesIO
from typing import Any

from PIL import Image

from reviews.models import Attachment, Item, Opening
from tests.factories import Person, make_item, story
from tests.pages import browser

NOTICE = b"Water came in through the basement door.\n"
HOSTILE = b"<script>alert(1)</script><img src=x onerror=alert(2)>"


def a_picture(form: str = "PNG", size: tuple[int, int] = (900, 600)) -> bytes:
    """Give a teal picture in this form."""
    made = BytesIO()
    Image.new("RGB", size, "teal").save(made, form)
    return made.getvalue()


def item_with(world: Any, content: bytes, name: str = "notice.txt", media_type: str = "text/plain") -> Item:
    """Post an item with one file."""
    return make_item(world, attachments=[world.upload(content, name, media_type)])


def look(person: Person, item: Item, door: str = "", n: int = 1) -> Any:
    """Ask for a file of an item, as its page or at another of its doors."""
    upload = Attachment.objects.get(submission_id=item.pk, n=n).upload_id
    return browser(person.user).get(f"/items/{item.pk}/files/{upload}/{door}")


def openings(item: Item) -> int:
    """Count the openings of an item's files, each of which its story tells."""
    assert story(item).count("attachment.opened") == Opening.objects.filter(submission_id=item.pk).count()
    return Opening.objects.filter(submission_id=item.pk).count()
