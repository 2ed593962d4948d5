"""The act: the exact object a signature covers and an executor hashes before it does anything."""

import hmac
from typing import Any
from uuid import UUID

from audit import canonical, exhibits

_COPIED = ("subject", "amount", "currency", "payees", "lines")


def salt(key: exhibits.DataKey, item_id: UUID, revision: int) -> str:
    """Derive the act's salt from the subject's data key: whoever destroys the key destroys the salt."""
    label = b"countersign/act-salt/v1\0" + item_id.bytes + revision.to_bytes(4, "big")
    return canonical.b64url(hmac.digest(key.secret, label, "sha256")[:16])


def build(document: dict[str, Any], act_salt: str) -> dict[str, Any]:
    """Give the act of a document: `{type, effect, subject, amount, amount_at_stake, …, output, salt}`.

    Its texts are in NFC, so that whoever hashes the act as `/decision` returns it gets the digest that was signed.
    """
    action = document["action"]
    act: dict[str, Any] = {name: action.get(name) for name in _COPIED}
    act |= {
        "type": action["type"],
        "effect": action["effect"],
        "amount_at_stake": action.get("amount_at_stake", action.get("amount")),
        "output": document["snapshot"]["output"],
        "salt": act_salt,
    }
    normalised: dict[str, Any] = canonical.normalised(act)
    return normalised


def digest(act: dict[str, Any]) -> canonical.Sha256:
    """Hash an act the way the receipt's `act.dig` does (EVIDENCE, R4)."""
    return canonical.prefixed(canonical.ACTION, canonical.strict_bytes(act))
