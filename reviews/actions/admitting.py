"""Who is calling: a flow's gate (keys, secrets, contract), kept by the flow's configuration version."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from audit import keyring
from portal.kit import webhooks
from portal.kit.clock import now
from portal.kit.problems import Problem
from reviews import contracts
from reviews.contracts import Contract
from reviews.models import ApiKey, Flow
from reviews.models import Contract as Version

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
class Accepted:
    """A version of a flow's data contract that intake takes, compiled; until a moment, or while it is the newest."""

    id: UUID
    contract: Contract
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What intake must know of a flow, frozen at one configuration version."""

    flow_id: UUID
    slug: str
    config_version: int
    keys: Mapping[bytes, UUID]
    secrets: tuple[bytes, ...]
    contracts: tuple[Accepted, ...]
    accepts_unsigned: bool
    posts_per_minute: int
    posts_per_day: int
    suspended: bool

    def accepted(self) -> list[Accepted]:
        """Give the versions of the contract that are taken at this moment, the newest first."""
        moment = now()
        return [each for each in self.contracts if each.until is None or moment < each.until]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated post: the flow's gate, the key that was used, the id it brought, its proof.

    `is_kept` marks a post that was authentic when it came and was kept since: it has no proof for another time.
    """

    gate: Gate
    key_id: UUID
    idempotency_id: str | None
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_kept: bool = False


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


def admit_kept(slug: str, key_id: UUID, idempotency_id: str, headers: Mapping[str, str], body: bytes) -> Caller:
    """Let in a post that was authentic when it came and was kept since; its key must still be live.

    A signature is good for minutes, so it is not asked for once more. Raises KeyInvalid.
    """
    gate = _gates.get(slug)
    if gate is None or not _in_force(gate):
        gate = _reload(slug)
    if gate is None or key_id not in gate.keys.values():
        raise KeyInvalid("The key it came with was revoked since. Ask the flow to post it again.")
    return Caller(gate, key_id, idempotency_id, headers, body, is_kept=True)


def readmit(caller: Caller) -> Caller:
    """Ask again at the gate in force now; the same caller when nothing changed. Raises as `admit` does."""
    if _in_force(caller.gate):
        return caller
    slug, id_ = caller.gate.slug, caller.idempotency_id
    if caller.is_kept:
        return admit_kept(slug, caller.key_id, id_ or "", caller.headers, caller.body)
    return _admit(_reload(slug), caller.headers, caller.body)


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
        contracts=_accepted(flow.contract) if flow.contract else (),
        accepts_unsigned=flow.accepts_unsigned,
        posts_per_minute=flow.posts_per_minute,
        posts_per_day=flow.posts_per_day,
        suspended=flow.suspended_at is not None,
    )


def _accepted(newest: Version) -> tuple[Accepted, ...]:
    """Compile the contract in force and, until its date, the version before it."""
    found = [Accepted(newest.pk, contracts.compile(newest.schema))]
    until = newest.earlier_until
    if until is not None and now() < until:
        before = Version.objects.filter(flow_id=newest.flow_id, version=newest.version - 1).first()
        found += [Accepted(before.pk, contracts.compile(before.schema), until)] if before else []
    return tuple(found)
