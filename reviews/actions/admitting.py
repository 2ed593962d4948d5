"""Who is calling: a flow's gate (keys, secrets, contract), kept by the flow's configuration version."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit import keyring
from portal.kit import webhooks
from portal.kit.clock import now
from portal.kit.problems import Problem
from reviews import contracts
from reviews.models import ApiKey, Flow

_RECHECK_AFTER = 1.0
_gates: dict[str, tuple["Gate", float]] = {}
_lock = threading.Lock()


class KeyInvalid(Problem):
    """No such flow, or not its key: one answer for both, so that nobody learns which flows exist."""

    code = "key_invalid"
    status = 401
    title = "The API key is not valid for this flow"


class SignatureInsteadOfId(Problem):
    """A post without an idempotency id."""

    code = "idempotency_id_missing"
    status = 400
    title = "The post has no idempotency id"


@dataclass(frozen=True, slots=True)
class Gate:
    """What intake must know of a flow, frozen at one configuration version."""

    flow_id: UUID
    slug: str
    config_version: int
    keys: Mapping[bytes, UUID]
    secrets: tuple[bytes, ...]
    contract: Any
    contract_id: UUID | None
    accepts_unsigned: bool
    posts_per_minute: int
    posts_per_day: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated post: the flow's gate, the key that was used, the idempotency id."""

    gate: Gate
    key_id: UUID
    idempotency_id: str


def admit(slug: str, headers: Mapping[str, str], body: bytes) -> Caller:
    """Check key and signature of a post; a refusal is given only by a gate that was read just now."""
    gate = _gate(slug)
    try:
        return _admit(gate, headers, body)
    except Problem:
        fresh = reload_gate(slug, unless_younger_than=_RECHECK_AFTER)
        if fresh is None or gate is None or fresh.config_version == gate.config_version:
            raise
        return _admit(fresh, headers, body)


def reload_gate(slug: str, *, unless_younger_than: float = 0.0) -> Gate | None:
    """Read a flow's gate from the database, at most once per `unless_younger_than` seconds."""
    known = _gates.get(slug)
    if known is not None and time.monotonic() - known[1] < unless_younger_than:
        return known[0]
    gate = _read(slug)
    with _lock:
        if gate is None:
            _gates.pop(slug, None)
        else:
            _gates[slug] = (gate, time.monotonic())
    return gate


def forget() -> None:
    """Drop every gate this process remembers."""
    _gates.clear()


def identify(headers: Mapping[str, str]) -> ApiKey:
    """Find the flow's key behind a read request. Raises KeyInvalid."""
    digest = _key_digest(headers)
    key = ApiKey.objects.filter(digest=digest, revoked_at=None).first() if digest else None
    if key is None:
        raise KeyInvalid("Send `Authorization: Bearer csk_…` with a live key of the flow.")
    return key


def _gate(slug: str) -> Gate | None:
    known = _gates.get(slug)
    return known[0] if known is not None else reload_gate(slug)


def _admit(gate: Gate | None, headers: Mapping[str, str], body: bytes) -> Caller:
    digest = _key_digest(headers)
    if gate is None or digest is None or digest not in gate.keys:
        raise KeyInvalid("Send `Authorization: Bearer csk_…` with a live key of this flow.")
    key_id = gate.keys[digest]
    if gate.accepts_unsigned and "webhook-signature" not in headers:
        return Caller(gate, key_id, _idempotency_key(headers))
    verified = webhooks.verify(headers, body, gate.secrets, now())
    return Caller(gate, key_id, verified.id)


def _idempotency_key(headers: Mapping[str, str]) -> str:
    given = headers.get("idempotency-key", "")
    if not 0 < len(given) <= 255:
        raise SignatureInsteadOfId("Send an `Idempotency-Key` of 1 to 255 characters, or sign the post.")
    return given


def _key_digest(headers: Mapping[str, str]) -> bytes | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.startswith("csk_"):
        return None
    return hashlib.sha256(key.encode()).digest()


def _read(slug: str) -> Gate | None:
    flow = Flow.objects.select_related("contract").filter(slug=slug).first()
    if flow is None:
        return None
    keys = flow.keys.filter(revoked_at=None).values_list("digest", "id")
    secrets = flow.secrets.filter(retired_at=None).values_list("wrapped", flat=True)
    return Gate(
        flow_id=flow.pk,
        slug=slug,
        config_version=flow.config_version,
        keys={bytes(digest): key_id for digest, key_id in keys},
        secrets=tuple(keyring.unwrap(bytes(wrapped), purpose="webhook-secret") for wrapped in secrets),
        contract=contracts.compile(flow.contract.schema) if flow.contract else None,
        contract_id=flow.contract_id,
        accepts_unsigned=flow.accepts_unsigned,
        posts_per_minute=flow.posts_per_minute,
        posts_per_day=flow.posts_per_day,
        suspended=flow.suspended_at is not None,
    )
