"""Passkeys at the ceremony: what is asked of the device, the browser and the credential, and what an examiner gets."""

import hashlib
import json
import struct

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as allauth_passkeys
from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode

from audit import ledger
from portal.accounts import actions, ceremony, passkeys
from portal.accounts.ceremony import PROFILES, CeremonyFailed, Factors
from portal.accounts.refusals import PasskeyRefused
from portal.accounts.roles import Role
from tests.accounts.device import PRESENT, VERIFIED, Device
from tests.accounts.entering import with_passkey, without_app
from tests.factories import make_person, refused, story

pytestmark = pytest.mark.django_db
CHALLENGE = hashlib.sha256(b"what is signed").digest()
CLAIMS = PROFILES["claims"]


@pytest.fixture
def ana():
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def device(ana):
    return with_passkey(ana)


def prove(person, answer, challenge=CHALLENGE):
    """Go through the ceremony with a passkey's answer and nothing else."""
    return ceremony.prove(
        person.user, Factors(passkey=answer), session_ref=person.session, profile=CLAIMS, challenge=challenge
    )


def test_a_passkey_that_verified_its_user_signs_alone_first_and_later(ana, device):
    first, later = (prove(ana, device.answer(CHALLENGE)) for _ in range(2))

    assert (first.method, first.assurance) == (later.method, later.assurance) == ("passkey", "device-signed")
    assert first.period_id == later.period_id


def test_after_a_passkey_the_password_serves_within_the_same_period(ana, device):
    prove(ana, device.answer(CHALLENGE))

    proof = ceremony.prove(ana.user, Factors(ana.password), session_ref=ana.session, profile=CLAIMS)

    assert (proof.method, proof.assurance, proof.assertion) == ("password", "server-attested", None)


def test_what_is_kept_verifies_without_us_and_names_the_challenge(ana, device):
    kept = {name: websafe_decode(text) for name, text in prove(ana, device.answer(CHALLENGE)).assertion.items()}

    key = CoseKey.parse(cbor.decode(kept["publicKey"]))
    signed = kept["authenticatorData"] + hashlib.sha256(kept["clientDataJSON"]).digest()
    key.verify(signed, kept["signature"])
    assert websafe_decode(json.loads(kept["clientDataJSON"])["challenge"]) == CHALLENGE
    assert kept["credentialId"] == device.credential_id
    assert (kept["flags"], kept["signCount"]) == (bytes([PRESENT | VERIFIED]), struct.pack(">I", 2))
    with pytest.raises(InvalidSignature):
        key.verify(signed[:-1] + bytes([signed[-1] ^ 1]), kept["signature"])


def altered(answer, name, change):
    """Change one part of an answer after the device signed it."""
    part = bytearray(websafe_decode(answer["response"][name]))
    part[-1] ^= change
    return answer | {"response": answer["response"] | {name: passkeys.websafe_encode(bytes(part))}}


BENT = {
    "the user was not verified": lambda device: device.answer(CHALLENGE, flags=PRESENT),
    "the user was not there": lambda device: device.answer(CHALLENGE, flags=VERIFIED),
    "a foreign origin": lambda device: device.answer(CHALLENGE, origin="https://countersign.example.net"),
    "our origin on another port": lambda device: device.answer(CHALLENGE, origin=passkeys.origin() + "1"),
    "a subdomain of ours": lambda device: device.answer(CHALLENGE, origin="http://evil.localhost:8000"),
    "inside a foreign frame": lambda device: device.answer(CHALLENGE, framed=True),
    "a foreign relying party": lambda device: device.answer(CHALLENGE, rp_id="example.net"),
    "another challenge": lambda device: device.answer(bytes(32)),
    "an answer to a registration": lambda device: device.answer(CHALLENGE, kind="webauthn.create"),
    "altered authenticator data": lambda device: altered(device.answer(CHALLENGE), "authenticatorData", 2),
    "altered signature": lambda device: altered(device.answer(CHALLENGE), "signature", 1),
    "a counter that went back": lambda device: device.answer(CHALLENGE, counts=-1),
    "a counter that stood still": lambda device: device.answer(CHALLENGE, counts=0),
    "another device under its name": lambda device: Device(credential_id=device.credential_id).answer(CHALLENGE),
    "a passkey nobody enrolled": lambda device: Device().answer(CHALLENGE),
    "nonsense": lambda device: {"id": "x", "rawId": "x", "type": "public-key", "response": {"signature": "%"}},
    "nothing": lambda device: {},
    "lists for words": lambda device: {"rawId": [], "response": []},
}  # fmt: skip


@pytest.mark.parametrize("answer", BENT.values(), ids=BENT.keys())
def test_a_signature_is_refused_with(ana, device, answer):
    with refused("ceremony_failed"):
        prove(ana, answer(device))
    assert ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)


@pytest.mark.parametrize("bent", ["the user was not verified", "a foreign origin", "a counter that went back"])
def test_a_refusal_says_what_to_do(ana, device, bent):
    with pytest.raises(CeremonyFailed, match="Use its fingerprint|itself and try again|Tell your administrator"):
        prove(ana, BENT[bent](device))


