"""Who is calling: a flow's gate (keys, secrets, contract), kept by the flow's configuration version."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit import keyring
from portal.kit import webhooks
from portal.kit.clock import now
from portal.kit.problems import Problem
from reviews import contracts
from reviews.models import ApiKey, Flow

_gates: dict[str, "Gate"] = {}
_lock = threading.Lock()


class KeyInvalid(Problem):
    """No such flow, or not its key: one answer for both, so that nobody learns which flows exist."""

    code = "key_invalid"
    status = 401
    title = "The API key is not valid for this flow"


class IdempotencyIdMissing(Problem):
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
    """An authenticated post: the flow's gate, the key that was used, the id it brought, its proof."""

    gate: Gate
    key_id: UUID
    idempotency_id: str | None
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def admit(slug: str, headers: Mapping[str, str], body: bytes) -> Caller:
    """Check key and signature of a post; a refusal is given only by a gate that is in force now."""
    gate = _gates.get(slug)
    if gate is not None:
        try:
            return _admit(gate, headers, body)
        except Problem:
            if _in_force(gate):
                raise
    return _admit(_reload(slug), headers, body)


def admit_by_key(slug: str, headers: Mapping[str, str]) -> Caller:
    """Check the key of a caller whose body is no decision to make, such as a file; always by the gate in force."""
    gate = _gates.get(slug)
    if gate is None or not _in_force(gate):
        gate = _reload(slug)
    digest = _key_digest(headers)
    if gate is None or digest is None or digest not in gate.keys:
        raise KeyInvalid("Send `Authorization: Bearer csk_…` with a live key of this flow.")
    return Caller(gate, gate.keys[digest], None, headers, b"")


def readmit(caller: Caller) -> Caller:
    """Ask again at the gate in force now; the same caller when nothing changed. Raises as `admit` does."""
    if _in_force(caller.gate):
        return caller
    return _admit(_reload(caller.gate.slug), caller.headers, caller.body)


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


def _in_force(gate: Gate) -> bool:
    """Tell whether a gate is still how the flow is configured: one indexed look, and no contract compiled."""
    return Flow.objects.filter(pk=gate.flow_id, config_version=gate.config_version).exists()


def _reload(slug: str) -> Gate | None:
    gate = _read(slug)
    with _lock:
        if gate is None:
            _gates.pop(slug, None)
        else:
            _gates[slug] = gate
    return gate


def _admit(gate: Gate | None, headers: Mapping[str, str], body: bytes) -> Caller:
    digest = _key_digest(headers)
    if gate is None or digest is None or digest not in gate.keys:
        raise KeyInvalid("Send `Authorization: Bearer csk_…` with a live key of this flow.")
    if gate.accepts_unsigned and "webhook-signature" not in headers:
        idempotency_id = _idempotency_key(headers)
    else:
        idempotency_id = webhooks.verify(headers, body, gate.secrets, now()).id
    return Caller(gate, gate.keys[digest], idempotency_id, headers, body)


def _idempotency_key(headers: Mapping[str, str]) -> str | None:
    given = headers.get("idempotency-key", "")
    return given if 0 < len(given) <= 255 else None


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
