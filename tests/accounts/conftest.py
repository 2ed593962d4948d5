"""The bed of the account tests: an adjuster, a clock that stands still, and passwords that cost little."""

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.kit.clock import now
from tests.factories import make_person
from tests.reviews.conftest import cheap_passwords as cheap_passwords


@pytest.fixture
def ana():
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def clock():
    """A clock that stands still until a test shifts it, in the middle of a code's window."""
    start = int(now().timestamp()) // 30 * 30 + 60
    with time_machine.travel(start, tick=False) as traveller:
        yield traveller
