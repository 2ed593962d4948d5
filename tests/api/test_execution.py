"""Execution: the first `started` consumes the receipt, and only a receipt of ours for this item starts anything."""

import base64
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from audit import exhibits
from audit.sealing import keys
from portal.kit.clock import now
from reviews import receipts
from reviews.actions import configuring
from reviews.models import ExecutionReport
from reviews.words import Verdict
from tests.api.asking import at_once, decide, decision, refusal, send
from tests.factories import SEEDER, World, make_item, make_world, story

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def report(world: World, item: Any, status: str, receipt: str, **more: str) -> Any:
    return send(world, f"/api/v1/items/{item.pk}/execution", {"receipt": receipt, "status": status} | more)


def claims(receipt: str) -> dict[str, Any]:
    opened = jws.deserialize_compact(receipt, receipts.published(), algorithms=["EdDSA"])
    told: dict[str, Any] = json.loads(opened.payload)
    return told


def test_an_execution_is_started_and_ends_once(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]

    started = report(world, item, "started", receipt)
    ended = report(world, item, "succeeded", receipt, reference="wire-77", detail="paid at noon")
    again = report(world, item, "failed", receipt)

    assert (started.status_code, ended.status_code) == (200, 200)
    assert refusal(again) == (409, "execution_conflict")
    assert story(item)[-2:] == ["execution.reported", "execution.reported"]
    last = ExecutionReport.objects.get(reference="wire-77")
    assert exhibits.open(last.detail_id) == b"paid at noon"


@pytest.mark.django_db(transaction=True)
def test_of_fifty_starts_at_once_exactly_one_is_answered_200() -> None:
    world = make_world()
    item = decide(world)
    receipt = decision(world, item)["receipt"]

    answers = at_once(10, lambda _: report(world, item, "started", receipt), range(50))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"receipt_consumed"}
    assert ExecutionReport.objects.count() == 1


def test_unknown_blocks_another_start(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]

    assert report(world, item, "unknown", receipt).status_code == 200
    assert refusal(report(world, item, "started", receipt)) == (409, "receipt_consumed")


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_an_end_needs_a_start(world: World, status: str) -> None:
    item = decide(world)

    answer = report(world, item, status, decision(world, item)["receipt"])

    assert refusal(answer) == (409, "execution_conflict")
    assert not ExecutionReport.objects.exists()


def test_nothing_starts_while_the_flow_is_suspended(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]
    configuring.suspend_flow(world.flow, by=SEEDER)
    stopped = report(world, item, "started", receipt)
    configuring.resume_flow(world.flow, by=SEEDER)

    assert refusal(stopped) == (409, "flow_suspended")
    assert report(world, item, "started", receipt).status_code == 200


def test_what_was_started_may_end_while_the_flow_is_suspended(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]
    report(world, item, "started", receipt)
    configuring.suspend_flow(world.flow, by=SEEDER)

    assert report(world, item, "succeeded", receipt).status_code == 200


def test_the_receipt_of_another_item_starts_nothing(world: World) -> None:
    item, other = decide(world), decide(world)

    answer = report(world, item, "started", decision(world, other)["receipt"])

    assert refusal(answer) == (422, "receipt_invalid")


def forgeries(receipt: str) -> dict[str, str]:
    """Give receipts that look right and are not ours."""
    head, body, signature = receipt.split(".")
    payload = base64.urlsafe_b64decode(body + "==")
    kid = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    header = {"typ": receipts.TYPE, "kid": kid}
    public = keys.public_keys("receipt")[0].public
    none = base64.urlsafe_b64encode(json.dumps(header | {"alg": "none"}).encode()).rstrip(b"=").decode()
    altered = base64.urlsafe_b64encode(payload.replace(b"claims-core", b"wires-core")).decode().rstrip("=")
    stranger = OKPKey.generate_key("Ed25519")
    ours = OKPKey.import_key(keys.signing_keys("receipt")[0][1])
    return {
        "alg none": f"{none}.{body}.",
        "HS256 with the public key": jws.serialize_compact(
            header | {"alg": "HS256"}, payload, OctKey.import_key(public), algorithms=["HS256"]
        ),
        "a stranger's key": jws.serialize_compact(header | {"alg": "EdDSA"}, payload, stranger, algorithms=["EdDSA"]),
        "another type": jws.serialize_compact(
            header | {"alg": "EdDSA", "typ": "JWT"}, payload, ours, algorithms=["EdDSA"]
        ),
        "other claims": f"{head}.{altered}.{signature}",
        "no signature": f"{head}.{body}.",
        "text": "receipt",
        "nothing": "",
        "dots": "...",
        "bytes": "ÿ.é.ß",
        "a list": "W10.W10.W10",
    }


