"""What the tests of the executor share: a portal's keys, an act, and receipts for it."""

import json
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import canonical
from examples.checking import TYPE, act_digest
from portal.kit import webhooks

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
JWKS = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": canonical.b64url(PUBLIC)}]}
ISSUER, AUDIENCE = "http://portal.test", "claims-core"
SECRET = webhooks.Secret.generate()

ACT = {
    "type": "claim.payout", "effect": "pay", "subject": "claim/Zoë", "amount": "18250.00", "currency": "USD",
    "amount_at_stake": "18250.00", "payees": None, "lines": None, "output": {"total": "18250.00"}, "salt": "s",
}  # fmt: skip


def claims(**changes):
    """Give the claims of a receipt for the act."""
    moment = int(time.time())
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "urn:countersign:item:i", "jti": "j", "iat": moment, "nbf": moment,
        "exp": moment + 900, "dec": "approved",
        "act": {"typ": "claim.payout", "alg": "sha-256", "dig": act_digest(ACT)},
    } | changes  # fmt: skip


def receipt(sign=KEY.sign, head=None, **changes):
    """Give a signed receipt."""
    header = {"alg": "EdDSA", "typ": TYPE, "kid": "k1"} | (head or {})
    parts = [canonical.b64url(json.dumps(part).encode()) for part in (header, claims(**changes))]
    signed = ".".join(parts)
    return f"{signed}.{canonical.b64url(sign(signed.encode()))}"
