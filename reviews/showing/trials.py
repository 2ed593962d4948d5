"""A simulation as its page shows it: how far it is, and rule by rule what the draft would do differently."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import NotFound
from reviews.actions import simulating
from reviews.actions.comparing import Group
from reviews.actions.simulating import FAILED, FINISHED
from reviews.models import Item, Simulation
from reviews.showing.texts import visible

_TITLES = {
    Group.AUTOMATIC: ("Newly automatic", "warn"),
    Group.STOPPED: ("Newly stopped for people", "info"),
    Group.REFUSED: ("Newly refused", "bad"),
    Group.FALLBACK: ("No rule any more", "warn"),
    Group.ELSEWHERE: ("Routed elsewhere", "info"),
    Group.PLAN: ("Other plan", "info"),
    Group.SAME: ("The same", ""),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of difference: how many items, and some of them that the reader may see."""

    title: str
    shade: str
    count: int
    items: list[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule of the draft that applied to items, and what became of them."""

    name: str
    total: int
    found: list[Found]


@dataclass(frozen=True, slots=True)
class Trial:
    """A simulation at one moment."""

    simulation: Simulation
    totals: list[Found]
    rules: list[Tried]
    idle: list[str]

    @property
    def is_over(self) -> bool:
        """Tell whether it goes no further."""
        return self.simulation.state in (FINISHED, FAILED)

    @property
    def is_finished(self) -> bool:
        """Tell whether there is a result."""
        return self.simulation.state == FINISHED

    @property
    def name(self) -> str:
        """Give the name of the rules that are tried, where they are not new."""
        return self.simulation.policy.name if self.simulation.policy else ""


def trial(simulation_id: UUID, *, by: User, granted: Access) -> Trial:
    """Give one's own simulation. Raises NotFound."""
    simulation = mine(simulation_id, by=by)
    changed = simulating.shown(simulation, granted)
    rules = [
        Tried(visible(name), sum(each.count for each in found), [_found(each) for each in sorted(found, key=_place)])
        for name, found in ((name, list(each)) for name, each in groupby(changed, lambda each: each.rule))
    ]
    groups = simulation.result.get("groups", {})
    totals = [Found(title, shade, groups.get(group, 0), []) for group, (title, shade) in _TITLES.items() if groups]
    applied = {each.name for each in rules}
    named = [visible(each["rule"]) for each in simulation.result.get("rules", ()) if each["rule"]]
    return Trial(simulation, totals, rules, [name for name in named if name not in applied])


def mine(simulation_id: UUID, *, by: User) -> Simulation:
    """Find a simulation somebody asked for. Raises NotFound."""
    rows = Simulation.objects.select_related("policy")
    simulation = rows.filter(pk=simulation_id, asked_by=by).first()
    if simulation is None:
        raise NotFound("There is no such simulation of yours. Start one from the draft.")
    return simulation


def _place(changed: simulating.Changed) -> int:
    return list(_TITLES).index(changed.group)


def _found(changed: simulating.Changed) -> Found:
    title, shade = _TITLES[changed.group]
    return Found(title, shade, changed.count, [(item.pk, _name(item)) for item in changed.items])


def _name(item: Item) -> str:
    return visible(item.subject or item.external_id or str(item.pk))
