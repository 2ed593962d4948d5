"""Passkeys: what they must prove to sign or to sign in, on the credentials allauth stores (WebAuthn level 3, 7.2)."""

import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.db import transaction
from fido2 import cbor
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AuthenticationResponse, AuthenticatorData, CollectedClientData, RegistrationResponse

from portal.accounts.models import User
from portal.accounts.refusals import CeremonyFailed, PasskeyRefused

CHALLENGE_BYTES = 32
# ES256, EdDSA, RS256: what WebAuthn recommends to offer, and what examiners can verify with common tools.
ALGORITHMS = (-7, -8, -257)
# Everything the parsers of foreign bytes raise at nonsense.
_UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, struct.error)


@dataclass(frozen=True, slots=True)
class Verified:
    """A passkey's answer that held: which credential, and what an examiner needs to verify it again."""

    authenticator: Authenticator
    assertion: dict[str, Any]


def origin() -> str:
    """Give the one origin at which people sign: PORTAL_URL's."""
    address = urlsplit(settings.PORTAL_URL)
    return f"{address.scheme}://{address.netloc}".lower()


def rp_id() -> str:
    """Give the relying party's id: the host of PORTAL_URL."""
    return str(get_adapter().get_public_key_credential_rp_entity()["id"])


def of(person: User) -> list[Authenticator]:
    """Give the person's passkeys, oldest first."""
    return list(Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).order_by("created_at"))


def credential_ids(person: User) -> list[str]:
    """Give the ids of the person's passkeys in base64url, as a page names them to the browser."""
    return [each.data["credential"]["rawId"] for each in of(person)]


@transaction.atomic
def verify(person: User, answer: Mapping[str, Any], *, challenge: bytes) -> Verified:
    """Verify a passkey's answer to our challenge and keep its counter; raises CeremonyFailed."""
    if len(challenge) < CHALLENGE_BYTES:
        raise ValueError("a passkey signs a challenge of 32 bytes")
    given = _read(answer)
    authenticator = _enrolled(person, given.raw_id)
    stored = _stored(authenticator)
    data, client = given.response.authenticator_data, given.response.client_data
    _insist_on_client(client, CollectedClientData.TYPE.GET, challenge)
    _insist_on_device(data)
    if stored.credential_data is None:
        raise CeremonyFailed("This passkey was stored without its key. Remove it and enrol it again.")
    try:
        stored.credential_data.public_key.verify(bytes(data) + client.hash, given.response.signature)
    except (InvalidSignature, *_UNREADABLE):
        raise CeremonyFailed("The passkey's signature does not fit. Try again, or use your password.") from None
    _keep_counter(authenticator, data.counter)
    return Verified(authenticator, _exhibit(given, stored))


def registered(answer: Mapping[str, Any], *, challenge: bytes) -> dict[str, Any]:
    """Verify what a new passkey answered and give the credential as allauth stores it; raises PasskeyRefused."""
    try:
        given = RegistrationResponse.from_dict(dict(answer))
        data = given.response.attestation_object.auth_data
        _insist_on_client(given.response.client_data, CollectedClientData.TYPE.CREATE, challenge)
        _insist_on_device(data)
    except CeremonyFailed as refusal:
        raise PasskeyRefused(refusal.detail) from None
    except _UNREADABLE:
        raise PasskeyRefused("What the browser sent cannot be read. Start the enrolment again.") from None
    if data.credential_data is None or data.credential_data.public_key.ALGORITHM not in ALGORITHMS:
        raise PasskeyRefused("This passkey signs in a way we cannot verify later. Use another one.")
    if websafe_encode(data.credential_data.credential_id) != given.id:
        raise PasskeyRefused("What the browser sent contradicts itself. Start the enrolment again.")
    return _credential(answer, given)


def creation_options(person: User, challenge: bytes) -> dict[str, Any]:
    """Give what the browser needs to make a passkey for this person."""
    adapter = get_adapter()
    user = adapter.get_public_key_credential_user_entity(person)
    return {
        "rp": adapter.get_public_key_credential_rp_entity(),
        "user": {"id": websafe_encode(user["id"]), "name": user["name"], "displayName": user["display_name"]},
        "challenge": websafe_encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "excludeCredentials": [{"type": "public-key", "id": each} for each in credential_ids(person)],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    }


