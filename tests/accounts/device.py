"""A passkey in software: a key pair, a counter, and the bytes a browser would send (WebAuthn level 3)."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from portal.accounts import passkeys

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey on one device; what it says of itself can be bent."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    counter: int = 1

    def register(self, challenge: bytes, **bent: Any) -> dict[str, Any]:
        """Make the credential, without attestation."""
        flags = bent.pop("flags", PRESENT | VERIFIED) | ATTESTED
        public = cbor.encode(bent.pop("public", None) or dict(ES256.from_cryptography_key(self.key.public_key())))
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + public
        data = self._data(flags, bent.pop("rp_id", passkeys.rp_id())) + attested
        stated = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge, **bent)
        return self._answer({"clientDataJSON": client, "attestationObject": stated}) | {
            "clientExtensionResults": {"credProps": {"rk": True}}
        }

    def answer(self, challenge: bytes, **bent: Any) -> dict[str, Any]:
        """Answer a challenge as the browser does for `navigator.credentials.get`."""
        self.counter += bent.pop("counts", 1)
        data = self._data(bent.pop("flags", PRESENT | VERIFIED), bent.pop("rp_id", passkeys.rp_id()))
        sent = bent.pop("sent", data)
        client = self._client(bent.pop("kind", "webauthn.get"), challenge, **bent)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"authenticatorData": sent, "clientDataJSON": client, "signature": signature})

    def _data(self, flags: int, rp_id: str) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _client(self, kind: str, challenge: bytes, *, origin: str = "", framed: bool = False) -> bytes:
        said = {"type": kind, "challenge": websafe_encode(challenge), "origin": origin or passkeys.origin()}
        return json.dumps(said | {"crossOrigin": framed}).encode()

    def _answer(self, response: dict[str, bytes]) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        sent = {key: websafe_encode(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": sent}
