"""Versions of a data contract: the newest is in force, the one before it is taken until a date, items keep theirs."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit.clock import now
from reviews.actions import configuring
from reviews.files import OUTSIDE
from reviews.models import Contract, Item, Quarantine, Revision, Submission
from reviews.showing import contracts
from reviews.showing.contracts import Report
from tests.api.asking import pointers, refusal
from tests.factories import SEEDER, World, a_document, make_item, make_person, make_world

pytestmark = pytest.mark.django_db
ZONE = "/snapshot/output/zone"


def asking(*names: str) -> dict[str, Any]:
    return {"properties": {"output": {"required": list(names)}}}


def a_post(*names: str, **changes: Any) -> dict[str, Any]:
    return a_document(snapshot={"output": {"pay": "500.00"} | dict.fromkeys(names, "X")}, **changes)


@pytest.fixture
def world(db: None) -> World:
    return make_world(contract=asking("pay"))


def next_version(world: World, *names: str, until: datetime | None = None) -> Contract:
    return configuring.apply_contract(world.flow, asking("pay", *names), by=SEEDER, earlier_until=until)


def version_of(answer: Any) -> int:
    assert answer.status_code == 202, answer.content
    contract = Submission.objects.get(pk=answer.json()["id"]).contract
    assert contract is not None
    return contract.version


def revise(world: World, item: Item, document: dict[str, Any]) -> Any:
    raw = json.dumps(document | {"external_id": item.external_id}).encode()
    headers = world.headers(raw)
    content_type = headers.pop("content-type")
    return Client().post(f"/api/v1/items/{item.pk}/revisions", raw, content_type=content_type, headers=headers)


def report(world: World) -> Report:
    return contracts.report(world.flow, OUTSIDE)


def test_the_version_before_is_taken_until_its_date_and_stored_with_the_item(world: World) -> None:
    next_version(world, "zone", until=now() + timedelta(days=7))

    assert version_of(world.post(a_post("zone"))) == 2
    assert version_of(world.post(a_post())) == 1


def test_what_keeps_both_versions_comes_by_the_newest(world: World) -> None:
    configuring.apply_contract(world.flow, asking(), by=SEEDER, earlier_until=now() + timedelta(days=7))

    assert version_of(world.post(a_post())) == 2


def test_after_its_date_the_version_before_is_refused_by_a_process_that_knew_it(
    world: World, time_machine: Any
) -> None:
    until = now() + timedelta(days=7)
    next_version(world, "zone", until=until)
    assert version_of(world.post(a_post())) == 1

    time_machine.move_to(until, tick=False)
    refused = world.post(a_post())

    assert refusal(refused) == (422, "contract_violation")
    assert pointers(refused) == [ZONE]
    assert version_of(world.post(a_post("zone"))) == 2


def test_a_moment_before_its_date_the_version_before_is_still_taken(world: World, time_machine: Any) -> None:
    until = now() + timedelta(days=7)
    next_version(world, "zone", until=until)

    time_machine.move_to(until - timedelta(seconds=1), tick=False)

    assert version_of(world.post(a_post())) == 1


def test_without_a_date_the_version_before_is_refused_at_once(world: World) -> None:
    next_version(world, "zone")

    assert refusal(world.post(a_post())) == (422, "contract_violation")


def test_only_the_version_right_before_the_newest_is_taken_too(world: World) -> None:
    next_version(world, "zone", until=now() + timedelta(days=90))
    next_version(world, "zone", "roof", until=now() + timedelta(days=7))

    assert version_of(world.post(a_post("zone", "roof"))) == 3
    assert version_of(world.post(a_post("zone"))) == 2
    assert refusal(world.post(a_post())) == (422, "contract_violation")


def test_what_keeps_neither_is_told_what_the_newest_asks_for(world: World) -> None:
    next_version(world, "zone", until=now() + timedelta(days=7))

    refused = world.post(a_document(snapshot={"output": {}}))

    assert pointers(refused) == ["/snapshot/output/pay", ZONE]


def test_a_date_in_the_schema_is_kept_as_well(world: World) -> None:
    schema = asking("pay", "zone") | {"x-countersign-earlier-until": "2099-01-01T00:00:00Z"}
    configuring.apply_contract(world.flow, schema, by=SEEDER)

    assert version_of(world.post(a_post())) == 1


def test_a_dry_run_names_the_version_the_item_would_come_by(world: World) -> None:
    next_version(world, "zone", until=now() + timedelta(days=7))
    first, second = (each.pk for each in world.flow.contracts.order_by("version"))

    told = [world.post(a_post(*names), query="?dry_run=true").json()["contract"] for names in ((), ("zone",))]

    assert told == [str(first), str(second)]


def test_an_open_item_keeps_its_version_and_may_be_revised_by_it_after_the_date(
    world: World, time_machine: Any
) -> None:
    item = make_item(world, snapshot={"output": {"pay": "500.00"}}, action={"subject": "claim/kept"})
    next_version(world, "zone", until=now() + timedelta(days=1))
    time_machine.move_to(now() + timedelta(days=2))

    answer = revise(world, item, a_post(action={"subject": "claim/kept"}))

    assert answer.status_code == 202, answer.content
    assert [each.contract.version for each in Revision.objects.filter(item=item).order_by("revision")] == [1, 1]
    assert refusal(world.post(a_post())) == (422, "contract_violation")


def test_a_revision_that_keeps_the_newest_comes_by_the_newest(world: World) -> None:
    item = make_item(world, snapshot={"output": {"pay": "500.00"}}, action={"subject": "claim/kept"})
    next_version(world, "zone")

    assert revise(world, item, a_post("zone", action={"subject": "claim/kept"})).status_code == 202

    assert Revision.objects.get(item=item, revision=2).contract.version == 2
    assert refusal(revise(world, item, a_post(action={"subject": "claim/kept"}))) == (422, "contract_violation")


def test_an_item_from_before_the_first_contract_keeps_none() -> None:
    world = make_world()
    item = make_item(world, action={"subject": "claim/kept"})
    configuring.apply_contract(world.flow, asking("zone"), by=SEEDER)

    refused = revise(world, item, a_post(action={"subject": "claim/kept"}))

    assert pointers(refused) == [ZONE]


def test_a_refused_revision_is_kept_with_its_item_and_its_key(world: World) -> None:
    item = make_item(world, snapshot={"output": {"pay": "500.00"}})

    assert refusal(revise(world, item, a_document(snapshot={"output": {}}))) == (422, "contract_violation")

    kept = Quarantine.objects.get()
    assert (kept.revises_id, kept.api_key_id) == (item.pk, Submission.objects.get(pk=item.pk).api_key_id)


def test_the_report_says_who_still_posts_by_the_version_before(world: World) -> None:
    next_version(world, "zone", until=now() + timedelta(days=7))
    issuer = make_person("ines")
    late = world.key
    new = configuring.issue_key(world.flow, by=issuer.user)
    world.post(a_post())
    world.key = new
    answers = [world.post(a_post("zone")) for _ in range(2)]
    world.key = late
    answers.append(world.post(a_post()))

    told = report(world)

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert [(each.number, each.items, each.ended) for each in told.versions] == [(2, 2, False), (1, 2, False)]
    assert [each.number for each in told.late] == [1]
    assert [(each.issued_by, each.items) for each in told.versions[0].posters] == [("Ines", 2)]
    key = Submission.objects.order_by("-received_at")[0].api_key_id
    assert [(each.key, each.items) for each in told.versions[1].posters] == [(str(key)[-8:], 2)]


def test_the_report_says_until_when_each_version_was_taken(world: World, time_machine: Any) -> None:
    second = next_version(world, "zone", until=now() + timedelta(days=90))
    third = next_version(world, "roof", until=now() + timedelta(days=7))

    told = report(world)

    assert [each.until for each in told.versions] == [None, third.earlier_until, third.created_at]
    assert [each.ended for each in told.versions] == [False, False, True]
    assert second.earlier_until is not None
    time_machine.move_to(now() + timedelta(days=8))
    assert [each.ended for each in report(world).versions] == [False, True, True]


def test_the_report_leaves_out_what_is_older_than_thirty_days(world: World, time_machine: Any) -> None:
    world.post(a_post())
    time_machine.move_to(now() + timedelta(days=31))

    assert [each.items for each in report(world).versions] == [0]


def test_the_report_is_bounded_and_says_so(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(contracts, "LOOKED_AT", 2)
    received = [Submission.objects.get(pk=world.post(a_post()).json()["id"]).received_at for _ in range(3)]

    with CaptureQueriesContext(connection) as asked:
        told = report(world)

    assert [each.items for each in told.versions] == [2]
    assert told.counted_since == received[1]
    assert len(asked) == 2
