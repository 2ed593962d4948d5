"""People, flows and items for tests, all made by the real actions."""

import base64
import hashlib
import json
import secrets
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client

from audit import ledger
from audit.actors import SystemJob
from portal.accounts import actions as accounts
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit import webhooks
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from portal.kit.problems import Problem
from reviews import files
from reviews.actions import configuring, opening, routing, signing, taking
from reviews.models import Flow, Item, Queue, Signature
from reviews.words import Verdict

SEEDER = SystemJob.SEEDER
_serial = count(1)

POLICY = """
policy: payouts
fallback:
  queue: exceptions
  plan:
    - role: senior-adjuster
      meaning: Decision on an exception
rules:
  - name: denials
    when: action.effect in ["deny", "partial"]
    reason: Denials are always signed twice.
    queue: payouts
    priority: high
    due: 4h
    plan:
      - role: adjuster
        meaning: Review
      - role: senior-adjuster
        meaning: Approval
  - name: tiny
    when: action.effect == "pay" && action.amount_at_stake <= 1.0
    reason: A dollar needs nobody.
    queue: payouts
    auto_approve: true
    effects: [pay]
  - name: small
    when: action.effect == "pay" && action.amount_at_stake <= 10000.0
    reason: Small payouts need one adjuster.
    queue: payouts
    due: 1d
    plan:
      - role: adjuster
        meaning: Approval
  - name: large
    when: action.effect == "pay" && action.amount_at_stake > 10000.0
    reason: Large payouts need two.
    queue: payouts
    due: 1d
    plan:
      - role: adjuster
        meaning: Review
      - role: senior-adjuster
        meaning: Approval
"""


@dataclass
class Person:
    """A user with what they type at a ceremony."""

    user: User
    password: str
    totp_secret: bytes
    session: str = field(default_factory=lambda: secrets.token_hex(8))

    def factors(self, *, at: Any = None) -> Factors:
        """Give password and the code of the moment."""
        return Factors(self.password, self.code(at=at))

    def code(self, *, at: Any = None) -> str:
        """Give the one-time code of the moment."""
        moment = (at or now()).timestamp()
        return TOTP(self.totp_secret, 6, SHA1(), 30).generate(int(moment)).decode()  # noqa: S303  RFC 6238


