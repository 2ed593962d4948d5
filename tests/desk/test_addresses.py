"""Addresses: whatever people name a thing, its pages are its own."""

import re
from itertools import product
from uuid import uuid4

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from reviews.actions import configuring
from tests.desk import walking
from tests.factories import POLICY, SEEDER, make_person, make_world
from tests.pages import browser

SHAPES = {"uuid": "[0-9a-f-]{36}", "int": "[0-9]+", "slug": "[-a-zA-Z0-9_]+"}
MADE_UP = {"uuid": str(uuid4()), "int": "7"}
NAMED = [each for each in walking.addresses() if "slug" in dict(each.parts).values()]


def could_be(named, address):
    """Tell whether an address could also be that of a thing with a fitting name."""
    shape = named.path({name: SHAPES[kind] for name, kind in named.parts})
    return re.fullmatch(shape, address.path({name: MADE_UP.get(kind, "x") for name, kind in address.parts}))


def test_no_page_has_an_address_that_something_people_name_could_have():
    others = [each for each in walking.addresses() if each not in NAMED]

    clashes = [(named.route, each.route) for named, each in product(NAMED, others) if could_be(named, each)]

    assert len(NAMED) > 10
    assert clashes == []


@pytest.mark.django_db
def test_rules_called_new_have_their_page_and_new_rules_have_another():
    configuring.apply_policy(here(make_world()), by=SEEDER)
    client = browser(make_person("tom", Role.ADMINISTRATOR).user)

    assert "<h1>new</h1>" in client.get(reverse("desk:rule-set", args=["new"])).content.decode()
    assert "name-of-these-rules" in client.get(reverse("desk:rules-new")).content.decode()


def here(world):
    """Give rules called “new” for the queues of a world."""
    text = POLICY.replace("policy: payouts", "policy: new").replace("queue: payouts", f"queue: {world.queue.slug}")
    return text.replace("queue: exceptions", f"queue: {world.exceptions.slug}")
