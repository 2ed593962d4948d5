"""A stranger walks every address with every id, and learns nothing: neither what is there nor that it is."""

import json
import statistics
import time
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.sealing import sequencer
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import commenting, evidencing, signing, walling
from reviews.models import Comment, Item, Lease
from reviews.words import Verdict
from tests.desk import walking
from tests.factories import SEEDER, make_item, make_person, make_world, open_all, sign, take
from tests.pages import HTMX, browser, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(400)]

SECRET = "zebra"
FORMS = (
    {"decision": "approve", "seen": "1", "text": "x", "wall": "counsel", "accept": "on", "consent": "on"},
    {"decision": "send-back", "seen": "77", "reason": "x", "password": "x", "totp": "123456", "queue": "x"},
)
# Told to everybody: whether the server is up, public keys and descriptions, and the account's own doors.
_OPEN = (
    "/healthz",
    "/readyz",
    "/.well-known/",
    "/account/",
    "/preferences/",
    "/api/v1/openapi.json",
    "/api/v1/schemas/",
    "/demo/",
)


@pytest.fixture
def hidden(world):
    """Everything there can be of items, all of it behind a wall and full of a word that must show nowhere."""
    zoe = make_person("zebralda", Role.ADJUSTER, Role.SENIOR_ADJUSTER)
    walls.grant_wall(zoe.user, "counsel", by=SEEDER)
    item, done = (_item(world, zoe, n) for n in (1, 2))
    sign(take(done, zoe), zoe, reason="zebra reason")
    sequencer.seal_once()
    evidencing.make_missing()
    item = take(item, zoe)
    seen = Item.objects.get(pk=item.pk).version
    signing.prepare(ItemId(item.pk), by=zoe.user, session_ref="zebra", seen=seen, verdict=Verdict.APPROVE)
    return item


def _item(world, zoe, n):
    action = {"title": f"Zebra payout {n}", "subject": f"claim/ZEBRA-{n}", "amount": "481.23"}
    files = [world.upload(b"zebra stripes", f"zebra-{n}.txt")]
    item = make_item(world, action=action, attachments=files, external_id=f"ZEBRA-{n}")
    open_all(item, zoe)
    commenting.comment(ItemId(item.pk), "zebra settlement", by=zoe.user)
    return walling.put_behind(ItemId(item.pk), "counsel", by=zoe.user, seen=item.version)


def state():
    return [*Item.objects.order_by("pk").values_list("pk", "version")], Lease.objects.count(), Comment.objects.count()


def asked(client, path, method, headers):
    """Give the answers to one address: one to GET, one for each form."""
    if method == "GET":
        return [client.get(path, headers=headers)]
    return [client.post(path, form, headers=headers) for form in FORMS]


def walk(client, *, keep=frozenset(), only=lambda path: True):
    """Walk every address with parameters; every answer must be what made-up ids get, and tell nothing."""
    walked = 0
    for address in walking.addresses():
        if not address.parts or not only(address.route):
            continue
        for method, headers in (("GET", {}), ("POST", {}), ("POST", HTMX)):
            if headers and address.route.startswith("api/"):
                continue
            expected = {}
            for given in walking.real(address):
                absent = walking.absent(address, given, keep=keep)
                kept = tuple(value for value in given.values() if value in absent.values())
                if kept not in expected:
                    others = asked(client, address.path(absent), method, headers)
                    expected[kept] = [walking.told(each, absent) for each in others]
                ours = asked(client, address.path(given), method, headers)
                for mine, other in zip(ours, expected[kept], strict=True):
                    compare(address, walking.told(mine, given), other, given)
                    walked += 1
    return walked


def compare(address, mine, other, given):
    assert mine == other, f"{address.route} answers {given} otherwise than what is not there"
    assert SECRET not in str(mine).lower(), address.route
    assert mine[0] != 500, address.route


def test_nobody_signed_in_is_sent_to_the_sign_in_page_from_everywhere(hidden):
    before = state()

    assert walk(visitor()) > 100
    for address in walking.addresses():
        given = (walking.real(address) or [{}])[0]
        answer = visitor().get(address.path(given))
        allowed = {200, 302, 404, 405, 503} if address.path(given).startswith(_OPEN) else {302, 401, 404, 405}
        assert answer.status_code in allowed, (address.route, answer.status_code)
        assert SECRET not in str(walking.told(answer, given)).lower()
    assert state() == before


