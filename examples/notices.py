"""Notices of loss: a letter for a claim's record, and where in its text each fact stands."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

_CAUSES = {
    "Other causes": ("water came in from the street", "the water found its way in"),
    "Tidal water overflow": ("the tide came over the sea wall", "salt water came up the street"),
    "Stream, river or lake overflow": ("the creek left its bed", "the river came over the bank"),
    "Alluvial fan overflow": ("mud and water came down the slope", "the fan above us let go"),
    "Accumulation of rainfall or snowmelt": ("the rain had nowhere to go", "it rained until the yard was a pond"),
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """Where a fact stands in the text, and whether the words say it or only let one infer it."""

    start: int
    end: int
    inferred: bool = False


@dataclass(frozen=True)
class Notice:
    """A letter and, by JSON pointer, the words a fact was read from."""

    text: str
    spans: Mapping[str, Span]


class _Pen:
    """Writes a text and remembers the places of the words that matter."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: dict[str, Span] = {}

    def write(self, words: str) -> None:
        """Add words."""
        self.text += words

    def mark(self, pointer: str, words: str, *, inferred: bool = False) -> None:
        """Add words that a fact was read from."""
        self.spans[pointer] = Span(len(self.text), len(self.text) + len(words), inferred)
        self.text += words


def notice(document: Mapping[str, Any]) -> Notice:
    """Write the letter of a claim; the same item gives the same letter."""
    given, output = document["snapshot"]["input"], document["snapshot"]["output"]
    pen, turn = _Pen(), seed(given["claim"])
    pen.write(f"NOTICE OF LOSS\n\nClaim: {given['claim']}\nPlace: {_place(given)}\n\n")
    pen.write("The words of this letter are invented for demonstration; date, amount, zone and water\n")
    pen.write("depth are those of a redacted public record of FEMA's flood insurance program.\n\n")
    _write_cause(pen, given, turn)
    _write_depth(pen, given["water_depth"])
    _write_damage(pen, given)
    _write_zone(pen, output["flood_zone"])
    pen.write("\nWe moved what could be saved and took photographs. Please tell us what you need.\n\nThe insured\n")
    return Notice(pen.text, pen.spans)


def seed(name: str) -> int:
    """Give a number that is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def _place(given: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, [given["community"], given["state"]]))


def _write_cause(pen: _Pen, given: Mapping[str, Any], turn: int) -> None:
    event = given["flood_event"]
    pen.write(f"It was {event}: " if event else "We did not expect it: ")
    words = _CAUSES.get(given["cause_of_damage"] or "", ("water came in", "water came in"))
    if given["cause_of_damage"]:
        pen.mark("/input/cause_of_damage", words[turn % 2], inferred=True)
    else:
        pen.write(words[turn % 2])
    pen.write(" about two in the morning\non ")
    pen.mark("/input/date_of_loss", _long(given["date_of_loss"]))
    pen.write(". ")


def _write_depth(pen: _Pen, depth: str | None) -> None:
    if depth is None or Decimal(depth) < 0:
        pen.write("Nobody measured how high it stood.\n")
        return
    pen.write("When we got downstairs ")
    if Decimal(depth) == 0:
        pen.mark("/input/water_depth", "only the carpets were wet", inferred=True)
    else:
        pen.mark("/input/water_depth", f"it stood {depth} {'foot' if depth == '1' else 'feet'} high")
    pen.write(" and the power was off.\n")


def _write_damage(pen: _Pen, given: Mapping[str, Any]) -> None:
    if Decimal(given["building_damage"]):
        pen.write("\nThe contractor put the repair of the building at ")
        pen.mark("/input/building_damage", f"{Decimal(given['building_damage']):,.2f} dollars")
        pen.write(" for walls,\nfloors and wiring.\n")
    else:
        pen.write("\nThe building itself came through; it is what we kept inside that is lost.\n")


def _write_zone(pen: _Pen, zone: str | None) -> None:
    if zone is None:
        pen.write("Nobody has told us which flood zone we are in.\n")
    elif zone in ("X", "C", "B"):
        pen.write("Our agent told us we are ")
        pen.mark("/output/flood_zone", "not in a high-risk zone", inferred=True)
        pen.write(", but the letter we got\nlast year said something else.\n")
    else:
        pen.write("The map on the wall of the town hall has our street in ")
        pen.mark("/output/flood_zone", f"zone {zone}")
        pen.write(".\n")


def _long(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"
