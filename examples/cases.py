"""Cases: items together with their files, in a mix that shows every route early."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from examples import files, items, lines
from examples.files import File

CLAIMS, LETTERS = "claims-triage", "complaint-replies"
# "differs": the flow read another flood zone than the record has; "pair": two lines of one claim.
_TURNS = ("plain", "letter", "differs", "pair", "plain", "letter", "reserve", "plain", "plain")


@dataclass(frozen=True)
class Case:
    """An item and the files that must be uploaded before it is posted."""

    flow: str
    document: dict[str, Any]
    files: tuple[File, ...]


def mix() -> Iterator[Case]:
    """Give claims and letters in turns until there are no more; each time the same."""
    waiting, turn = _kinds(), count()
    while waiting:
        for kind in _TURNS:
            if kind not in waiting:
                continue
            document = next(waiting[kind], None)
            if document is None:
                del waiting[kind]
                continue
            for each in _items(kind, document):
                yield _case(each, next(turn))


def corrected(document: dict[str, Any]) -> dict[str, Any]:
    """Give what the flow proposes after a person asked for changes: the record's zone, plainer words."""
    made = copy.deepcopy(document)
    snapshot = made["snapshot"]
    output, record = snapshot["output"], snapshot["current"]
    if "reply" in output:
        output["reply"] = output["reply"].replace(
            "If you disagree,", "We are sorry for the trouble this has been. If you disagree,"
        )
        return made
    output["rationale"] += " Read again after a reviewer asked for it."
    if record["flood_zone"]:
        output["flood_zone"] = record["flood_zone"]
        told = {"path": "/output/flood_zone", "value": record["flood_zone"], "confidence": 0.99, "inferred": False}
        others = [each for each in snapshot["extractions"] if each["path"] != told["path"]]
        snapshot["extractions"] = [*others, told]
    return made


def _kinds() -> dict[str, Iterator[dict[str, Any]]]:
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _TURNS}
    for number, claim in enumerate(items.claims(9999)):
        kinds[_kind(claim, number)].append(claim)
    return {kind: iter(made) for kind, made in kinds.items()} | {"letter": items.complaint_replies(9999)}


def _kind(claim: dict[str, Any], number: int) -> str:
    snapshot = claim["snapshot"]
    if snapshot["output"]["flood_zone"] != snapshot["current"]["flood_zone"]:
        return "differs"
    if lines.has_two_lines(claim):
        return "pair"
    is_payout = claim["action"]["effect"] == "pay" and float(snapshot["input"]["building_damage"]) > 15_000
    return "reserve" if is_payout and number % 3 == 0 else "plain"


def _items(kind: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    if kind == "pair":
        return lines.split(document)
    return [lines.reserve(document) if kind == "reserve" else document]


def _case(document: dict[str, Any], turn: int) -> Case:
    if document["action"]["effect"] == "letter":
        return Case(LETTERS, document, tuple(files.of_complaint(document)))
    made = files.of_claim(document, turn)
    snapshot = document["snapshot"] | {"extractions": files.extractions(document, made)}
    return Case(CLAIMS, document | {"snapshot": snapshot}, tuple(made))
