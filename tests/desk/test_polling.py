"""A list asks every few seconds whether it changed; the answer costs nothing while it did not."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from tests.factories import make_item, make_person, take
from tests.pages import HTMX

pytestmark = pytest.mark.django_db


def asked_again(page, world):
    """Ask as a loaded page does: with the marker of what it shows."""
    address = f"/queues/{world.queue.slug}/"
    (marker,) = re.findall(r'data-marker="([0-9a-f]+)"', page.get(address).content.decode())
    return lambda: page.get(f"{address}?marker={marker}", headers=HTMX)


def test_a_list_that_did_not_change_is_answered_without_opening_a_document(world, page):
    make_item(world)
    again = asked_again(page, world)

    with CaptureQueriesContext(connection) as queries:
        answer = again()

    assert answer.status_code == 204
    assert not [each["sql"] for each in queries if "reviews_revision" in each["sql"]]


def test_a_list_is_sent_again_when_somebody_takes_an_item_of_it(world, page):
    item, somebody = make_item(world), make_person("cleo", Role.ADJUSTER)
    again = asked_again(page, world)

    take(item, somebody)

    assert again().status_code == 200
