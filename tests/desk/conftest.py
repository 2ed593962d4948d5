"""The bed of the desk's tests: a world with files and contracts, two reviewers, and their browsers."""

import pytest

from portal.accounts.roles import Role
from portal.web import proof
from tests.factories import make_person, make_world
from tests.pages import browser
from tests.reviews.conftest import cheap_passwords as cheap_passwords


@pytest.fixture(autouse=True)
def fresh_proof():
    """Let no test see the proof state another one remembered."""
    proof.forget()


@pytest.fixture
def world(db):
    return make_world(contract=CONTRACT)


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def ben(world):
    return make_person("ben", Role.SENIOR_ADJUSTER)


@pytest.fixture
def page(ana):
    """Ana's browser."""
    return browser(ana.user)


CONTRACT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "output": {
            "type": "object",
            "properties": {
                "pay": {
                    "type": "string",
                    "pattern": "^[0-9]+\\.[0-9]{2}$",
                    "title": "Amount to pay",
                    "x-countersign-editable": True,
                    "x-countersign-sets": "/action/amount",
                },
                "flood_zone": {"type": "string", "title": "Flood zone", "x-countersign-editable": True},
            },
        },
    },
}
