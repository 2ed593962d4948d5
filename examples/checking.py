"""What an executor checks before it believes anything, offline: a callback's signature, a receipt, its act.

Copy this beside your executor; it needs `cryptography` and `rfc8785`.
"""

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHMS = ("EdDSA", "Ed25519")
TYPE = "countersign-receipt+jwt"
LEEWAY = 30  # seconds two clocks may differ
LONGEST_LIFE = 900  # seconds a receipt may live
TOLERANCE = 300  # seconds a callback may be old


class Refused(Exception):
    """What came is not to be acted upon; the text is a stable code."""


def check_receipt(
    receipt: str, act: dict[str, Any], *, jwks: dict[str, Any], issuer: str, audience: str, at: float
) -> dict[str, Any]:
    """Give the claims of a receipt that allows exactly this act, here and now; Refused otherwise."""
    head, claims, signed, signature = _opened(receipt)
    if head.get("alg") not in ALGORITHMS:
        raise Refused("alg_not_allowed")
    if head.get("typ") != TYPE or "crit" in head:
        raise Refused("typ_wrong")
    _check_signature(signed, signature, _key(jwks, head.get("kid")))
    if claims.get("iss") != issuer:
        raise Refused("issuer_wrong")
    if claims.get("aud") != audience:
        raise Refused("audience_wrong")
    if not _in_time(claims, at):
        raise Refused("outside_its_time")
    if claims.get("dec") != "approved":
        raise Refused("not_approved")
    named = claims.get("act")
    if not isinstance(named, dict) or named.get("alg") != "sha-256" or named.get("dig") != act_digest(act):
        raise Refused("act_differs")
    return claims


def act_digest(act: dict[str, Any]) -> str:
    """Hash an act as the signers' signatures and the receipt do."""
    content = b"countersign/action/v1\0" + rfc8785.dumps(_nfc(act))
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _opened(receipt: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, claims, signature = receipt.split(".")
        parts = json.loads(_b64(head)), json.loads(_b64(claims))
        signed = f"{head}.{claims}".encode("ascii")
        bare = _b64(signature)
    except ValueError:
        raise Refused("not_a_receipt") from None
    if not all(isinstance(part, dict) for part in parts):
        raise Refused("not_a_receipt")
    return parts[0], parts[1], signed, bare


def _key(jwks: dict[str, Any], kid: Any) -> Ed25519PublicKey:
    for key in jwks["keys"]:
        if isinstance(kid, str) and key.get("kid") == kid and key.get("crv") == "Ed25519":
            return Ed25519PublicKey.from_public_bytes(_b64(key["x"]))
    raise Refused("kid_unknown")


def _check_signature(signed: bytes, signature: bytes, key: Ed25519PublicKey) -> None:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise Refused("signature_invalid") from None


def _in_time(claims: dict[str, Any], at: float) -> bool:
    times: list[Any] = [claims.get(name) for name in ("iat", "nbf", "exp")]
    if not all(isinstance(moment, int) and not isinstance(moment, bool) for moment in times):
        return False
    issued, begins, ends = times
    return bool(begins - LEEWAY <= at <= ends + LEEWAY and 0 < ends - issued <= LONGEST_LIFE)


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {_nfc(key): _nfc(inner) for key, inner in value.items()}
    return [_nfc(inner) for inner in value] if isinstance(value, list) else value


def _b64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def check_callback(headers: Mapping[str, str], body: bytes, secret: str, at: float) -> str:
    """Give the id of a callback that the portal signed lately; Refused otherwise."""
    id, sent, signatures = (headers.get(f"webhook-{name}") or "" for name in ("id", "timestamp", "signature"))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{id}.{sent}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(mac).decode()
    offered = [hmac.compare_digest(expected.encode(), each.encode()) for each in signatures.split(" ")]
    if not any(offered):
        raise Refused("signature_invalid")
    if not sent.isdecimal() or abs(at - int(sent)) > TOLERANCE:
        raise Refused("timestamp_out_of_tolerance")
    return id
