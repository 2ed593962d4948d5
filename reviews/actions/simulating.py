"""Simulating: a draft of routing rules is asked about the last real items; nothing but the simulation's row changes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from reviews import guards, nudges
from reviews.actions import ruling
from reviews.actions.comparing import Comparison, Group, Tally
from reviews.models import Item, Policy, Simulation
from reviews.policies import document
from reviews.proposals import deciding

log = logging.getLogger(__name__)

MOST = 100_000
CHUNK = 500
SILENT = timedelta(seconds=60)
GIVEN_UP = timedelta(hours=1)
WAITING, RUNNING, FINISHED, FAILED = "waiting", "running", "finished", "failed"
Progress = Callable[[int, int], object]


class TooMany(Problem):
    """A simulation over fewer than one item, or over more than can be looked at."""

    code = "too_many"
    status = 422
    title = "The simulation cannot look at so many items"


class SimulationWaits(Problem):
    """One person tries one draft at a time; the worker is everybody's."""

    code = "simulation_waits"
    status = 409
    title = "Your last simulation has not ended"


class _Superseded(Exception):
    """Another worker started the simulation anew."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a draft's rule would do differently: how many items, and those of the examples the asker may see."""

    rule: str
    group: Group
    count: int
    items: list[Item]


@transaction.atomic
def start(text: str, wanted: int, *, by: User | None) -> Simulation:
    """Ask for a draft to be tried on the last items of its policy, or on all items where the policy is new.

    Only items that `by` may see are looked at. Without anybody, as from the command line, all are, and the caller
    runs it at once.
    Raises Refused, SimulationWaits, PolicyInvalid or TooMany.
    """
    if by is not None:
        guards.insist(deciding.why_not_simulate(access.of(by)))
        _insist_on_one(by)
    draft = document.parse(text)
    if not 1 <= wanted <= MOST:
        raise TooMany(f"Ask for 1 to {MOST} items.")
    policy = Policy.objects.filter(name=draft.name).first()
    made = Simulation.objects.create(id=new_id(), policy=policy, text=text, asked_by=by, wanted=wanted)
    if by is not None:
        nudges.simulations()
    return made


def run_next() -> bool:
    """Run the oldest simulation that waits, or whose worker has been silent for a minute; say whether there was one."""
    found = _claimable().order_by("created_at").values_list("pk", flat=True).first()
    if found is None:
        return False
    run(found)
    return True


def run(simulation_id: UUID, *, told: Progress | None = None) -> Simulation | None:
    """Run one simulation from its beginning, telling how far it is; None when somebody else runs it."""
    simulation = _claim(simulation_id)
    if simulation is None:
        return None
    try:
        result = _compare(simulation, told)
    except _Superseded:
        return None
    except Exception:
        log.exception("simulation %s broke off", simulation.pk)
        _end(
            simulation, state=FAILED, error="The simulation broke off; the log of its worker says why. Start it again."
        )
    else:
        _end(simulation, state=FINISHED, result=result, total=simulation.done)
    return simulation


def shown(simulation: Simulation, granted: Access) -> list[Changed]:
    """Give what a simulation found by rule and group, with the examples somebody may see now."""
    rules = simulation.result.get("rules", [])
    named = {each for rule in rules for ids in rule["items"].values() for each in ids}
    seen = {
        str(item.pk): item
        for item in Item.objects.select_related("flow", "queue").filter(pk__in=named)
        if guards.why_not_see(granted, item) is None
    }
    return [
        Changed(
            rule["rule"], Group(group), count, [seen[each] for each in rule["items"].get(group, ()) if each in seen]
        )
        for rule in rules
        for group, count in rule["counts"].items()
    ]


def _insist_on_one(by: User) -> None:
    """Refuse a second simulation of one person; the lock of their row lets one of two at once through."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if Simulation.objects.filter(asked_by=by, state__in=(WAITING, RUNNING)).exists():
        raise SimulationWaits("You are trying another draft already. Wait until that simulation ended, then try this.")


def _end(simulation: Simulation, **changes: Any) -> None:
    with suppress(_Superseded):
        _note(simulation, **changes, finished_at=now())


def _compare(simulation: Simulation, told: Progress | None) -> dict[str, Any]:
    draft = document.parse(simulation.text)
    in_force = ruling.in_force({simulation.policy_id}).get(simulation.policy_id) if simulation.policy_id else None
    comparison, tally = Comparison(draft, in_force), Tally()
    rows = _visible(simulation)
    _note(simulation, total=rows.order_by("-pk")[: simulation.wanted].count())
    for items in _chunks(rows, simulation.wanted):
        comparison.add(items, tally)
        _note(simulation, done=tally.asked)
        if told is not None:
            told(simulation.done, simulation.total)
    return tally.told(draft)


def _visible(simulation: Simulation) -> QuerySet[Item]:
    """Give the items a simulation is about: its policy's, and of those what its asker may see."""
    rows = Item.objects.select_related("flow").only("received_at", "flow__slug")
    if simulation.policy_id is not None:
        rows = rows.filter(flow__policy_id=simulation.policy_id)
    if simulation.asked_by is None:
        return rows
    return rows.filter(guards.visible_to(access.of(simulation.asked_by)))


def _chunks(rows: QuerySet[Item], wanted: int) -> Iterator[list[Item]]:
    """Give the last items, the newest first, some at a time; ids rise with the time of birth."""
    left, page = wanted, rows.order_by("-pk")
    while left > 0:
        items = list(page[: min(CHUNK, left)])
        if not items:
            return
        yield items
        left -= len(items)
        page = rows.filter(pk__lt=items[-1].pk).order_by("-pk")


def _claimable() -> QuerySet[Simulation]:
    silent = Q(state=RUNNING, moved_at__lt=now() - SILENT)
    return Simulation.objects.filter(Q(state=WAITING) | silent)


@transaction.atomic
def _claim(simulation_id: UUID) -> Simulation | None:
    """Take a simulation to run; one that broke its workers for an hour is given up."""
    rows = _claimable().select_for_update(skip_locked=True, of=("self",)).select_related("asked_by")
    simulation = rows.filter(pk=simulation_id).first()
    if simulation is None:
        return None
    tired = simulation.started_at is not None and simulation.created_at < now() - GIVEN_UP
    simulation.state, simulation.started_at = (FAILED if tired else RUNNING), now()
    simulation.moved_at, simulation.done = simulation.started_at, 0
    simulation.finished_at = simulation.started_at if tired else None
    simulation.error = "It never came to its end. Try fewer items, or tell your administrator." if tired else ""
    simulation.save(update_fields=["state", "started_at", "moved_at", "finished_at", "done", "error"])
    return None if tired else simulation


def _note(simulation: Simulation, **changes: Any) -> None:
    """Write how far a simulation is, unless it was started anew elsewhere."""
    changes["moved_at"] = now()
    mine = Simulation.objects.filter(pk=simulation.pk, state=RUNNING, started_at=simulation.started_at)
    if not mine.update(**changes):
        raise _Superseded
    for name, value in changes.items():
        setattr(simulation, name, value)
