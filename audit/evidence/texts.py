"""How values read on paper: nothing invisible, nothing cut without saying where the whole is. Pure."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST = 6000
CELL = 400
ERASED = "[erased]"
# Characters that turn the reading order around, show nothing or are no text: their code points are printed instead.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    r"\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff]"
)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
_METHODS = {
    "password": "password, in a signing period opened with two factors",
    "password+totp": "password and one-time code",
    "passkey": "passkey that verified its user",
}
_ASSURANCES = {
    "device-signed": "the person's device signed this very act; the assertion is in the record",
    "server-attested": "checked by the portal at that moment",
}
_VERDICTS = {"approve": "Approved", "reject": "Rejected"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text as printed; `cut` says what is left out and where the whole is, and is empty for a whole text."""

    text: str
    cut: str = ""
    is_code: bool = False


def visible(text: str) -> str:
    """Write characters that show nothing or turn the reading order around as their code points."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n").replace("\r", "\n"))


def printed(value: Any, pointer: str, longest: int = LONGEST) -> Text:
    """Print any JSON value; what is too long is cut, with the pointer of the whole in the attached record."""
    if value is None:
        return Text("—")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, dict | list):
        return _clipped(json.dumps(value, ensure_ascii=False, indent=1), pointer, longest, is_code=True)
    return _clipped(value if isinstance(value, str) else json.dumps(value), pointer, longest)


def _clipped(text: str, pointer: str, longest: int, *, is_code: bool = False) -> Text:
    if len(text) <= longest:
        return Text(visible(text), is_code=is_code)
    cut = f"Cut after {longest:,} of {len(text):,} characters. The whole is in the attached record.json at {pointer}."
    return Text(visible(text[:longest]), visible(cut), is_code)


def left_out(count: int, pointer: str) -> str:
    """Say how many rows are not printed and where they are; nothing when all are."""
    return f"{count:,} more are in the attached record.json at {visible(pointer)}." if count > 0 else ""


def money(amount: Any, currency: Any) -> str:
    """Write an amount with its currency, every digit of it; what is no number stays as it is."""
    if amount in (None, ""):
        return ""
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return visible(f"{amount} {currency or ''}".strip())
    if not number.is_finite():
        return visible(f"{amount} {currency or ''}".strip())
    exponent = number.as_tuple().exponent
    digits = f"{number.copy_abs():,.{max(-exponent if isinstance(exponent, int) else 0, 0)}f}"
    sign = "−" if number < 0 else ""
    before = _SIGNS.get(str(currency), f"{currency}\u00a0" if currency else "")
    return visible(f"{sign}{before}{digits}")


def moment(stamp: Any) -> str:
    """Write a time of the record with its zone: 14 Nov 2026, 09:02:11 UTC."""
    if not isinstance(stamp, str) or not stamp:
        return "—"
    at = datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def size(number: int) -> str:
    """Write a number of bytes, with the unit a person reads before it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:,.1f} {unit} ({number:,} bytes)"
    return f"{number:,} bytes"


def worded(name: str) -> str:
    """Turn a name such as `flood_zone` into words."""
    words = visible(name).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or "(no name)"


def escaped(name: str) -> str:
    """Write a name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def factor(signature: dict[str, Any]) -> str:
    """Say with what a person proved who they were, and how much that says."""
    method, assurance = str(signature["auth_method"]), str(signature["assurance"])
    return f"{_METHODS.get(method, visible(method))}; {_ASSURANCES.get(assurance, visible(assurance))}"


def verdict(signature: dict[str, Any]) -> str:
    """Say what a signer decided."""
    said = str(signature["verdict"])
    return _VERDICTS.get(said, worded(said))


def digest(value: Any) -> str:
    """Write a digest in groups of eight, so that eyes can compare it and lines can break."""
    text = visible(str(value or "—"))
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))
