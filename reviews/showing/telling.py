"""An item's story in the words of a page: who did what, with names instead of ids and labels instead of pointers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.facts import REGISTER
from audit.stories import Told
from portal.accounts.roles import Role
from portal.web import wording
from reviews.showing.texts import plain, visible

_GOOD = frozenset({"signature.executed", "decision.finalised", "evidence.made"})
_STOPS = frozenset({"signature.refused", "item.changes_requested", "item.cancelled", "item.expired"})
_WORDS = {
    "approve": "approved", "reject": "rejected", "in_review": "in review", "succeeded": "that it succeeded",
    "started": "that it started", "failed": "that it failed", "unknown": "that it does not know how it ended",
}  # fmt: skip
_CODES = {
    "ceremony_failed": "it was not shown that it is this person",
    "not_taken": "the item was not held any more",
    "stale": "the item had changed",
    "intent_spent": "the attempt was used or too old",
    "not_opened": "not every file was opened",
    "content_changed": "the stored content was not what was shown",
}
_METHODS = {"password": "password", "password+totp": "password and one-time code", "passkey": "passkey"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story; `day` is set where a new day begins."""

    at: datetime
    clock: str
    day: str
    sentence: str
    details: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Names:
    """What ids and codes are called: people and flows by actor, queues by id, pointers by label."""

    actor: Callable[[Any], str]
    things: Mapping[str, str]
    label: Callable[[str], str]


def steps(told: Iterable[Told], names: Names) -> list[Step]:
    """Tell entries, oldest first, as steps."""
    made: list[Step] = []
    day = ""
    for entry in told:
        on = wording.day(entry.at)
        sentence, details = _sentence(entry, names), tuple(_details(entry))
        made.append(
            Step(entry.at, wording.clock(entry.at)[:5], on if on != day else "", sentence, details, _mark(entry))
        )
        day = on
    return made


def role_title(role: str) -> str:
    """Give a role as pages print it, also one this version does not know."""
    return Role(role).title if role in set(Role) else visible(role)


def method(code: str) -> str:
    """Say how somebody proved who they are."""
    return _METHODS.get(code, code)


def _sentence(entry: Told, names: Names) -> str:
    said = {name: _named(name, value, names) for name, value in {**entry.pub, **entry.personal}.items()}
    spoken = defaultdict(str, said | {"actor": names.actor(entry.actor)})
    return visible(REGISTER[entry.kind].sentence.format_map(spoken))


def _named(name: str, value: Any, names: Names) -> str:
    if name == "role":
        return role_title(str(value))
    if name == "rule":
        return f"the routing rule “{value}”" if value else "the fallback, since no routing rule matched"
    if name == "changed":
        return ", ".join(names.label(f"/output{pointer}") for pointer in value)
    if name == "code":
        return _CODES.get(str(value), str(value).replace("_", " "))
    if name == "deadline":
        return wording.moment(datetime.fromisoformat(str(value)))
    if name in ("verdict", "status", "outcome"):
        return _WORDS.get(str(value), str(value))
    return names.things.get(str(value), plain(value))


def _details(entry: Told) -> Iterable[str]:
    if reason := entry.personal.get("reason"):
        yield visible(str(reason))
    if meaning := entry.pub.get("meaning"):
        yield f"{meaning}, proved by {method(entry.pub.get('auth_method', ''))}"
    if entry.kind == "decision.finalised":
        yield f"Revision {entry.pub.get('revision')}, {len(entry.pub.get('signatures') or [])} signatures"


def _mark(entry: Told) -> str:
    if entry.kind in _GOOD:
        return "ok" if "reject" not in entry.pub.values() and "rejected" not in entry.pub.values() else "stop"
    return "stop" if entry.kind in _STOPS else ""
