"""Records to print: a small whole one, with anything in it changed, and what common tools say of the PDF."""

import subprocess
from pathlib import Path
from typing import Any

import rfc8785

_HASH = "ab" * 32


def a_record(**changes: Any) -> dict[str, Any]:
    """Give a record of a payout that one person approved."""
    act = {
        "type": "claim.payout", "effect": "pay", "subject": "claim/T-1", "amount": "500.00", "currency": "USD",
        "amount_at_stake": "500.00", "payees": None, "lines": None, "output": {"pay": "500.00"}, "salt": "c2FsdA",
    }  # fmt: skip
    document = {
        "external_id": "T-1",
        "action": {"type": "claim.payout", "effect": "pay", "title": "Pay contents damage"},
        "snapshot": {"input": {"cause": "flood"}, "current": {"pay": "400.00"}, "output": {"pay": "500.00"}},
    }
    return {
        "v": 1, "typ": "countersign.record",
        "organisation": "Harbour Mutual",
        "portal": "https://countersign.example",
        "log": "countersign.example/log/1",
        "item": {
            "id": "01a20516-6938-7d01-b6f2-b2f4a632d407", "flow": {"slug": "claims", "name": "Claims"},
            "external_id": "T-1", "subject": "claim/T-1", "tenant": "", "environment": "", "jurisdiction": "US-TX",
            "requested_by": None, "received_at": "2026-11-20T09:00:00.000000Z", "due_at": None, "expires_at": None,
        },
        "decision": {
            "id": "01a20516-0000-7d01-b6f2-b2f4a632d407", "outcome": "approved", "basis": "signatures", "revision": 1,
            "overridden": False, "decided_at": "2026-11-20T09:31:07.123456Z", "entry": "e2",
            "title": "Pay contents damage", "act": act, "act_sha256": _HASH, "active_ms": 1,
        },
        "policy": {
            "id": "p", "name": "payouts", "version": 3, "sha256": _HASH, "rule": "small",
            "reasons": [{"code": "rule_matched", "sentence": "Small payouts need one adjuster."}],
            "asked_for": ["adjuster x 1"], "applied_at": "2026-11-01T00:00:00.000000Z",
        },
        "plan": [{"revision": 1, "stage": 1, "n": 1, "role": "adjuster", "role_title": "Adjuster",
                  "meaning": "Approval", "signature": "s1", "signed_by": "Ana Petrović"}],
        "signatures": [a_signature()],
        "revisions": [{
            "revision": 1, "posted_as": 1, "at": "2026-11-20T09:00:00.000000Z", "sha256": _HASH, "act_sha256": _HASH,
            "entry": "e1", "rule": "small", "reasons": [], "asked_for": [], "document": document, "titles": {},
            "changed_by": None, "changes": [], "overrides": {},
        }],
        "attachments": [],
        "story": [a_step(0, "Received from Claims."), a_step(1, "Decided: approved.")],
        "checkpoint": "countersign.example/log/1\n2\nqqqq\n\n— countersign.example/log/1 qqqq\n",
        "keys": {"log": [{"vkey": "countersign.example/log/1+00000000+AAAA"}], "receipt": []},
        "check": "#!/bin/bash\n",
    } | changes  # fmt: skip


def a_signature(**changes: Any) -> dict[str, Any]:
    """Give one signature as records hold it."""
    return {
        "id": "s1", "entry": "e2", "revision": 1, "stage": 1, "signer": "u1", "printed_name": "Ana Petrović",
        "on_behalf_of": None, "role": "adjuster", "role_title": "Adjuster", "meaning": "Approval",
        "verdict": "approve", "reason": "", "auth_method": "password+totp", "assurance": "server-attested",
        "signed_at": "2026-11-20T09:31:06.000000Z", "statement": "I approve it.", "intent": {}, "shown": {},
        "intent_sha256": _HASH, "act_sha256": _HASH, "shown_sha256": _HASH, "passkey": None,
    } | changes  # fmt: skip


def a_step(index: int, sentence: str) -> dict[str, Any]:
    """Give one entry of a story as records hold it."""
    return {
        "index": index, "entry": f"e{index + 1}", "at": "2026-11-20T09:31:07.123456Z", "kind": "x", "leaf": "{}",
        "sentence": sentence, "version": None, "state": None, "leaf_hash": _HASH, "disclosures": [], "hashes": [],
    }  # fmt: skip


def with_snapshot(record: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Put parts into the snapshot of a record; the output is the act's too."""
    record["revisions"][0]["document"]["snapshot"] |= parts
    if "output" in parts:
        record["decision"]["act"]["output"] = parts["output"]
    return record


def as_bytes(record: dict[str, Any]) -> bytes:
    """Write a record as it is kept."""
    return rfc8785.dumps(record)


def tool(*words: str | Path) -> str:
    """Run a public tool that must succeed, and give what it says."""
    ran = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode(errors="replace")
    return ran.stdout.decode()
