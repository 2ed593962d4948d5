"""The browser tests' fixtures: services and one browser for the folder, worlds and windows for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright

from portal.accounts.models import User
from tests.browser.bed import Bed, made
from tests.browser.gallery import Gallery, hang
from tests.browser.windows import PATIENCE, WIDE, Window
from tests.desk.conftest import CONTRACT
from tests.factories import POLICY, World, make_world
from tests.faults.bed import connected

_serial = count(1)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="package")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Keep the services running from test to test; starting them is what costs time."""
    with made(tmp_path_factory.mktemp("browser")) as bed:
        yield bed


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Keep one browser for the folder; every test gets windows of its own in it."""
    program = shutil.which("chromium")
    assert program, "These tests drive Chromium. On Debian: apt-get install -y chromium"
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright keeps an event loop in this thread; nothing of ours runs inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def bed(standing: Bed, chromium: Browser, fresh_process: None, settings: Any, django_db_blocker: Any) -> Iterator[Bed]:
    """Work on the services' own database, with their keys and their addresses."""
    settings.KEYS_DIR = standing.keys
    settings.PORTAL_URL = standing.address
    expect.set_options(timeout=PATIENCE)
    with django_db_blocker.unblock(), connected(standing.name):
        standing.services.insist_alive()
        yield standing


@pytest.fixture
def world(bed: Bed) -> World:
    """A flow of this test's own, whose small payouts everybody takes before those of all flows until now."""
    soonest = f"    due: {600 - next(_serial)}m\n    priority: urgent\n"
    return make_world(policy=POLICY.replace("    due: 1d\n", soonest, 1), contract=CONTRACT)


@pytest.fixture
def window(bed: Bed, chromium: Browser) -> Iterator[Callable[..., Window]]:
    """Open windows, with somebody signed in or nobody; at the end nothing may have gone wrong in any of them."""
    opened: list[Window] = []

    def open_one(person: User | Client | None = None, **options: Any) -> Window:
        given = {"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-US"} | options
        made_one = Window(chromium.new_context(**given), bed.address)
        opened.append(made_one)
        if person is not None:
            made_one.enter(person)
        return made_one

    yield open_one
    for each in opened:
        each.context.close()
    assert [trouble for each in opened for trouble in each.troubles] == []


@pytest.fixture
def gallery(bed: Bed) -> Gallery:
    """What pages are looked at with; it is hung once for the folder."""
    if "gallery" not in bed.kept:
        bed.kept["gallery"] = hang(bed)
    hung: Gallery = bed.kept["gallery"]
    return hung
