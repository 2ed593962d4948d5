"""What an import changes: entries of two registers paired by person and scope, and a sentence for each change."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from .entries import Entry

E = TypeVar("E", bound=Entry)

NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
_SILENT: Final = ("no bound", "open")


@dataclass(frozen=True, slots=True)
class Difference(Generic[E]):
    """What is new, what goes, what has other terms, and how many entries stay as they are."""

    added: list[E]
    removed: list[E]
    changed: list[tuple[E, E]]
    same: int

    def sentences(self, names: Mapping[str, str] = NO_NAMES) -> list[str]:
        """Say each change in a sentence, by person; `names` gives people's names by sign-in name."""
        told = [
            *((each.person, each.told(), f"added: {all_terms(each)}") for each in self.added),
            *((each.person, each.told(), f"removed: {all_terms(each)}") for each in self.removed),
            *((before.person, before.told(), _changes(before, after)) for before, after in self.changed),
        ]
        shown = sorted((names.get(person, person), scope, change) for person, scope, change in told)
        return [f"{name}: {scope}: {change}." for name, scope, change in shown]


def difference(old: Sequence[E], new: Sequence[E]) -> Difference[E]:
    """Compare two registers of one kind."""
    before, after = _by_scope(old), _by_scope(new)
    found: Difference[E] = Difference([], [], [], len(set(old) & set(new)))
    for scope in sorted(before.keys() | after.keys()):
        _pair(before.get(scope, []), after.get(scope, []), found)
    return found


def changes(before: Entry, after: Entry) -> list[tuple[str, str, str]]:
    """Give the terms that are others, each as it was and as it is."""
    now = after.terms()
    return [(name, value, now[name]) for name, value in before.terms().items() if value != now[name]]


def all_terms(entry: Entry) -> str:
    """Say what an entry grants, but for bounds and ends it has not."""
    return ", ".join(f"{name} {value}" for name, value in entry.terms().items() if value not in _SILENT)


def _pair(before: Sequence[E], after: Sequence[E], found: Difference[E]) -> None:
    """Pair what starts on the same day, then the rest in the order of time."""
    known, wanted = set(before), set(after)
    old = [each for each in before if each not in wanted]
    new = [each for each in after if each not in known]
    starting = {each.starts: each for each in new}
    pairs = [(each, starting.pop(each.starts)) for each in old if each.starts in starting]
    paired = {each for pair in pairs for each in pair}
    left, right = ([each for each in some if each not in paired] for some in (old, new))
    for gone, come in zip_longest(left, right):
        if gone is None or come is None:
            found.removed.extend([gone] if gone is not None else [])
            found.added.extend([come] if come is not None else [])
        else:
            pairs.append((gone, come))
    found.changed.extend(pairs)


def _by_scope(entries: Iterable[E]) -> dict[tuple[str, ...], list[E]]:
    groups: defaultdict[tuple[str, ...], list[E]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each.starts):
        groups[entry.scope()].append(entry)
    return dict(groups)


def _changes(before: Entry, after: Entry) -> str:
    return ", ".join(f"{name} {value} → {new}" for name, value, new in changes(before, after))
