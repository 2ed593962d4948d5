"""`manage.py policy simulate`: what a draft would have done with the last real items, as a table."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

from portal.kit.problems import Problem
from reviews.actions import simulating
from reviews.actions.comparing import Group
from reviews.models import Simulation

LAST = 1000
_TITLES = {
    Group.REFUSED: "refused",
    Group.AUTOMATIC: "automatic",
    Group.FALLBACK: "fallback",
    Group.STOPPED: "stopped",
    Group.ELSEWHERE: "elsewhere",
    Group.PLAN: "other plan",
    Group.SAME: "same",
}
_FALLBACK = "(fallback)"


class Output(Protocol):
    """What a command writes to."""

    def write(self, msg: str = "", style_func: Any = None, ending: str | None = None) -> None:
        """Write some text."""


def add_arguments(parser: ArgumentParser) -> None:
    """Take the file of the draft, and how many items it is tried on."""
    parser.add_argument("file", type=Path, help="the draft")
    parser.add_argument(
        "--last", type=int, default=LAST, metavar="N", help=f"how many items, the newest; {LAST} if unsaid"
    )


def simulate(text: str, last: int, *, out: Output, progress: Output) -> bool:
    """Try a draft in the foreground, with a line that says how far it is; say whether it came to its end.

    Raises CommandError.
    """

    def told(done: int, total: int) -> None:
        progress.write(f"\r{done} of {total} items", ending="")

    try:
        simulation = simulating.start(text, last, by=None)
    except Problem as refusal:
        raise CommandError(refusal.detail) from refusal
    ended = simulating.run(simulation.pk, told=told)
    progress.write("")
    if ended is None or ended.state != simulating.FINISHED:
        progress.write(ended.error if ended else "A worker took the simulation over; look for it on the pages.")
        return False
    for line in table(ended):
        out.write(line)
    return True


def table(simulation: Simulation) -> list[str]:
    """Give what a simulation found: a line for each rule, what changes before what stays."""
    result = simulation.result
    head = ["rule", *_TITLES.values()]
    rows = [
        [each["rule"] or _FALLBACK, *(str(each["counts"].get(group.value, 0)) for group in _TITLES)]
        for each in result["rules"]
    ]
    rows.append(["all", *(str(result["groups"][group.value]) for group in _TITLES)])
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    told = [_line(row, widths) for row in (head, *rows)]
    unread = [(result["erased"], "erased"), (result["unreadable"], "damaged")]
    left = [f"{count} {what} and not asked about" for count, what in unread if count]
    return [*told, f"{result['asked']} items" + (": " + ", ".join(left) if left else "")]


def _line(row: list[str], widths: list[int]) -> str:
    first, *rest = (
        each.rjust(width) if place else each.ljust(width)
        for place, (each, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()
