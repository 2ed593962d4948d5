"""Who may not see a queue sees no trace of it, whatever address they try."""

import re

import pytest
from playwright.sync_api import expect

from examples.files import File
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews import files
from tests.browser.acting import address_of
from tests.factories import a_document, make_person, open_all, sign, take

pytestmark = pytest.mark.xdist_group("browser")
NOTE = File("notes.txt", "text/plain", b"Water stood at 1.2 m.")


def test_a_stranger_is_told_the_same_of_an_item_as_of_one_that_is_not_there(bed, world, window):
    ana, sam = make_person("ana", Role.ADJUSTER), make_person("sam", Role.RELEASE_APPROVER)
    item = take(bed.post(bed.flow(world), a_document(), [NOTE]), ana)
    open_all(item, ana)
    signature = sign(item, ana)
    at, [file] = address_of(item), files.attachments(item, ana.user)
    opened = window(sam.user)
    opened.refuses(404)

    ends = ["", "done/", f"sign/{signature.intent_id}/", "changes/?seen=0", "evidence.pdf", "evidence.json"]
    ends += [f"files/{file.upload}/{end}" for end in ("", "content", "download", "thumbnail")]
    seen = {end: told(opened.go(at + end)) for end in ends}

    assert seen == {end: told(opened.go(f"/items/{new_id()}/{end}")) for end in ends}
    assert all(words.startswith("There is nothing here that you may see") for words in seen.values())


def test_a_stranger_sees_neither_queues_nor_counts(bed, world, window):
    sam = make_person("sam")
    bed.post(bed.flow(world), a_document())
    opened = window(sam.user)
    opened.refuses(404)

    page = opened.go("/")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text(world.queue.name)).to_have_count(0)
    assert told(opened.go(f"/queues/{world.queue.slug}/")) == told(opened.go("/queues/there-is-none/"))


def told(page):
    """Give what the page says, without the number of the request."""
    return re.sub(r"Request id\s+\S+", "", page.get_by_role("main").inner_text())
