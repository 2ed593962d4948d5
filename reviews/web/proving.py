"""What a signing page sends: the consent, and the proof that it is this person."""

import json
from typing import Any

from django.http import HttpRequest

from portal.accounts.ceremony import CeremonyFailed, Factors
from portal.kit.problems import Problem


class ConsentMissing(Problem):
    """The box that starts empty is still empty."""

    code = "consent_missing"
    status = 422
    title = "Your consent is missing"


TRY_AGAIN = (CeremonyFailed, ConsentMissing)
"""Refusals after which the same attempt can still become a signature."""


def insist_on_consent(request: HttpRequest) -> None:
    """Refuse a form whose box is empty. Raises ConsentMissing."""
    if request.POST.get("consent") != "on":
        raise ConsentMissing("Tick the box to say that you mean it as your signature, then sign.")


def factors(request: HttpRequest) -> Factors:
    """Read the proof: a passkey's answer, or what was typed."""
    if request.POST.get("factor") == "passkey":
        return Factors(passkey=_passkey(request.POST.get("passkey", "")))
    return Factors(request.POST.get("password", ""), request.POST.get("totp", "").replace(" ", ""))


def _passkey(text: str) -> dict[str, Any]:
    """Read a passkey's answer; what cannot be read is an answer that proves nothing."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
