"""Other items of the same claims: each line of a payout as an item of its own, and changes of reserves."""

import copy
from decimal import ROUND_DOWN, Decimal
from typing import Any

_LINES = {"building": "Building", "contents": "Contents"}


def has_two_lines(document: dict[str, Any]) -> bool:
    """Tell whether a claim pays for the building and for contents, and for nothing else."""
    output = document["snapshot"]["output"]
    amounts = [Decimal(output[line]) for line in ("building", "contents", "icc")]
    return document["action"]["effect"] == "pay" and all(amounts[:2]) and not amounts[2]


def split(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give one item for each line of a claim's payout; both are about the same subject."""
    return [_one_line(document, line, label) for line, label in _LINES.items()]


def reserve(document: dict[str, Any]) -> dict[str, Any]:
    """Give the change of the building's reserve to the damage the record reports; the old reserve is invented."""
    made = copy.deepcopy(document)
    action, snapshot = made["action"], made["snapshot"]
    claim, wanted = snapshot["input"]["claim"], Decimal(snapshot["input"]["building_damage"])
    before = (wanted * Decimal("0.3") / 1000).quantize(Decimal(1), ROUND_DOWN) * 1000
    made["external_id"] = f"{claim}-reserve"
    made["metadata"]["earlier_reserve_is_invented"] = True
    action |= {
        "type": "claim.reserve",
        "effect": "reserve",
        "title": f"Set building reserve to {wanted:,.2f} USD, flood claim {claim}",
        "lines": [{"id": "building", "label": "Building reserve", "amount": str(wanted), "current": f"{before}.00"}],
    }
    action["amount"] = action["amount_at_stake"] = str(wanted)
    snapshot["current"]["reserve"] = {"building": f"{before}.00"}
    snapshot["output"] |= {"decision": "reserve", "total": str(wanted), "building": str(wanted)}
    snapshot["output"] |= {"contents": None, "icc": None, "non_payment_code": None}
    snapshot["output"]["rationale"] = f"The reported damage is {wanted} USD; the reserve stands at {before}.00 USD."
    return made


def _one_line(document: dict[str, Any], line: str, label: str) -> dict[str, Any]:
    made = copy.deepcopy(document)
    action, snapshot = made["action"], made["snapshot"]
    claim, amount = snapshot["input"]["claim"], snapshot["output"][line]
    made["external_id"] = f"{claim}-{line}"
    action["title"] = f"Pay {line} damage, flood claim {claim}"
    action["amount"] = action["amount_at_stake"] = amount
    action["lines"] = [each for each in action["lines"] if each["id"] == line]
    others = {name: None for name in ("building", "contents", "icc") if name != line}
    snapshot["output"] |= {"total": amount, **others}
    snapshot["output"]["rationale"] = f"The record supports {label} {amount} USD, within the coverage in force."
    return made
