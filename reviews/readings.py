"""What machines read: the item as posted with where it stands, and the decision once it is sealed."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings

from audit import exhibits
from audit.sealing import places
from portal.kit.clock import stamp, stamp_or_none
from portal.kit.problems import NotFound, Problem
from reviews import documents, lifecycle, plans, queries, receipts, revisions
from reviews.actions import refusing
from reviews.models import (
    ApiKey,
    ChangeRequest,
    Decision,
    ExecutionReport,
    Item,
    Revision,
    Signature,
    SignoffSlot,
    Submission,
)
from reviews.policies.parts import ALL_VERDICTS
from reviews.words import OUTCOMES, State


class AudienceUnknown(Problem):
    """A receipt is asked for somebody who is not the flow's executor."""

    code = "audience_unknown"
    status = 422
    title = "The executor is not registered for this flow"


def item(item_id: UUID, *, by: ApiKey) -> dict[str, Any]:
    """Give an item of the caller's flow, readable from the moment of its 202. Raises NotFound."""
    found = _item(item_id, by)
    if found is None:
        return _received(item_id, by)
    revision = queries.current_revision(found)
    slots = SignoffSlot.objects.filter(item=found, revision=found.revision).order_by("stage", "n")
    return told(found, revision, slots, json.loads(exhibits.open(revision.exhibit_id)))


def told(found: Item, revision: Revision, slots: Iterable[SignoffSlot], document: dict[str, Any]) -> dict[str, Any]:
    """Tell a routed item: its document as posted, which pointers of its output a signer changed, where it stands."""
    return document | {
        "id": str(found.pk),
        "state": found.state,
        "version": found.version,
        "revision": found.revision,
        "digest": f"sha256:{bytes(revision.digest).hex()}",
        "overridden": revision.changed,
        "queue": found.queue.slug,
        "policy": _policy(found) | {"reasons": found.reasons},
        "sign_off": _sign_off(found, slots),
        "reading": found.reading,
        "verdicts": sorted(found.verdicts.split() or ALL_VERDICTS),
        "licences": found.licences,
        "received_at": stamp(found.received_at),
        "due_at": stamp_or_none(found.due_at),
        "links": links(found.pk),
    }


def told_waiting(submission: Submission, document: dict[str, Any]) -> dict[str, Any]:
    """Tell an item that waits to be routed."""
    return document | {
        "id": str(submission.pk),
        "state": "received",
        "version": 0,
        "revision": 1,
        "digest": f"sha256:{bytes(submission.digest).hex()}",
        "overridden": [],
        "queue": None,
        "policy": None,
        "sign_off": [],
        "reading": [],
        "verdicts": [],
        "licences": [],
        "received_at": stamp(submission.received_at),
        "due_at": None,
        "links": links(submission.pk),
    }


def decision(item_id: UUID, *, by: ApiKey, audience: str | None = None) -> dict[str, Any] | None:
    """Give the sealed outcome of an item, with a fresh receipt unless it was executed; None before."""
    found = _item(item_id, by)
    if found is None:
        _received(item_id, by)
        return None
    if State(found.state) not in OUTCOMES:
        return None
    made = Decision.objects.select_related("policy_version__policy").filter(item=found).first()
    if made is None or made.outcome != found.state:  # withdrawn after it was decided
        return _ended(found)
    return _decided(found, made, _audience(found, audience))


def insist_on_item(item_id: UUID, *, by: ApiKey) -> None:
    """Raise NotFound unless the item is of the caller's flow."""
    if not Submission.objects.filter(pk=item_id, flow_id=by.flow_id).exists():
        raise NotFound("There is no such item of this flow.")


def state(item_id: UUID) -> str:
    """Give where an item stands that was just written."""
    return Item.objects.values_list("state", flat=True).get(pk=item_id)


def links(item_id: UUID) -> dict[str, str]:
    """Give the addresses of an item."""
    address = f"{settings.PORTAL_URL}/api/v1/items/{item_id}"
    return {"self": address, "decision": f"{address}/decision"}


def _item(item_id: UUID, by: ApiKey) -> Item | None:
    related = "flow", "queue", "policy_version__policy"
    return Item.objects.select_related(*related).filter(pk=item_id, flow_id=by.flow_id).first()


