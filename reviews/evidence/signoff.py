"""The sign-off plan in a record: every signature asked for in every round, what returned it, and who stepped aside."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from audit.actors import Actor
from audit.ledger import Told
from portal.accounts.roles import title
from portal.kit.clock import stamp
from reviews import plans
from reviews.models import SignoffSlot

Names = Callable[[Actor], str]


def plan(item_id: UUID) -> list[dict[str, Any]]:
    """Tell every signature that was asked for, with the one given; `counts` marks the newest round of each stage."""
    slots = SignoffSlot.objects.select_related("signer").filter(item_id=item_id)
    told = []
    for _, of_revision in groupby(slots.order_by("revision", "stage", "round", "n"), lambda slot: slot.revision):
        asked = list(of_revision)
        counting = {slot.pk for slot in plans.standing(asked)}
        told += [_slot(slot, counts=slot.pk in counting) for slot in asked]
    return told


def returns(told: Iterable[Told], name: Names) -> list[dict[str, Any]]:
    """Tell each rejection that returned the plan to an earlier stage."""
    return [
        {
            "revision": each.pub["revision"],
            "stage": each.pub["stage"],
            "round": each.pub["round"],
            "signature": each.pub["signature"],
            "by": name(each.actor),
            "at": stamp(each.at),
            "entry": str(each.eid),
        }
        for each in told
        if each.kind == "item.returned"
    ]


def recusals(told: Iterable[Told], name: Names) -> list[dict[str, Any]]:
    """Tell who stepped aside from the item, when and why."""
    return [
        {
            "name": name(each.actor),
            "at": stamp(each.at),
            "reason": each.personal.get("reason") or "",
            "entry": str(each.eid),
        }
        for each in told
        if each.kind == "item.recused"
    ]


def roles_title(roles: Sequence[str]) -> str:
    """Name roles of which any one may sign, also those this version does not know."""
    return " or ".join(title(role) for role in roles)


def _slot(slot: SignoffSlot, *, counts: bool) -> dict[str, Any]:
    return {
        "revision": slot.revision,
        "round": slot.round,
        "step": slot.step,
        "stage": slot.stage,
        "n": slot.n,
        "name": slot.name,
        "role": slot.role,
        "role_title": roles_title(slot.roles),
        "meaning": slot.meaning,
        "factors": slot.factors.split(),
        "blind": slot.blind,
        "back_to": slot.back_to,
        "counts": counts,
        "signature": str(slot.signature_id) if slot.signature_id else None,
        "signed_by": slot.signer.printed_name if slot.signer else None,
    }
