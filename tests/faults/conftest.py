"""The fault tests' fixtures: services for the whole folder, the bed for one test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import World, make_world
from tests.faults import paying
from tests.faults.bed import Bed, connected, made
from tests.faults.paying import Paying


@pytest.fixture(scope="package")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Keep the services running from test to test; starting them is what costs time."""
    with made(tmp_path_factory.mktemp("faults")) as bed:
        yield bed


@pytest.fixture
def bed(standing: Bed, fresh_process: None, settings: Any, django_db_blocker: Any) -> Iterator[Bed]:
    """Work on the services' own database, with their keys and their addresses."""
    settings.KEYS_DIR = standing.keys
    settings.PORTAL_URL = standing.services.base_url
    with django_db_blocker.unblock(), connected(standing.name):
        standing.mend()
        yield standing


@pytest.fixture
def world(bed: Bed) -> World:
    """A flow of this test's own."""
    return make_world()


@pytest.fixture
def executor(bed: Bed, world: World, tmp_path: Path) -> Iterator[Paying]:
    """An executor of this test's own, which pays into SQLite."""
    with paying.open_for(bed, world, tmp_path) as executor:
        yield executor
