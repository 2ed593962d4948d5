"""The bed of the shell's tests: rooms to enter, and nothing remembered of the proof."""

import pytest

from portal.web import proof


@pytest.fixture
def rooms(settings, db):
    settings.ROOT_URLCONF = "tests.portal.rooms"
    proof.forget()
    yield
    proof.forget()
