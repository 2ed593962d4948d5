"""A flow whose contract opens fields, and approving with changes; what the tests of changed acts share."""

from typing import Any

from portal.kit.ids import ItemId
from reviews.actions import signing
from reviews.models import Item, Signature, SignIntent
from reviews.words import Verdict
from tests.factories import Person, World, make_item

MONEY = r"^[0-9]{1,12}\.[0-9]{2}$"


def _line(name: str) -> dict[str, Any]:
    return {
        "type": ["string", "null"], "pattern": MONEY, "title": f"{name.title()}, USD",
        "x-countersign-editable": True, "x-countersign-sets": f"/action/lines/{name}/amount",
    }  # fmt: skip


CONTRACT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "output": {
            "type": "object",
            "required": ["total"],
            "additionalProperties": False,
            "properties": {
                "total": {
                    "type": "string", "pattern": MONEY, "title": "Total, USD",
                    "x-countersign-sum": ["/building", "/contents"], "x-countersign-sets": "/action/amount",
                },
                "building": _line("building"),
                "contents": _line("contents"),
                "zone": {"enum": ["AE", "X", None], "title": "Flood zone", "x-countersign-editable": True},
                "reply": {"type": "string", "title": "Reply", "minLength": 1, "x-countersign-editable": True},
                "rationale": {"type": "string"},
            },
        }
    },
}  # fmt: skip


def make_claim(world: World, building: str = "500.00", **changes: Any) -> Item:
    """Post a payout for a building, 0.00 for its contents, with lines that say the same."""
    lines = [{"id": "building", "amount": building, "current": "0.00"}, {"id": "contents", "amount": "0.00"}]
    action = {"amount": building, "amount_at_stake": building, "lines": lines} | changes.pop("action", {})
    output = {"total": building, "building": building, "contents": "0.00", "zone": "X", "reply": "We pay."}
    return make_item(world, action=action, snapshot={"output": output} | changes.pop("snapshot", {}), **changes)


def freeze(item: Item, person: Person, changes: dict[str, str] | None, **given: Any) -> SignIntent:
    """Prepare an approval with changes."""
    seen = given.pop("seen", None) or Item.objects.get(pk=item.pk).version
    verdict = given.pop("verdict", Verdict.APPROVE)
    return signing.prepare(
        ItemId(item.pk), by=person.user, session_ref=person.session, seen=seen, verdict=verdict,
        changes=changes, **given,
    )  # fmt: skip


def finish(intent: SignIntent, person: Person) -> Signature:
    """Sign an intent with a whole ceremony."""
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=person.factors())


def change(item: Item, person: Person, **changes: str) -> Signature:
    """Approve an item the person holds with changes, named without their slash."""
    return finish(freeze(item, person, {f"/{name}": new for name, new in changes.items()}), person)
