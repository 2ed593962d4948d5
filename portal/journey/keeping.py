"""Keeping what the journey proved, in a folder that somebody else can check without this program."""

import json
import shutil
import time
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from audit import canonical, ledger
from audit.sealing import keys, notes, proofs
from audit.sealing.proofs import EntryProof
from portal.casting import Cast
from portal.journey import wire
from portal.journey.trips import Trip

Receipts = dict[str, tuple[str, dict[str, Any]]]

_HERE = Path(__file__).parent
_PATIENCE = 10.0
# A fixed head of DER: SubjectPublicKeyInfo of an Ed25519 key, whose 32 bytes follow (RFC 8410).
_SPKI = bytes.fromhex("302a300506032b6570032100")


def keep(folder: Path, cast: Cast, trips: list[Trip], receipts: Receipts, jwks: dict[str, Any]) -> int:
    """Write keys, checkpoint, proofs, receipts and acts; give how many entries are proved."""
    evidence = folder / "evidence"
    evidence.mkdir()
    _keep_keys(evidence, jwks, cast)
    owners = {told.eid: trip for trip in trips for told in ledger.story(UUID(trip.item_id))}
    proved = _proved(list(owners))
    (evidence / "checkpoint").write_text(proved[0].proof.checkpoint)
    for trip in trips:
        _keep_item(evidence / "items" / trip.external_id, trip, receipts.get(trip.item_id))
    for each in proved:
        _keep_proof(evidence / "items" / owners[each.entry].external_id / "entries", each)
    shutil.copy(_HERE / "check.py", evidence / "check.py")
    shutil.copy(_HERE / "README.txt", folder / "README.txt")
    return len(proved)


def _proved(entries: list[UUID]) -> list[EntryProof]:
    """Prove the entries; the youngest may still be on their way into the log."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return proofs.prove_all(entries)
        except proofs.NotSealed:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _keep_keys(evidence: Path, jwks: dict[str, Any], cast: Cast) -> None:
    log = keys.public_keys("log")[-1].public
    receipt = keys.public_keys("receipt")[-1].public
    audiences = {flow.slug: flow.audience for flow in cast.flows.values()}
    told = {"issuer": settings.PORTAL_URL, "audiences": audiences, "origin": settings.LOG_ORIGIN}
    (evidence / "expected.json").write_text(json.dumps(told, indent=1))
    (evidence / "jwks.json").write_text(json.dumps(jwks, indent=1))
    (evidence / "log.vkey").write_text(notes.verifier_key(settings.LOG_ORIGIN, log) + "\n")
    (evidence / "log.pem").write_text(_pem(log))
    (evidence / "receipt.pem").write_text(_pem(receipt))


def _keep_item(folder: Path, trip: Trip, executed: tuple[str, dict[str, Any]] | None) -> None:
    folder.mkdir(parents=True)
    (folder / "posted.json").write_bytes(trip.raw)
    decision = wire.decision(trip.flow, trip.item_id).body
    (folder / "decision.json").write_text(json.dumps(decision, indent=1))
    if executed:
        receipt, act = executed
        (folder / "receipt.jws").write_text(receipt)
        (folder / "act.json").write_bytes(canonical.strict_bytes(act))


def _keep_proof(folder: Path, each: EntryProof) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{each.proof.index}.json").write_bytes(each.leaf)
    (folder / f"{each.proof.index}.tlog-proof").write_text(each.proof.as_text())


def _pem(public: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{b64encode(_SPKI + public).decode()}\n-----END PUBLIC KEY-----\n"
