"""The sign-off plan and the signatures on it: names and reasons from their entries, intents and assertions whole."""

from typing import Any
from uuid import UUID

from audit.ledger import Told
from portal.accounts.roles import Role
from portal.kit.clock import stamp
from reviews.evidence import opening, passkey
from reviews.evidence.opening import ERASED
from reviews.models import Signature, SignoffSlot

_TITLES = {role.value: role.title for role in Role}


def plan(item_id: UUID) -> list[dict[str, Any]]:
    """Tell every signature that was asked for, with the one that was given."""
    slots = SignoffSlot.objects.select_related("signer").filter(item_id=item_id).order_by("revision", "stage", "n")
    return [
        {
            "revision": slot.revision,
            "stage": slot.stage,
            "n": slot.n,
            "role": slot.role,
            "role_title": _TITLES.get(slot.role, slot.role),
            "meaning": slot.meaning,
            "signature": str(slot.signature_id) if slot.signature_id else None,
            "signed_by": slot.signer.printed_name if slot.signer else None,
        }
        for slot in slots
    ]


def signatures(item_id: UUID, told: list[Told]) -> list[dict[str, Any]]:
    """Tell every signature, in the order they were given."""
    entries = {each.pub["signature"]: each for each in told if each.kind == "signature.executed"}
    signed = Signature.objects.select_related("intent", "on_behalf_of").filter(item_id=item_id)
    return [
        _signature(each, entries[str(each.pk)])
        for each in signed.order_by("signed_at", "id")
        if str(each.pk) in entries
    ]


def _signature(signature: Signature, entry: Told) -> dict[str, Any]:
    said = entry.pub
    intent = opening.document(signature.intent.body_id)
    return {
        "id": str(signature.pk),
        "entry": str(entry.eid),
        "revision": said["revision"],
        "stage": said["stage"],
        "signer": str(entry.actor.ref),
        "printed_name": entry.personal.get("printed_name", ERASED),
        "on_behalf_of": signature.on_behalf_of.printed_name if signature.on_behalf_of else None,
        "role": said["role"],
        "role_title": _TITLES.get(said["role"], said["role"]),
        "meaning": said["meaning"],
        "verdict": said["verdict"],
        "reason": entry.personal.get("reason") or "",
        "auth_method": said["auth_method"],
        "assurance": said["assurance"],
        "signed_at": stamp(entry.at),
        "statement": intent["statement"] if isinstance(intent, dict) else ERASED,
        "intent": intent,
        "intent_sha256": said["intent_sha256"],
        "act_sha256": said["action_sha256"],
        "shown": opening.document(signature.intent.shown_id),
        "shown_sha256": said["shown_sha256"],
        "passkey": _passkey(signature),
    }


def _passkey(signature: Signature) -> Any:
    """Give what the person's device signed, with its public key as common tools take it."""
    assertion = opening.document(signature.assertion_id)
    if not isinstance(assertion, dict):
        return assertion
    return assertion | {"publicKeyPem": passkey.pem(assertion["publicKey"])}