def _received(item_id: UUID, by: ApiKey) -> dict[str, Any]:
    submission = Submission.objects.select_related("exhibit").filter(pk=item_id, flow_id=by.flow_id).first()
    if submission is None:
        raise NotFound("There is no such item of this flow.")
    kind = documents.media_type(submission.exhibit.media_type)
    return told_waiting(submission, documents.read(exhibits.open(submission.exhibit_id), kind).document)


def _decided(found: Item, made: Decision, audience: str) -> dict[str, Any] | None:
    place = places.place_of(made.entry_id)
    if place is None:
        return None
    revision = found.revisions.get(revision=made.revision)
    act = revisions.act(found, revision)
    return {
        "item": str(found.pk),
        "outcome": made.outcome,
        "basis": made.basis,
        "revision": made.revision,
        "snapshot_digest": f"sha256:{bytes(revision.digest).hex()}",
        "output": act["output"],
        "overridden": sorted(revisions.overrides(revision)),
        "policy": _policy(found),
        "signatures": [_signature(each) for each in _signatures(made)],
        "act": act,
        "decided_at": stamp(made.decided_at),
        "ledger": {"index": place.index, "leaf": f"sha256:{place.leaf_hash.hex()}"},
        "receipt": None if _started(made) else receipts.mint(made, act, place, audience=audience),
    }


def _ended(found: Item) -> dict[str, Any] | None:
    """Tell an outcome nobody decided, or what a person asked to have changed, once its entry is sealed."""
    place = places.place_of(lifecycle.entry_at(found))
    if place is None:
        return None
    told: dict[str, Any] = {"item": str(found.pk), "outcome": found.state, "revision": found.revision}
    if found.state == State.CHANGES_REQUESTED:
        asked = ChangeRequest.objects.get(item=found, revision=found.revision)
        told |= {"reason": exhibits.open(asked.reason_id).decode(), "requested_at": stamp(asked.asked_at)}
    if found.state == State.INVALIDATED:
        told |= {"reason": refusing.why(found), "policy": _policy(found)}
    return told | {"ledger": {"index": place.index, "leaf": f"sha256:{place.leaf_hash.hex()}"}}


def _audience(found: Item, asked: str | None) -> str:
    """Give the one executor a receipt may name: of several, the one that was asked for."""
    registered = found.flow.audience.split()
    if asked is not None and asked not in registered:
        raise AudienceUnknown("No executor of this name is registered for the flow; leave `audience` out.")
    return asked or registered[0]


def _started(made: Decision) -> bool:
    return ExecutionReport.objects.filter(decision=made).exists()


def _sign_off(found: Item, slots: Iterable[SignoffSlot]) -> list[dict[str, Any]]:
    """Tell what the plan asks for in its newest round, what of it is missing, and what may be signed now."""
    counted = plans.standing(slots)
    following = {slot.pk for slot in plans.open_slots(counted)} if found.awaiting else set()
    return [
        {
            "stage": slot.stage,
            "step": slot.step,
            "round": slot.round,
            "name": slot.name,
            "role": slot.role,
            "meaning": slot.meaning,
            "factors": slot.factors.split(),
            "blind": slot.blind,
            "back_to": slot.back_to,
            "signed": slot.signature_id is not None,
            "open": slot.pk in following,
        }
        for slot in counted
    ]


def _policy(found: Item) -> dict[str, Any]:
    version = found.policy_version
    return {"name": version.policy.name, "version": version.version, "rule": found.rule or None}


def _signature(signature: Signature) -> dict[str, Any]:
    reason = exhibits.open(signature.reason_id).decode() if signature.reason_id else ""
    return {
        "id": str(signature.pk),
        "signer": str(signature.signer_id),
        "printed_name": signature.signer.printed_name,
        "role": signature.role,
        "meaning": signature.meaning,
        "verdict": signature.verdict,
        "reason": reason,
        "auth_method": signature.auth_method,
        "signed_at": stamp(signature.signed_at),
        "on_behalf_of": _absent(signature),
        "emergency": signature.break_glass_id is not None,
        "licence": signature.licence,
        "stage": signature.signoffslot.stage,
        "round": signature.signoffslot.round,
    }


def _absent(signature: Signature) -> dict[str, str] | None:
    """Give the person in whose name somebody signed."""
    absent = signature.on_behalf_of
    return {"id": str(absent.pk), "printed_name": absent.printed_name} if absent else None


def _signatures(made: Decision) -> list[Signature]:
    signed = Signature.objects.filter(item_id=made.item_id, revision=made.revision)
    return list(signed.select_related("signer", "on_behalf_of", "signoffslot").order_by("signed_at", "id"))
