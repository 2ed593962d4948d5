"""The bed of the review tests: a world, an adjuster, a senior adjuster, and passwords that cost little."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from portal.accounts.roles import Role
from reviews.models import Proposal
from tests.factories import make_person, make_world
from tests.reviews import four_eyes


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords():
    """Hash with Argon2's smallest parameters; at full cost the people of a test take longer than the test."""
    kept = Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1
    yield
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = kept


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def ben(world):
    return make_person("ben", Role.SENIOR_ADJUSTER)


@pytest.fixture
def tom():
    return four_eyes.tom()


@pytest.fixture
def helen():
    return four_eyes.helen()


@pytest.fixture
def rules():
    return four_eyes.rules_in_force()


@pytest.fixture
def proposal(rules, tom):
    return four_eyes.propose("policy", four_eyes.CHANGED, tom)


@pytest.fixture
def signed(proposal, helen):
    """A proposal that was put in force, read again."""
    four_eyes.sign(proposal, helen)
    return Proposal.objects.get(pk=proposal.pk)