def test_somebody_without_any_grant_finds_nothing(hidden):
    before = state()

    assert walk(browser(make_person("stranger").user), only=lambda route: not route.startswith("account/")) > 100
    assert state() == before


def test_a_stranger_is_not_told_which_role_may_do_what(world, hidden):
    client = browser(make_person("stranger").user)
    there, absent = (
        reverse("desk:access-withdraw", args=["adjuster", "review_in_queue", key]) for key in (world.queue.pk, uuid4())
    )

    for ask in (client.get, lambda path: client.post(path, {"reason": "x"})):
        assert [ask(path).status_code for path in (there, absent)] == [404, 404]
    assert browser(make_person("tom", Role.ADMINISTRATOR).user).get(there).status_code == 200


def test_somebody_outside_the_wall_finds_nothing_behind_it(world, hidden):
    ana = make_person("ana", Role.ADJUSTER, Role.SENIOR_ADJUSTER)
    before = state()

    walked = walk(browser(ana.user), keep=frozenset({"slug", "int"}), only=lambda route: "uuid" in route)

    assert walked > 100
    assert state() == before


@pytest.mark.parametrize("roles", [(), (Role.ADJUSTER, Role.SENIOR_ADJUSTER), (Role.AUDITOR,), (Role.ADMINISTRATOR,)])
def test_pages_that_list_something_list_nothing_behind_a_wall(world, hidden, roles):
    person = make_person("ana", *roles).user
    lists = [f"/queues/{world.queue.slug}/", f"/queues/{world.queue.slug}/?show=for-me", f"/flows/{world.flow.slug}/"]
    for address in [*walking.addresses(), *lists]:
        path = address if isinstance(address, str) else address.path({}) if not address.parts else ""
        if not path or path.startswith("/account/sign-out"):
            continue
        for headers in ({}, HTMX):
            answer = browser(person).get(path, headers=headers)
            said = str(walking.told(answer, {})).lower()
            # Who works here is no secret of an item; these pages name people whatever they signed.
            said = said.replace("zebralda", "") if path.startswith(("/people/", "/away/", "/access-review/")) else said
            assert SECRET not in said, path
            assert answer.status_code < 500 or path == "/readyz", path


def test_somebody_without_any_grant_is_not_told_of_queues_and_flows(world, hidden):
    client = browser(make_person("stranger").user)

    for address in walking.addresses():
        if address.parts or address.path({}).startswith("/account/sign-out"):
            continue
        body = str(walking.told(client.get(address.path({})), {}))
        assert world.queue.slug not in body, address.route
        assert world.flow.slug not in body, address.route


def test_another_flows_key_finds_nothing_through_the_api(world, hidden):
    other, before = make_world(), state()
    key = {"authorization": f"Bearer {other.key}", "content-type": "application/json"}
    walked = 0
    for address in walking.addresses():
        if not address.parts or not address.route.startswith("api/"):
            continue
        for given in walking.real(address):
            if given.get("flow") == other.flow.slug:
                continue
            absent = walking.absent(address, given)
            for method in ("get", "post"):
                body = (
                    {} if method == "get" else {"data": json.dumps({"reason": "x"}), "content_type": "application/json"}
                )
                mine, others = (
                    getattr(Client(), method)(address.path(each), headers=key, **body) for each in (given, absent)
                )
                compare(address, walking.told(mine, given), walking.told(others, absent), given)
                walked += 1
    assert walked > 20
    assert state() == before
    for path in ("/api/v1/items", "/api/v1/items?external_id=ZEBRA-1"):
        assert SECRET not in Client().get(path, headers=key).content.decode().lower().replace("external_id=zebra-1", "")


@pytest.mark.parametrize("name", ["desk:item", "desk:take", "desk:changes"])
def test_what_is_hidden_takes_as_long_as_what_is_not_there(world, hidden, name):
    client = browser(make_person("ana", Role.ADJUSTER).user)
    method = client.post if name == "desk:take" else client.get
    took = {True: [], False: []}

    def once(is_there):
        address = reverse(name, args=[hidden.pk if is_there else uuid4()])
        start = time.perf_counter()
        assert method(address).status_code == 404
        took[is_there].append(time.perf_counter() - start)

    for n in range(42):
        once(n % 2 == 0)

    there, absent = (statistics.median(took[each][2:]) for each in (True, False))
    assert abs(there - absent) < max(0.35 * absent, 0.004), f"{there * 1000:.1f} ms against {absent * 1000:.1f} ms"
