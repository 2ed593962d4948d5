"""Standard Webhooks 1.0, symmetric, both directions: secrets, signing, verifying."""

import base64
import binascii
import hmac
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from portal.kit.problems import Problem

PREFIX = "whsec_"
TOLERANCE = timedelta(seconds=300)
MAX_SIGNATURES = 8
_ID = re.compile(r"[\x21-\x7e]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class SignatureMissing(Problem):
    """One of the three headers is not there."""

    code = "signature_missing"
    status = 401
    title = "The request is not signed"


class SignatureInvalid(Problem):
    """No signature fits a live secret, or a header is malformed."""

    code = "signature_invalid"
    status = 401
    title = "The signature is not valid"


class TimestampOutOfTolerance(Problem):
    """The signature is right, but too old or from the future."""

    code = "timestamp_out_of_tolerance"
    status = 401
    title = "The request was signed too long ago, or ahead of our clock"


class SecretInvalid(Problem):
    """A text that is not a Standard Webhooks secret."""

    code = "secret_invalid"
    status = 422
    title = "The secret must be whsec_ and the base64 of 24 to 64 bytes"


@dataclass(frozen=True, slots=True)
class Secret:
    """A symmetric secret; its bytes stay out of `repr` and so out of logs."""

    key: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "Secret":
        """Make a new secret of 32 random bytes."""
        return cls(randomness.token_bytes(32))

    @classmethod
    def parse(cls, written: str) -> "Secret":
        """Read a secret as it is shown to people, `whsec_…`."""
        if not written.startswith(PREFIX):
            raise SecretInvalid
        try:
            key = base64.b64decode(written.removeprefix(PREFIX).encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise SecretInvalid from None
        if not 24 <= len(key) <= 64:
            raise SecretInvalid
        return cls(key)

    def reveal(self) -> str:
        """Write the secret as it is shown, once."""
        return PREFIX + base64.b64encode(self.key).decode("ascii")


@dataclass(frozen=True, slots=True)
class Verified:
    """What an authentic request said about itself."""

    id: str
    timestamp: datetime


def sign(id: str, timestamp: datetime, body: bytes, secrets: Sequence[bytes]) -> str:
    """Give the value of `webhook-signature`: one signature for each live secret."""
    if not secrets or not _ID.fullmatch(id):
        raise ValueError("signing needs a secret and an id of printable ASCII")
    head = f"{id}.{int(timestamp.timestamp())}."
    return " ".join(_signature(key, head, body).decode("ascii") for key in secrets)


def signed_headers(id: str, timestamp: datetime, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """Give the three headers of an outgoing request."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(timestamp.timestamp())),
        "webhook-signature": sign(id, timestamp, body, secrets),
    }


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[bytes],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verified:
    """Insist that the body was signed under one of the secrets, and lately."""
    id, timestamp, signatures = _three(headers)
    if not _ID.fullmatch(id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid("webhook-id or webhook-timestamp is malformed; the time is whole seconds.")
    if not _fits(signatures, f"{id}.{timestamp}.", body, secrets):
        raise SignatureInvalid(
            "Sign `id.timestamp.body` over the exact bytes you send, with a live secret of this flow."
        )
    # After the signature, so that only an authentic caller learns about our clock.
    if abs(now.timestamp() - int(timestamp)) > tolerance.total_seconds():
        raise TimestampOutOfTolerance("Set your clock right and sign again; five minutes of difference are allowed.")
    return Verified(id, datetime.fromtimestamp(int(timestamp), UTC))


def _three(headers: Mapping[str, str]) -> tuple[str, str, str]:
    found = {name.lower(): value for name, value in headers.items()}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    missing = [name for name in names if not found.get(name)]
    if missing:
        raise SignatureMissing(f"Sign the request by Standard Webhooks; missing: {', '.join(missing)}.")
    return found[names[0]], found[names[1]], found[names[2]]


def _fits(signatures: str, head: str, body: bytes, secrets: Sequence[bytes]) -> bool:
    first = signatures.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES]
    offered = [one.encode("utf-8", "replace") for one in first]
    fits = False
    for key in secrets:
        expected = _signature(key, head, body)
        for one in offered:
            fits |= hmac.compare_digest(expected, one)
    return fits


def _signature(key: bytes, head: str, body: bytes) -> bytes:
    mac = hmac.digest(key, head.encode("ascii") + body, "sha256")
    return b"v1," + base64.b64encode(mac)