@dataclass
class World:
    """A flow with its key and secret, queues and a policy."""

    flow: Flow
    key: str
    secret: str
    queue: Queue
    exceptions: Queue

    def headers(self, raw: bytes, *, webhook_id: str | None = None, at: Any = None) -> dict[str, str]:
        """Sign a body as the flow does."""
        key = webhooks.Secret.parse(self.secret).key
        signed = webhooks.signed_headers(webhook_id or str(new_id()), at or now(), raw, [key])
        return signed | {"authorization": f"Bearer {self.key}", "content-type": "application/json"}

    def post(
        self, document: dict[str, Any] | bytes, *, client: Client | None = None, query: str = "", **signed: Any
    ) -> Any:
        """Post a document through Django's test client."""
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = self.headers(raw, **signed)
        content_type = headers.pop("content-type")
        path = f"/api/v1/flows/{self.flow.slug}/items{query}"
        return (client or Client()).post(path, raw, content_type=content_type, headers=headers)

    def send_file(self, content: bytes, *, media_type: str = "text/plain", **headers: str) -> Any:
        """Upload bytes as the flow does, whatever the answer is; a header given as empty is left out."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        sent = {"authorization": f"Bearer {self.key}", "content_digest": f"sha-256=:{digest}:"} | headers
        kept = {name.replace("_", "-"): value for name, value in sent.items() if value}
        path = f"/api/v1/flows/{self.flow.slug}/uploads"
        return Client().post(path, content, content_type=media_type, headers=kept)

    def upload(self, content: bytes, name: str, media_type: str = "text/plain") -> dict[str, Any]:
        """Upload a file and give what an item names it by."""
        answer = self.send_file(content, media_type=media_type)
        assert answer.status_code == 201, answer.content
        told = answer.json()
        return {"name": name, "upload": told["upload"], "sha256": told["sha256"]}

    def get(self, path: str) -> Any:
        """Read as the flow does."""
        return Client().get(path, headers={"authorization": f"Bearer {self.key}"})


def make_person(username: str, *roles: Role, verified: bool = True) -> Person:
    """Add a person with roles and an authenticator app, their identity verified by somebody else."""
    password, secret = secrets.token_urlsafe(12), secrets.token_bytes(20)
    user = accounts.add_person(f"{username}-{next(_serial)}", username.title(), password, by=SEEDER)
    accounts.enrol_totp(user, b32encode(secret).decode(), by=SEEDER)
    for role in roles:
        accounts.grant_role(user, role, by=SEEDER)
    if verified:
        verifier = accounts.add_person(f"verifier-{next(_serial)}", "Verifier", secrets.token_urlsafe(12), by=SEEDER)
        accounts.verify_identity(user, by=verifier)
    return Person(User.objects.get(pk=user.pk), password, secret)


def make_world(*, policy: str = POLICY, contract: dict[str, Any] | None = None, **flow_options: Any) -> World:
    """Open the queues, put the policy in force, register a flow with key and secret."""
    number = next(_serial)
    policy = policy.replace("policy: payouts", f"policy: payouts-{number}")
    policy = policy.replace("queue: payouts", f"queue: payouts-{number}")
    policy = policy.replace("queue: exceptions", f"queue: exceptions-{number}")
    queue = configuring.open_queue(f"payouts-{number}", "Payouts", by=SEEDER)
    exceptions = configuring.open_queue(f"exceptions-{number}", "Exceptions", by=SEEDER)
    for role in (Role.ADJUSTER, Role.SENIOR_ADJUSTER):
        for each in (queue, exceptions):
            accounts.grant_access(role, "review_in_queue", each, by=SEEDER)
    version = configuring.apply_policy(policy, by=SEEDER)
    flow = configuring.register_flow(
        f"claims-{number}", "Claims", version.policy, by=SEEDER, audience="claims-core", **flow_options
    )
    if contract is not None:
        configuring.apply_contract(flow, contract, by=SEEDER)
    key, secret = configuring.issue_key(flow, by=SEEDER), configuring.issue_secret(flow, by=SEEDER)
    return World(Flow.objects.get(pk=flow.pk), key, secret, queue, exceptions)


def a_document(**changes: Any) -> dict[str, Any]:
    """Give an item document: a payout of 500 USD unless told otherwise."""
    action = {
        "type": "claim.payout",
        "effect": "pay",
        "title": "Pay contents damage",
        "subject": f"claim/T-{next(_serial)}",
        "amount": "500.00",
        "amount_at_stake": "500.00",
        "currency": "USD",
    } | changes.pop("action", {})
    snapshot = {
        "input": {"cause": "flood"},
        "output": {"pay": action["amount"]},
        "prompt": {"name": "triage", "version": "2026.11.3"},
        "model": {"provider": "azure", "name": "gpt-4o", "version": "2024-08-06"},
        "usage": {"input_tokens": 10, "output_tokens": 2, "cost": "0.0113", "currency": "USD", "latency_ms": 7},
    }
    return {"external_id": f"T-{next(_serial)}", "action": action, "snapshot": snapshot} | changes


def make_item(world: World, **changes: Any) -> Item:
    """Post a document over the wire and route it."""
    answer = world.post(a_document(**changes))
    assert answer.status_code == 202, answer.content
    routing.route_now(ItemId(answer.json()["id"]))
    return Item.objects.get(pk=answer.json()["id"])


def open_all(item: Item, person: Person) -> None:
    """Note that a person was shown every file of an item."""
    for each in files.attachments(item, person.user):
        opening.opened(item.pk, each.upload, by=person.user)


def take(item: Item, person: Person) -> Item:
    """Take an item and read it again."""
    taking.take(ItemId(item.pk), by=person.user)
    return Item.objects.get(pk=item.pk)


def sign(item: Item, person: Person, verdict: Verdict = Verdict.APPROVE, reason: str = "", **given: Any) -> Signature:
    """Sign an item the person holds, with a whole ceremony."""
    current = Item.objects.get(pk=item.pk)
    intent = signing.prepare(
        ItemId(item.pk),
        by=person.user,
        session_ref=person.session,
        seen=current.version,
        verdict=verdict,
        reason=reason,
    )
    factors = given.get("factors") or person.factors()
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=factors)


def story(item: Item | Any) -> list[str]:
    """Give the kinds of an item's entries, oldest first."""
    return [told.kind for told in ledger.story(getattr(item, "pk", item))]


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Problem]]:
    """Expect a Problem with this code."""
    with pytest.raises(Problem) as caught:
        yield caught
    assert caught.value.name == code, f"{caught.value.name}: {caught.value.detail}"
