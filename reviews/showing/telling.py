"""An item's story in the words of a page: who did what, with names instead of ids and labels instead of pointers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.facts import REGISTER
from audit.stories import Told
from portal.accounts import roles
from portal.kit import wording
from reviews import walls
from reviews.showing.texts import plain, visible
from reviews.words import Wall

_GOOD = frozenset({"signature.executed", "decision.finalised", "evidence.made"})
_STOPS = frozenset({"signature.refused", "item.changes_requested", "item.cancelled", "item.expired", "item.returned",
                    "item.invalidated", "item.stuck"})  # fmt: skip
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
    "not_read": "not every required text was opened",
    "content_changed": "the stored content was not what was shown",
}
_VEILED = "{actor} signed as {role}. What they said shows once you have signed."
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
    return visible(roles.title(role))


def roles_title(roles: Iterable[str]) -> str:
    """Give roles of which any one may sign, as pages print them."""
    return " or ".join(role_title(role) for role in roles)


def method(code: str) -> str:
    """Say how somebody proved who they are."""
    return _METHODS.get(code, code)


def _sentence(entry: Told, names: Names) -> str:
    said = {name: _named(name, value, names) for name, value in {**entry.pub, **entry.personal}.items()}
    spoken = defaultdict(str, said | {"actor": names.actor(entry.actor)})
    if stood_for := entry.personal.get("for_name"):
        spoken["role"] = f"{spoken['role']} for {plain(stood_for)}"
    sentence = _VEILED if _is_veiled(entry) else REGISTER[entry.kind].sentence
    return visible(sentence.format_map(spoken))


def _is_veiled(entry: Told) -> bool:
    """Tell whether a signature's verdict is kept from the reader."""
    return entry.kind == "signature.executed" and "verdict" not in entry.pub


def _named(name: str, value: Any, names: Names) -> str:
    if name == "role":
        return roles_title(str(value).split())
    if name == "rule":
        return f"the routing rule “{value}”" if value else "the fallback, since no routing rule matched"
    if name == "changed":
        return ", ".join(names.label(f"/output{pointer}") for pointer in value)
    if name == "code":
        return _CODES.get(str(value), str(value).replace("_", " "))
    if name == "wall":
        return (
            "everybody who may see the queue"
            if value == Wall.ORDINARY
            else f"only those behind the wall “{walls.title(value)}”"
        )
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
    yield from _out_of_the_ordinary(entry)


def _out_of_the_ordinary(entry: Told) -> Iterable[str]:
    """Say by which emergency, waiver or licence somebody signed, and in which round."""
    if entry.pub.get("break_glass"):
        yield "Under emergency access"
    if "changed_rule" in (entry.pub.get("duties_waived") or ()):
        yield "Although they changed the routing rule lately: without them nobody could complete the plan"
    if licence := entry.personal.get("licence"):
        yield f"Licence {visible(str(licence))}"
    if entry.kind == "signature.executed" and entry.pub.get("round") and not _is_veiled(entry):
        yield f"Round {entry.pub['round']} of the plan"


def _mark(entry: Told) -> str:
    if _is_veiled(entry):
        return ""
    if entry.kind in _GOOD:
        return "ok" if "reject" not in entry.pub.values() and "rejected" not in entry.pub.values() else "stop"
    return "stop" if entry.kind in _STOPS else ""
