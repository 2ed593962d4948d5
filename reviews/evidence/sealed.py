"""The proof in a record: the item's entries as they stand in the log, their way to one signed root, and the keys."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.api import proving
from audit.ledger import Told
from audit.sealing import keys as signing
from audit.sealing import notes
from audit.sealing.proofs import NotSealed
from portal.kit.clock import stamp

# A fixed head of DER: SubjectPublicKeyInfo of an Ed25519 key, whose 32 bytes follow (RFC 8410).
_SPKI = bytes.fromhex("302a300506032b6570032100")


@dataclass(frozen=True, slots=True)
class Proof:
    """The sealed entries of an item by id, all under one checkpoint."""

    entries: dict[UUID, dict[str, Any]]
    checkpoint: str


def proof(item_id: UUID, decided: UUID) -> Proof:
    """Prove every entry of an item that has its place; raises NotSealed while the decision's has none."""
    proved = {UUID(each["entry"]): each for each in proving.proofs_of(item_id)["entries"]}
    if decided not in proved:
        raise NotSealed("The decision waits for its place in the log; try again in a second.")
    return Proof(proved, proved[decided]["checkpoint"])


def story(told: list[Told], proved: Proof, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tell every entry in a sentence, with its exact leaf, what the leaf's digests stand for, and its proof.

    `names` are those of flow and queues by their ids, which alone stand in the leaves.
    """
    return [_told(each, proved.entries[each.eid], names) for each in told]


def keys(checkpoint: str) -> dict[str, Any]:
    """Give every public key of the log, first the one that wrote the checkpoint's last line, and of the receipts."""
    note = notes.parse(checkpoint)
    last = note.signatures[-1].key_id
    log = sorted(signing.public_keys("log"), key=lambda each: notes.key_id(note.origin, each.public) != last)
    return {
        "log": [_key(each) | {"vkey": notes.verifier_key(note.origin, each.public)} for each in log],
        "receipt": [_key(each) for each in signing.public_keys("receipt")],
    }


def _told(each: Told, proved: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    sentence = each.sentence
    for id_, name in names.items():
        sentence = sentence.replace(id_, name)
    return {
        "index": proved["index"],
        "entry": str(each.eid),
        "at": stamp(each.at),
        "kind": each.kind,
        "sentence": sentence,
        "version": each.version,
        "state": each.state,
        "leaf": proved["leaf"],
        "leaf_hash": proved["leaf_hash"],
        "disclosures": list(each.disclosed),
        "hashes": proved["hashes"],
    }


def _key(key: signing.PublicKey) -> dict[str, Any]:
    encoded = b64encode(_SPKI + key.public).decode()
    return {
        "kid": key.kid,
        "alg": key.alg,
        "pem": f"-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n",
        "not_before": stamp(key.not_before),
        "retired_at": stamp(key.retired_at) if key.retired_at else None,
        "revoked_at": stamp(key.revoked_at) if key.revoked_at else None,
    }
