"""The signatures on an item: names and reasons from their entries, intents and assertions whole."""

from typing import Any
from uuid import UUID

from audit.ledger import Told
from portal.kit.clock import stamp, stamp_or_none
from reviews import capable
from reviews.evidence import opening, passkey
from reviews.evidence.opening import ERASED
from reviews.evidence.signoff import roles_title
from reviews.models import Signature

_RELATED = "intent", "on_behalf_of", "break_glass__queue"
_ALL_THE_SAME = "Without them nobody could complete the plan, so they signed all the same."
_WAIVED = {
    "changed_rule": f"changed the routing rule within the last {capable.CHANGED_WITHIN_DAYS} days. {_ALL_THE_SAME}"
}


def signatures(item_id: UUID, told: list[Told], plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell every signature, in the order they were given; one of an earlier round of its plan counts no more."""
    entries = {each.pub["signature"]: each for each in told if each.kind == "signature.executed"}
    counting = {slot["signature"] for slot in plan if slot["counts"]}
    signed = Signature.objects.select_related(*_RELATED).filter(item_id=item_id)
    return [
        _signature(each, entries[str(each.pk)]) | {"counts": str(each.pk) in counting}
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
        "round": said.get("round") or 1,
        "signer": str(entry.actor.ref),
        "printed_name": entry.personal.get("printed_name", ERASED),
        "on_behalf_of": _absent(entry),
        "licence": _licence(signature, entry),
        "break_glass": _emergency(signature),
        "duties_waived": [_waived(code, signature) for code in said.get("duties_waived") or []],
        "role": said["role"],
        "role_title": roles_title([said["role"]]),
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


def _absent(entry: Told) -> dict[str, str] | None:
    """Give in whose name a person signed, as their entry tells it."""
    absent = entry.pub.get("on_behalf_of")
    return {"id": absent, "printed_name": entry.personal.get("for_name") or ERASED} if absent else None


def _emergency(signature: Signature) -> dict[str, Any] | None:
    """Tell the emergency access under which a person signed."""
    glass = signature.break_glass
    if glass is None:
        return None
    return {
        "id": str(glass.pk),
        "role": glass.role,
        "role_title": roles_title([glass.role]),
        "queue": glass.queue.name,
        "from": stamp(glass.starts_at),
        "until": stamp(glass.ends_at),
        "ended_at": stamp_or_none(glass.ended_at),
        "reason": opening.text(glass.reason_id),
    }


def _waived(code: str, signature: Signature) -> dict[str, str]:
    """Say which duty was not kept apart, and why not."""
    who = "This person, or the one they signed for," if signature.on_behalf_of_id else "This person"
    return {"code": code, "sentence": f"{who} {_WAIVED.get(code, code)}"}


def _licence(signature: Signature, entry: Told) -> str:
    """Give the licences under which a person signed, as their entry tells them."""
    return str(entry.personal.get("licence") or "") if entry.personal or not signature.licence else ERASED


def _passkey(signature: Signature) -> Any:
    """Give what the person's device signed, with its public key as common tools take it."""
    assertion = opening.document(signature.assertion_id)
    if not isinstance(assertion, dict):
        return assertion
    return assertion | {"publicKeyPem": passkey.pem(assertion["publicKey"])}
