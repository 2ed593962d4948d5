"""The sign-off plan as a page shows it: who signed, who must sign, and who may not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from reviews import plans
from reviews.models import SignoffSlot
from reviews.showing.telling import method, roles_title
from reviews.showing.texts import visible
from reviews.turns import Turn
from reviews.words import Verdict

_ENOUGH = {"passkey": "a passkey", "password+totp": "password and one-time code", "password": "a password"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person at the page may see of a plan: what the signers said, whether it is their turn, and the veil."""

    person: Any
    reasons: dict[Any, str]
    turn: Turn | None = None
    is_veiled: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One signature of the plan: whose role and meaning it asks for, and the signature once it is there."""

    stage: int
    step: int
    revision: int
    round: int
    role: str
    meaning: str
    standing: str
    signer: Any
    verdict: str
    reason: str
    method: str
    at: datetime | None
    note: str
    conditions: tuple[str, ...]
    on_behalf_of: str
    is_emergency: bool
    licence: str


@dataclass(frozen=True, slots=True)
class Step:
    """Places that may be signed at the same time; `is_parallel` when they are of several stages."""

    places: list[Place]

    @property
    def is_parallel(self) -> bool:
        """Tell whether stages stand side by side here."""
        return len({place.stage for place in self.places}) > 1


@dataclass(frozen=True, slots=True)
class Round:
    """An earlier round of the plan: what was signed in it, and who returned it; nobody where that is veiled."""

    number: int
    places: list[Place]
    returned: Place | None


@dataclass(frozen=True, slots=True)
class Signoff:
    """A whole sign-off plan as one person sees it."""

    places: list[Place]
    rounds: list[Round]
    earlier: list[Place]
    is_veiled: bool

    @property
    def steps(self) -> list[Step]:
        """Give the places by what may be signed at the same time."""
        return [Step(list(each)) for _, each in groupby(self.places, lambda place: place.step)]

    @property
    def round(self) -> int:
        """Give the number of the newest round."""
        return 1 if self.is_veiled else max((place.round for place in self.places), default=1)

    @property
    def is_mine(self) -> bool:
        """Tell whether a signature is this person's to give next."""
        return any(place.standing == "yours" for place in self.places)


def signoff(slots: Sequence[SignoffSlot], revision: int, seen: Seen) -> Signoff:
    """Give the plan of an item's revision, and what was signed before it."""
    return Signoff(
        places(slots, revision, seen), rounds(slots, revision, seen), earlier(slots, revision, seen), seen.is_veiled
    )


def places(slots: Iterable[SignoffSlot], revision: int, seen: Seen) -> list[Place]:
    """Give the places of a revision's plan that count."""
    own = [slot for slot in slots if slot.revision == revision]
    signed = [slot.signer for slot in plans.standing(own) if slot.signer_id]
    following = {slot.pk for slot in plans.open_slots(own)}
    return [_place(slot, following, signed, own, seen) for slot in plans.standing(own)]


def rounds(slots: Iterable[SignoffSlot], revision: int, seen: Seen) -> list[Round]:
    """Give the earlier rounds of a revision's plan; none to somebody from whom verdicts are kept."""
    own = [slot for slot in slots if slot.revision == revision]
    counted = {slot.pk for slot in plans.standing(own)}
    past = [] if seen.is_veiled else [slot for slot in own if slot.pk not in counted and slot.signature_id]
    past.sort(key=lambda slot: (slot.round, slot.stage, slot.n))
    made = []
    for number, of_round in groupby(past, lambda slot: slot.round):
        shown = [_place(slot, set(), [], own, seen) for slot in of_round]
        made.append(Round(number, shown, next((each for each in shown if each.verdict == Verdict.REJECT), None)))
    return made


def earlier(slots: Iterable[SignoffSlot], revision: int, seen: Seen) -> list[Place]:
    """Give the signatures on earlier revisions; they stay on record and count for those alone."""
    signed = [slot for slot in slots if slot.revision < revision and slot.signature_id]
    return [_place(slot, set(), [], [], seen) for slot in signed]


def _place(
    slot: SignoffSlot, following: set[int], signed: Sequence[Any], plan: Sequence[SignoffSlot], seen: Seen
) -> Place:
    signature, turn = slot.signature, seen.turn
    standing = _standing(slot, following, turn)
    is_hidden = seen.is_veiled and slot.signer_id != seen.person.pk
    yours = turn if standing == "yours" else None
    stood_for = signature.on_behalf_of if signature else yours and yours.on_behalf_of
    return Place(
        stage=slot.stage,
        step=slot.step,
        revision=slot.revision,
        round=slot.round,
        role=roles_title(slot.roles),
        meaning=visible(slot.meaning),
        standing=standing,
        signer=slot.signer if signature else seen.person if yours else None,
        verdict="" if is_hidden or not signature else signature.verdict,
        reason="" if is_hidden or not signature else visible(seen.reasons.get(signature.pk, "")),
        method=method(signature.auth_method) if signature else "",
        at=signature.signed_at if signature else None,
        note=_note(signed),
        conditions=tuple(_conditions(slot, plan)),
        on_behalf_of=visible(stood_for.printed_name) if stood_for else "",
        is_emergency=bool(signature.break_glass_id if signature else yours and yours.capacity.emergency),
        licence=visible(signature.licence if signature else yours.licence if yours else ""),
    )


def _standing(slot: SignoffSlot, following: set[int], turn: Turn | None) -> str:
    if slot.signature_id is not None:
        return "signed"
    if turn is not None and turn.slot.pk == slot.pk:
        return "yours"
    return "next" if slot.pk in following else "waiting"


def _conditions(slot: SignoffSlot, plan: Sequence[SignoffSlot]) -> Iterable[str]:
    """Say what is special about a stage: what its signer does not see, what proves them, where its no leads."""
    if slot.blind:
        yield "Signs without seeing the others' verdicts."
    if slot.factors:
        yield f"Signs with {enough(slot.factors.split())}."
    if slot.back_to is not None:
        yield f"A rejection asks again from {stage_name(slot.back_to, plan)} on."
    elif any(each.back_to for each in plan):
        yield "A rejection ends the review."


def enough(factors: Iterable[str]) -> str:
    """Say which proofs suffice."""
    return " or with ".join(_ENOUGH.get(each, each) for each in factors)


def stage_name(number: int, plan: Iterable[SignoffSlot]) -> str:
    """Name a stage as its rule does, or by its number and what it means."""
    found = next((slot for slot in plan if slot.stage == number), None)
    if found is not None and found.name:
        return f"“{found.name.replace('-', ' ').capitalize()}”"
    return f"stage {number}, “{visible(found.meaning)}”" if found is not None else f"stage {number}"


def _note(signed: Sequence[Any]) -> str:
    who = list(dict.fromkeys(str(each) for each in signed))
    if not who:
        return "Anyone with this role who did not submit the item"
    return f"Anyone with this role but {' and '.join(who)}, and not who submitted the item"
