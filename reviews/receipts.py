"""Receipts: the signed proof an executor checks offline before it acts, minted on reading, never stored."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from audit import canonical
from audit.sealing import keys
from audit.sealing.places import Place
from portal.kit.clock import now, stamp
from reviews import acts
from reviews.models import Decision, Signature

LIFE = timedelta(seconds=900)
TYPE = "countersign-receipt+jwt"


def mint(decision: Decision, act: dict[str, Any], place: Place, *, audience: str) -> str:
    """Sign a fresh receipt for one executor; the `jti` is the decision's id at every re-issue (R4)."""
    kid, private = keys.signing_keys("receipt")[0]
    header = {"alg": "EdDSA", "typ": TYPE, "kid": kid}
    claims = json.dumps(_claims(decision, act, place, audience), separators=(",", ":"))
    return jws.serialize_compact(header, claims, OKPKey.import_key(private), algorithms=["EdDSA"])


def key_set() -> dict[str, Any]:
    """Give the JWKS of the receipt keys that may still verify something."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": canonical.b64url(key.public),
                "kid": key.kid,
                "use": "sig",
                "alg": "EdDSA",
            }
            for key in keys.public_keys("receipt")
            if key.revoked_at is None and (key.retired_at is None or key.retired_at + LIFE > now())
        ]
    }


def published() -> KeySet:
    """Give the same keys as what receipts are verified with."""
    return KeySet([OKPKey.import_key(key) for key in key_set()["keys"]])


def _claims(decision: Decision, act: dict[str, Any], place: Place, audience: str) -> dict[str, Any]:
    moment = int(now().timestamp())
    return {
        "iss": settings.PORTAL_URL,
        "aud": audience,
        "sub": f"urn:countersign:item:{decision.item_id}",
        "rev": decision.revision,
        "jti": str(decision.pk),
        "iat": moment,
        "nbf": moment,
        "exp": moment + int(LIFE.total_seconds()),
        "dec": decision.outcome,
        "act": {"typ": act["type"], "alg": "sha-256", "dig": canonical.b64url(acts.digest(act))},
        "pol": {
            "id": str(decision.policy_version.policy_id),
            "ver": decision.policy_version.version,
            "dig": canonical.b64url(bytes(decision.policy_version.digest)),
        },
        "sig": [_signature(signature) for signature in _signatures(decision)],
        "use": 1,
        "log": {"o": place.origin, "i": place.index, "h": place.leaf_hash.hex()},
    }


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "sid": str(signature.pk),
        "role": signature.role,
        "at": stamp(signature.signed_at),
        "int": canonical.b64url(bytes(signature.intent_sha256)),
    }


def _signatures(decision: Decision) -> list[Signature]:
    signed = Signature.objects.filter(item_id=decision.item_id, revision=decision.revision)
    return list(signed.order_by("signed_at", "id"))
