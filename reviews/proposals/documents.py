"""Small changes as documents: a JSON object of texts with exactly the members a kind asks for."""

import json
from typing import Any

from audit import canonical
from portal.kit import strict_json
from portal.kit.strict_json import JsonInvalid
from reviews.policies.suggesting import meant
from reviews.proposals.summaries import ProposalInvalid

MAX_BYTES = 4_096
MAX_TEXT = 200


def read(content: str, **wanted: type) -> dict[str, Any]:
    """Read an object with exactly the wanted members, each of its type, or raise ProposalInvalid."""
    if len(content) > MAX_BYTES:
        raise ProposalInvalid(f"This change is longer than {MAX_BYTES} characters; propose each permission by itself.")
    found = _loaded(content)
    faults = [
        _fault(f"/{name}", f"There is no member “{name[:60]}” here.{meant(name, wanted)}")
        for name in found
        if name not in wanted
    ]
    for name, kind in wanted.items():
        value = found.get(name)
        if name not in found:
            faults.append(_fault(f"/{name}", f"“{name}” is missing."))
        elif type(value) is not kind or value == "" or (isinstance(value, str) and len(value) > MAX_TEXT):
            faults.append(_fault(f"/{name}", f"Write {_said(kind)} here."))
    if faults:
        raise ProposalInvalid(faults[0]["message"], errors=faults)
    return found


def written(**members: Any) -> str:
    """Write the one text that stands for a change; the database builds the same text to compare digests."""
    return canonical.strict_bytes(members).decode()


def wrong(pointer: str, message: str) -> ProposalInvalid:
    """Give the problem of one wrong member."""
    return ProposalInvalid(message, errors=[_fault(pointer, message)])


def _loaded(content: str) -> dict[str, Any]:
    try:
        return strict_json.loads(content.encode())
    except JsonInvalid as invalid:
        try:
            json.loads(content)
        except json.JSONDecodeError as error:
            place = {"line": str(error.lineno), "column": str(error.colno)}
            fault = _fault("", f"Line {error.lineno}, column {error.colno}: {error.msg}.") | place
            raise ProposalInvalid(fault["message"], errors=[fault]) from None
        raise ProposalInvalid(invalid.detail, errors=invalid.errors) from None


def _said(kind: type) -> str:
    return "true or false" if kind is bool else f"a text of 1 to {MAX_TEXT} characters"


def _fault(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "message": message}
