"""Deciding: the last step of a sign-off plan, with the outbox rows that will tell the flow."""

from typing import Any
from uuid import UUID

from django.db.models import Sum

from audit.actors import HasActor
from portal.kit.ids import new_id
from reviews import facts, lifecycle, outbox, queries
from reviews.models import ActiveTime, Decision, Item, Signature
from reviews.words import Basis, State


def finalise(item: Item, outcome: State, basis: Basis, *, by: HasActor) -> Decision:
    """Move a locked item to its outcome, write the decision and queue the event; the caller's transaction."""
    revision = queries.current_revision(item)
    decision = Decision(
        id=new_id(),
        item=item,
        outcome=outcome,
        basis=basis,
        revision=item.revision,
        policy_version=item.policy_version,
        rule=item.rule,
        action_sha256=revision.action_sha256,
        overridden=item.override != "none",
        prompt_version=revision.prompt_version,
        model_name=revision.model_name,
        model_version=revision.model_version,
        active_ms=_active(item.pk),
    )
    written = lifecycle.move(item, outcome, _fact(item, decision), by=by, decided_at=decision.decided_at, awaiting="")
    decision.entry_id = written.eid
    decision.save(force_insert=True)
    outbox.enqueue(item, "countersign.item.decided.v1", _told(item, decision), written=written)
    return decision


def _fact(item: Item, decision: Decision) -> facts.Finalised:
    return facts.Finalised(
        decision=decision.pk,
        outcome=decision.outcome,
        basis=decision.basis,
        revision=decision.revision,
        action_sha256=bytes(decision.action_sha256),
        policy=item.policy_version.policy_id,
        policy_version=item.policy_version.version,
        rule=item.rule,
        overridden=decision.overridden,
        signatures=[str(pk) for pk in _signatures(item)],
    )


def _signatures(item: Item) -> list[UUID]:
    signed = Signature.objects.filter(item_id=item.pk, revision=item.revision)
    return list(signed.order_by("signed_at", "id").values_list("id", flat=True))


def _active(item_id: UUID) -> int:
    return ActiveTime.objects.filter(item_id=item_id).aggregate(total=Sum("milliseconds"))["total"] or 0


def _told(item: Item, decision: Decision) -> dict[str, Any]:
    return {"item": str(item.pk), "outcome": decision.outcome, "external_id": item.external_id or None}