def test_another_persons_passkey_does_not_sign(ana, device):
    ben = make_person("ben", Role.ADJUSTER)

    with refused("ceremony_failed"):
        prove(ben, device.answer(CHALLENGE))


def test_a_removed_passkey_does_not_sign(ana, device):
    passkey = Authenticator.objects.get(user=ana.user, type=Authenticator.Type.WEBAUTHN)
    actions.remove_factor(ana.user, passkey, by=ana.user)

    with refused("ceremony_failed"):
        prove(ana, device.answer(CHALLENGE))


def test_an_answer_that_signed_once_does_not_sign_again(ana, device):
    answer = device.answer(CHALLENGE)
    prove(ana, answer)

    with refused("ceremony_failed"):
        prove(ana, answer)


def test_passkeys_that_never_count_sign_again_and_again(ana):
    device = with_passkey(ana, counter=0)

    assert [prove(ana, device.answer(CHALLENGE, counts=0)).method for _ in range(2)] == ["passkey", "passkey"]


def test_a_passkey_that_counted_once_may_not_stop_counting(ana, device):
    device.counter = 0

    with refused("ceremony_failed"):
        prove(ana, device.answer(CHALLENGE, counts=0))


def test_without_a_challenge_no_passkey_is_asked(ana, device):
    with pytest.raises(ValueError, match="32 bytes"):
        prove(ana, device.answer(b""), challenge=b"")


def test_a_locked_person_does_not_sign_by_passkey(ana, device):
    for _ in range(5):
        ceremony.note_failure(ana.user)

    with refused("signing_locked"):
        prove(ana, device.answer(CHALLENGE))


def test_somebody_else_unlocks_signing_and_says_why(ana, device):
    for _ in range(5):
        ceremony.note_failure(ana.user)
    with refused("self_verification"):
        actions.unlock_signing(ana.user, "It was me.", by=ana.user)

    actions.unlock_signing(ana.user, "Ana had typed her old password.", by=make_person("tom").user)

    assert prove(ana, device.answer(CHALLENGE))
    assert story(ana.user.pk)[-2:] == ["person.signing_locked", "person.signing_unlocked"]


def test_who_has_only_a_passkey_signs_with_it_and_is_told_so_without(ana, device):
    without_app(ana)

    with pytest.raises(CeremonyFailed, match="Use a passkey"):
        ceremony.prove(ana.user, ana.factors(), session_ref=ana.session, profile=CLAIMS)
    assert prove(ana, device.answer(CHALLENGE)).method == "passkey"


def test_allauth_reads_the_stored_credential_as_its_own(ana, device):
    found = allauth_passkeys.get_authenticator_by_credential_id(ana.user, device.credential_id)

    assert found is not None
    assert found.wrap().name == "Test key"
    assert found.wrap().is_passwordless is True


class TestEnrolling:
    """A new passkey is verified before it is stored."""

    @pytest.mark.parametrize("bent", [
        {"flags": PRESENT}, {"origin": "https://example.net"}, {"rp_id": "example.net"}, {"framed": True},
        {"public": {1: 2, 3: -65535, -1: 1}},
    ], ids=["not verified", "foreign origin", "foreign rp", "framed", "an algorithm of yesterday"])  # fmt: skip
    def test_it_is_refused_when(self, bent):
        with pytest.raises(PasskeyRefused):
            passkeys.registered(Device().register(CHALLENGE, **bent), challenge=CHALLENGE)

    def test_it_is_refused_when_it_answers_another_challenge(self):
        with pytest.raises(PasskeyRefused):
            passkeys.registered(Device().register(bytes(32)), challenge=CHALLENGE)

    @pytest.mark.parametrize("answer", [{}, {"rawId": "x"}, {"id": "a", "rawId": "b", "response": {}}])
    def test_it_is_refused_when_it_cannot_be_read(self, answer):
        with pytest.raises(PasskeyRefused):
            passkeys.registered(answer, challenge=CHALLENGE)

    def test_a_passkey_is_enrolled_once(self, ana, device):
        again = passkeys.registered(device.register(CHALLENGE), challenge=CHALLENGE)

        with refused("passkey_refused"):
            actions.enrol_passkey(ana.user, "Again", again, by=ana.user)

    def test_enrolling_and_removing_leave_entries_and_end_the_signing_period(self, ana):
        ceremony.prove(ana.user, ana.factors(), session_ref=ana.session, profile=CLAIMS)
        device = with_passkey(ana)
        ended = ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)
        prove(ana, device.answer(CHALLENGE))
        without_app(ana)

        assert ended
        assert ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)
        assert story(ana.user.pk)[-2:] == ["person.factor_enrolled", "person.factor_removed"]
        assert ledger.story(ana.user.pk)[-1].sentence.endswith("removed a second factor: totp.")

    def test_the_last_factor_stays(self, ana):
        app = Authenticator.objects.get(user=ana.user)

        with refused("last_factor"):
            actions.remove_factor(ana.user, app, by=ana.user)

    def test_nobody_removes_a_factor_of_somebody_else(self, ana, device):
        ben = make_person("ben")

        with refused("not_found"):
            actions.remove_factor(ben.user, Authenticator.objects.filter(user=ana.user)[0], by=ben.user)