def counter_at_enrolment(credential: Mapping[str, Any]) -> int:
    """Give the signature counter a new passkey started with."""
    return int(RegistrationResponse.from_dict(dict(credential)).response.attestation_object.auth_data.counter)


def _read(answer: Mapping[str, Any]) -> AuthenticationResponse:
    try:
        return AuthenticationResponse.from_dict(dict(answer))
    except _UNREADABLE:
        raise CeremonyFailed("What the passkey answered cannot be read. Try again, or use your password.") from None


def _enrolled(person: User, credential_id: bytes) -> Authenticator:
    """Find the person's own credential and hold its row, so that its counter is read and written once."""
    mine = Authenticator.objects.select_for_update().filter(user=person, type=Authenticator.Type.WEBAUTHN)
    found = mine.filter(data__credential__rawId=websafe_encode(credential_id)).first()
    if found is None:
        raise CeremonyFailed("This passkey is not enrolled for you. Use one that your account page lists.")
    return found


def _stored(authenticator: Authenticator) -> AuthenticatorData:
    credential = RegistrationResponse.from_dict(authenticator.data["credential"])
    data: AuthenticatorData = credential.response.attestation_object.auth_data
    return data


def _insist_on_client(client: CollectedClientData, kind: str, challenge: bytes) -> None:
    """Check what the browser says it asked for: this, here, now."""
    if client.type != kind or not hmac.compare_digest(client.challenge, challenge):
        raise CeremonyFailed("The passkey answered a question we did not ask. Start again from the page.")
    if client.origin != origin() or client.cross_origin:
        raise CeremonyFailed(f"The passkey was used at another address. Open {origin()} itself and try again.")


def _insist_on_device(data: AuthenticatorData) -> None:
    """Check what the device says of itself: made for us, with the person there and verified."""
    if not hmac.compare_digest(data.rp_id_hash, sha256(rp_id().encode())):
        raise CeremonyFailed(f"The passkey belongs to another address than {origin()}. Use the one enrolled here.")
    if not (data.is_user_present() and data.is_user_verified()):
        raise CeremonyFailed("The passkey did not check that it is you. Use its fingerprint, face or PIN.")


def _keep_counter(authenticator: Authenticator, counter: int) -> None:
    """Refuse a counter that did not move on, as a copied passkey's would not; passkeys that never count say 0."""
    known = int(authenticator.data.get("sign_count", 0))
    if (counter or known) and counter <= known:
        raise CeremonyFailed("This passkey may have been copied: its counter went back. Tell your administrator.")
    authenticator.data["sign_count"] = counter
    authenticator.save(update_fields=["data"])


def _exhibit(given: AuthenticationResponse, stored: AuthenticatorData) -> dict[str, Any]:
    data = given.response.authenticator_data
    key = stored.credential_data.public_key if stored.credential_data else {}
    return {
        "credentialId": websafe_encode(given.raw_id),
        "publicKey": websafe_encode(cbor.encode(dict(key))),
        "authenticatorData": websafe_encode(bytes(data)),
        "clientDataJSON": websafe_encode(bytes(given.response.client_data)),
        "signature": websafe_encode(given.response.signature),
        "flags": websafe_encode(bytes([int(data.flags)])),
        "signCount": websafe_encode(struct.pack(">I", data.counter)),
    }


def _credential(answer: Mapping[str, Any], given: RegistrationResponse) -> dict[str, Any]:
    """Keep of the answer what allauth and we read again, and nothing else the browser may have sent."""
    resident = (answer.get("clientExtensionResults") or {}).get("credProps", {}).get("rk")
    return {
        "id": given.id,
        "rawId": given.id,
        "type": "public-key",
        "clientExtensionResults": {} if resident is None else {"credProps": {"rk": bool(resident)}},
        "response": {
            "clientDataJSON": websafe_encode(bytes(given.response.client_data)),
            "attestationObject": websafe_encode(bytes(given.response.attestation_object)),
        },
    }
