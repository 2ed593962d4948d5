"""Announcing signing keys: a key's public half goes into the log it signs, so that nobody can slip one in."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.db import connection

from audit import ledger
from audit.actors import SystemJob
from audit.canonical import b64url
from audit.facts import Fact
from audit.models import SigningKey
from audit.sealing.roles import as_sequencer

_LOCK = 729


@dataclass(frozen=True, slots=True)
class KeyAdded(Fact):
    """A signing key came into use; `public_key` is its raw public half, base64url."""

    kind = "key.added"
    sentence = "{actor} added the {purpose} key {kid}."
    purpose: str
    kid: str
    alg: str
    public_key: str


def announce_keys() -> list[KeyAdded]:
    """Write the entry of every key that has none yet, and give what was announced."""
    with as_sequencer():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
        return [_announce(key) for key in SigningKey.objects.filter(announced_entry=None).order_by("not_before", "kid")]


def _announce(key: SigningKey) -> KeyAdded:
    said = KeyAdded(purpose=key.purpose, kid=key.kid, alg=key.alg, public_key=b64url(bytes(key.public)))
    stream = ledger.Stream("signing_key", uuid5(NAMESPACE_URL, f"urn:countersign:key:{key.kid}"))
    written = ledger.append_next(said, stream=stream, by=SystemJob.SEQUENCER)
    key.announced_entry_id = written.eid
    key.save(update_fields=["announced_entry"])
    return said
