"""Items as a flow would post them, made of real public records; the same records give the same items."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any

from .companies import Disguise

DATA = Path(__file__).parent / "data"
CENT = Decimal("0.01")
# Payouts up to and over 10,000 USD and denials take turns, so that a few items already show every route.
SMALL = Decimal(10_000)
TURNS = ("small", "large", "small", "denial", "large")

_PAID = {
    "building": "amountPaidOnBuildingClaim",
    "contents": "amountPaidOnContentsClaim",
    "icc": "amountPaidOnIncreasedCostOfComplianceClaim",
}
_LABELS = {"building": "Building", "contents": "Contents", "icc": "Increased cost of compliance"}
# Codes of the NFIP's record format ("causeOfDamage").
CAUSES = {
    "0": "Other causes",
    "1": "Tidal water overflow",
    "2": "Stream, river or lake overflow",
    "3": "Alluvial fan overflow",
    "4": "Accumulation of rainfall or snowmelt",
}
_CLAIM_PROMPT = "Decide what the flood claim is owed. Use the record only, name the coverage and give the reason."
_REPLY_PROMPT = "Draft a plain, polite reply to the complaint. Promise nothing that the record does not show."


def claims(limit: int) -> Iterator[dict[str, Any]]:
    """Give up to `limit` payouts and denials of flood claims."""
    return islice(_in_turns(_sorted_claims()), limit)


def complaint_replies(limit: int) -> Iterator[dict[str, Any]]:
    """Give up to `limit` letters that answer complaints, with invented company names."""
    rows = _rows("cfpb_complaints.csv")
    disguise = Disguise(sorted({row["Company"] for row in rows}))
    return islice((_reply(row, disguise) for row in rows), limit)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sorted_claims() -> dict[str, list[dict[str, Any]]]:
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in TURNS}
    for serial, row in enumerate(_rows("nfip_claims.csv"), start=1):
        item = _claim(row, f"NFIP-{row['yearOfLoss']}-{serial:07d}")
        if item is not None:
            small = Decimal(item["action"]["amount_at_stake"]) <= SMALL
            denied = item["action"]["effect"] == "deny"
            kinds["denial" if denied else "small" if small else "large"].append(item)
    return kinds


def _in_turns(kinds: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    waiting = {kind: iter(items) for kind, items in kinds.items()}
    left = sum(map(len, kinds.values()))
    while left:
        for kind in TURNS:
            for item in islice(waiting[kind], 1):
                left -= 1
                yield item


def _claim(row: dict[str, str], name: str) -> dict[str, Any] | None:
    paid = {line: _money(row[column]) for line, column in _PAID.items()}
    total = sum(paid.values(), Decimal(0))
    damage = _money(row["buildingDamageAmount"]) + _money(row["contentsDamageAmount"])
    if not total and not damage:
        return None
    effect, at_stake = ("pay", total) if total else ("deny", damage)
    given, record = _claim_input(row, name), _claim_record(row)
    output = _claim_output(row, paid, effect)
    return {
        "external_id": f"{name}-{'payout' if total else 'denial'}",
        "action": {
            "type": f"claim.{'payout' if total else 'denial'}",
            "effect": effect,
            "title": _claim_title(paid, name),
            "subject": f"claim/{name}",
            "amount": _text(total),
            "amount_at_stake": _text(at_stake),
            "currency": "USD",
            "jurisdiction": f"US-{row['state']}",
            "lines": [_line(line, amount) for line, amount in paid.items()],
        },
        "snapshot": {"input": given, "current": record, "output": output} | _claim_run(row, given, output),
        "dates": {"loss": row["dateOfLoss"][:10]},
        "tenant": "flood",
        "environment": "production",
        "priority": "normal",
        "metadata": {"source": "OpenFEMA FimaNfipClaims", "record": row["id"], "line_of_business": "flood"},
    }


def _claim_title(paid: dict[str, Decimal], name: str) -> str:
    covered = [line for line in ("building", "contents") if paid[line]] or ["compliance"]
    what = f"Pay {' and '.join(covered)} damage" if any(paid.values()) else "Deny the damage reported"
    return f"{what}, flood claim {name}"


def _line(line: str, amount: Decimal) -> dict[str, str]:
    return {"id": line, "label": _LABELS[line], "amount": _text(amount), "current": "0.00"}


def _claim_input(row: dict[str, str], name: str) -> dict[str, Any]:
    event = _known(row["floodEvent"]) or "a flood"
    depth = _known(row["waterDepth"])
    water = f" Water stood about {depth} ft in the building." if depth not in (None, "0") else ""
    return {
        "claim": name,
        "date_of_loss": row["dateOfLoss"][:10],
        "state": row["state"],
        "zip_code": _known(row["reportedZipCode"]),
        "community": _known(row["nfipCommunityName"]),
        "flood_event": _known(row["floodEvent"]),
        "flood_zone": _known(row["ratedFloodZone"]),
        "cause_of_damage": CAUSES.get(row["causeOfDamage"]),
        "occupancy": _known(row["occupancyType"]),
        "floors": _known(row["numberOfFloorsInTheInsuredBuilding"]),
        "water_depth": depth,
        "building_damage": _text(_money(row["buildingDamageAmount"])),
        "contents_damage": _text(_money(row["contentsDamageAmount"])),
        "narrative": f"On {row['dateOfLoss'][:10]} {event} reached the insured building.{water} "
        "Floors, walls and fittings were wet; the insured moved what could be saved and took photographs.",
        "narrative_is_invented": True,
    }


def _claim_record(row: dict[str, str]) -> dict[str, Any]:
    return {
        "status": "open",
        "date_of_loss": row["dateOfLoss"][:10],
        "cause_of_damage": CAUSES.get(row["causeOfDamage"]),
        "building_damage": _text(_money(row["buildingDamageAmount"])),
        "policy_in_force_since": (_known(row["originalNBDate"]) or "")[:10] or None,
        "building_coverage": _text(_money(row["totalBuildingInsuranceCoverage"])),
        "contents_coverage": _text(_money(row["totalContentsInsuranceCoverage"])),
        "building_value": _text(_money(row["buildingPropertyValue"])),
        "flood_zone": _known(row["ratedFloodZone"]),
        "paid_to_date": dict.fromkeys(_PAID, "0.00"),
    }


def _claim_output(row: dict[str, str], paid: dict[str, Decimal], effect: str) -> dict[str, Any]:
    code = _known(row["nonPaymentReasonBuilding"]) or _known(row["nonPaymentReasonContents"])
    listed = ", ".join(f"{_LABELS[line]} {_text(amount)} USD" for line, amount in paid.items() if amount)
    why = f"The record supports {listed}, within the coverage in force."
    if effect == "deny":
        why = f"The record closes the claim without payment (non-payment code {code or 'not stated'})."
    return {
        "decision": effect,
        "total": _text(sum(paid.values(), Decimal(0))),
        **{line: _text(amount) for line, amount in paid.items()},
        "flood_zone": _known(row["floodZoneCurrent"]) or _known(row["ratedFloodZone"]),
        "non_payment_code": code if effect == "deny" else None,
        "rationale": why,
    }


def _claim_run(row: dict[str, str], given: dict[str, Any], output: dict[str, Any]) -> dict[str, Any]:
    seed = int(row["id"][:8], 16)
    sure = round(0.62 + seed % 37 / 100, 2)
    found = [
        ("/output/flood_zone", output["flood_zone"], sure),
        ("/output/building", output["building"], 0.97),
    ]
    call = {
        "name": "policy_lookup",
        "arguments": {"claim": given["claim"]},
        "result": {"building_coverage": _text(_money(row["totalBuildingInsuranceCoverage"]))},
        "started_at": row["asOfDate"],
        "duration_ms": 20 + seed % 60,
    }
    return {
        "extractions": [
            {"path": path, "value": value, "confidence": confidence, "inferred": confidence < 0.7}
            for path, value, confidence in found
        ],
        "tool_calls": [call],
    } | _run("claims-triage", _CLAIM_PROMPT, given, output, seed=seed, as_of=row["asOfDate"])


def _run(
    name: str, prompt: str, given: dict[str, Any], output: dict[str, Any], *, seed: int, as_of: str
) -> dict[str, Any]:
    """Give what a real flow tells about how it got there."""
    read, written = len(json.dumps(given)) // 4 + 400, len(json.dumps(output)) // 4
    score = round(0.82 + seed % 17 / 100, 2)
    cost = (Decimal(read) * Decimal("0.0000025") + Decimal(written) * Decimal("0.00001")).quantize(Decimal("0.0001"))
    digest = hashlib.sha256(prompt.encode()).hexdigest()
    return {
        "prompt": {"name": name, "version": "2026.11.3", "text": prompt, "digest": f"sha256:{digest}"},
        "parameters": {"temperature": 0.0, "max_tokens": 800},
        "model": {"provider": "azure", "name": "gpt-4o", "version": "2024-08-06"},
        "evaluations": [
            {"name": "groundedness", "score": score, "threshold": 0.8, "passed": score >= 0.8, "as_of": as_of}
        ],
        "usage": {
            "input_tokens": read,
            "output_tokens": written,
            "cost": str(cost),
            "currency": "USD",
            "latency_ms": 900 + seed % 2400,
        },
    }


def _reply(row: dict[str, str], disguise: Disguise) -> dict[str, Any]:
    number = row["Complaint ID"]
    company = disguise.name(row["Company"])
    narrative = disguise.text(row["Consumer complaint narrative"], about=row["Company"])
    given = {
        "complaint": f"CFPB-{number}",
        "received": _iso(row["Date received"]),
        "company": company,
        "company_is_invented": True,
        "product": row["Product"],
        "sub_product": _known(row["Sub-product"]),
        "issue": row["Issue"],
        "sub_issue": _known(row["Sub-issue"]),
        "state": _known(row["State"]),
        "zip_code": _known(row["ZIP code"]),
        "tags": _known(row["Tags"]),
        "narrative": narrative,
    }
    output = _reply_output(row, company)
    seed, as_of = int(number), f"{_iso(row['Date received'])}T12:00:00Z"
    run = _run("complaint-replies", _REPLY_PROMPT, given, output, seed=seed, as_of=as_of)
    return {
        "external_id": f"CFPB-{number}-reply",
        "action": {
            "type": "complaint.reply",
            "effect": "letter",
            "title": f"Reply to complaint CFPB-{number}: {row['Issue']}",
            "subject": f"complaint/CFPB-{number}",
            **({"jurisdiction": f"US-{row['State']}"} if _known(row["State"]) else {}),
        },
        "snapshot": {"input": given, "current": _reply_record(row), "output": output} | run,
        "dates": {"received": _iso(row["Date received"])},
        "tenant": "lending",
        "environment": "production",
        "priority": "normal",
        "metadata": {"source": "CFPB consumer complaints"},
    }


def _reply_record(row: dict[str, str]) -> dict[str, Any]:
    sent = _iso(row["Date sent to company"])
    return {"status": "in progress", "sent_to_company": sent, "timely": _known(row["Timely response?"])}


def _reply_output(row: dict[str, str], company: str) -> dict[str, Any]:
    return {
        "subject_line": f"Your complaint CFPB-{row['Complaint ID']}",
        "reply": f"Dear customer,\n\nthank you for writing to us on {_iso(row['Date received'])} about your "
        f"{(_known(row['Sub-product']) or 'loan').lower()}. You told us: {row['Issue'].lower()}. "
        "We have read your account and compared it with our record. The proposed outcome is: "
        f"{row['Company response to consumer'].lower()}. If you disagree, answer this letter; a person "
        f"will look again.\n\nYours sincerely,\n{company}",
        "proposed_outcome": _known(row["Company response to consumer"]),
        "reply_is_invented": True,
    }


def _known(value: str) -> str | None:
    return None if value in ("", "NA", "N/A", "None", "-1", "Currently Unavailable") else value


def _money(value: str) -> Decimal:
    try:
        return max(Decimal(value), Decimal(0)).quantize(CENT)
    except InvalidOperation:
        return Decimal(0)


def _text(amount: Decimal) -> str:
    return str(amount.quantize(CENT))


def _iso(american: str) -> str:
    month, day, year = (int(part) for part in american.split("/"))
    return date(2000 + year, month, day).isoformat()
