"""What the tests of the pages of flows share: addresses of a flow, a refused post, and what a page says."""

import re

from reviews.models import Quarantine
from tests.factories import a_document

STRICT = {"properties": {"output": {"required": ["zone"]}}}


def at(world, path=""):
    """Give an address of the flow."""
    return f"/flows/{world.flow.slug}/{path}"


def kept(world, document=None, **signed):
    """Post what the contract refuses, and give what was kept of it."""
    assert world.post(document or a_document(), **signed).status_code == 422
    return Quarantine.objects.order_by("-received_at")[0]


def read(page, address):
    """Open a page and give it."""
    answer = page.get(address)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


def words(html):
    """Give what a person reads, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split('id="main"')[1]))