def test_no_forged_receipt_starts_anything(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]

    answers = {name: report(world, item, "started", forged) for name, forged in forgeries(receipt).items()}

    assert {name: refusal(answer) for name, answer in answers.items()} == dict.fromkeys(
        answers, (422, "receipt_invalid")
    )
    assert not ExecutionReport.objects.exists()


def test_an_expired_receipt_starts_nothing_and_a_fresh_one_does(world: World) -> None:
    item = decide(world)
    old = decision(world, item)["receipt"]

    with time_machine.travel(now() + timedelta(minutes=16)):
        late = report(world, item, "started", old)
        fresh = decision(world, item)["receipt"]
        started = report(world, item, "started", fresh)

    assert refusal(late) == (422, "receipt_invalid")
    assert started.status_code == 200


def test_an_end_may_be_reported_long_after_the_receipt_expired(world: World) -> None:
    item = decide(world)
    receipt = decision(world, item)["receipt"]
    report(world, item, "started", receipt)

    with time_machine.travel(now() + timedelta(hours=5)):
        assert report(world, item, "succeeded", receipt).status_code == 200


def test_each_receipt_of_a_decision_has_the_same_jti_and_lives_fifteen_minutes(world: World) -> None:
    item = decide(world)
    first = claims(decision(world, item)["receipt"])
    with time_machine.travel(now() + timedelta(minutes=3)):
        second = claims(decision(world, item)["receipt"])

    assert first["jti"] == second["jti"]
    assert second["iat"] - first["iat"] >= 179
    assert first["exp"] - first["iat"] == 900
    assert (first["aud"], first["sub"], first["dec"]) == (
        "claims-core", f"urn:countersign:item:{item.pk}", "approved",
    )  # fmt: skip


def test_there_is_no_receipt_once_the_execution_was_started(world: World) -> None:
    item = decide(world)
    told = decision(world, item)
    report(world, item, "started", told["receipt"])

    after = decision(world, item)

    assert after["receipt"] is None
    assert {name: after[name] for name in ("outcome", "act", "ledger")} == {
        name: told[name] for name in ("outcome", "act", "ledger")
    }


def test_a_rejected_item_is_never_executed(world: World) -> None:
    item = decide(world, Verdict.REJECT)
    told = decision(world, item)

    answer = report(world, item, "started", told["receipt"])

    assert claims(told["receipt"])["dec"] == "rejected"
    assert refusal(answer) == (422, "receipt_invalid")


def test_an_undecided_item_is_never_executed(world: World) -> None:
    decided, open_item = decide(world), make_item(world)

    answer = report(world, open_item, "started", decision(world, decided)["receipt"])

    assert refusal(answer) == (422, "receipt_invalid")


def test_another_flow_reports_nothing(world: World) -> None:
    item = decide(world)

    answer = report(make_world(), item, "started", decision(world, item)["receipt"])

    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"{", (400, "json_invalid")),
        (b'{"receipt": "a", "receipt": "b", "status": "started"}', (400, "json_invalid")),
        (b'{"receipt": "a", "status": "started", "reference": "\\u0000"}', (400, "json_invalid")),
        (b'{"receipt": "a"}', (422, "request_invalid")),
        (b'{"receipt": "a", "status": "begun"}', (422, "request_invalid")),
        (b'{"receipt": "a", "status": "started", "reference": "' + b"x" * 201 + b'"}', (422, "request_invalid")),
        (b"", (422, "request_invalid")),
    ],
)
def test_a_report_that_cannot_be_read_is_refused(world: World, sent: bytes, answered: tuple[int, str]) -> None:
    item = make_item(world)

    assert refusal(send(world, f"/api/v1/items/{item.pk}/execution", sent)) == answered
