"""A passkey's public key in the form common tools take: PEM, from the COSE key its device gave."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2 import cbor
from fido2.utils import websafe_decode

_ALGORITHM, _X, _Y = 3, -2, -3
_N, _E = -1, -2


def pem(cose: str) -> str:
    """Write a COSE key (base64url of CBOR) as PEM; its algorithm is one that passkeys are enrolled with."""
    key = _key(cbor.decode(websafe_decode(cose)))
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def _key(cose: Any) -> Any:
    match cose[_ALGORITHM]:
        case -7:
            x, y = (int.from_bytes(cose[part]) for part in (_X, _Y))
            return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        case -8:
            return Ed25519PublicKey.from_public_bytes(cose[_X])
        case -257:
            return RSAPublicNumbers(int.from_bytes(cose[_E]), int.from_bytes(cose[_N])).public_key()
    raise ValueError(f"no passkey is enrolled with the algorithm {cose[_ALGORITHM]}")
