"""The sign-off plan as a page shows it: who signed, who must sign, and who may not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reviews.showing.telling import method, role_title
from reviews.showing.texts import visible


@dataclass(frozen=True, slots=True)
class Place:
    """One signature of the plan: whose role and meaning it asks for, and the signature once it is there."""

    stage: int
    revision: int
    role: str
    meaning: str
    standing: str
    signer: Any
    verdict: str
    reason: str
    method: str
    at: datetime | None
    note: str


def places(slots: Iterable[Any], revision: int, person: Any, reasons: dict[Any, str], *, is_mine: bool) -> list[Place]:
    """Give the plan of a revision; `is_mine` says that the person at the page could fill the next place."""
    own = [slot for slot in slots if slot.revision == revision]
    following = next((slot for slot in own if slot.signature_id is None), None)
    signed = [slot.signer for slot in own if slot.signer_id]
    return [_place(slot, following, person, signed, reasons, is_mine) for slot in own]


def earlier(slots: Iterable[Any], revision: int, reasons: dict[Any, str]) -> list[Place]:
    """Give the signatures on earlier revisions; they stay on record and count for those alone."""
    signed = [slot for slot in slots if slot.revision < revision and slot.signature_id]
    return [_place(slot, None, None, [], reasons, False) for slot in signed]


def _place(
    slot: Any, following: Any, person: Any, signed: Sequence[Any], reasons: dict[Any, str], is_mine: bool
) -> Place:
    signature = slot.signature
    standing = "signed" if signature else "waiting"
    if slot is following:
        standing = "yours" if is_mine else "next"
    return Place(
        stage=slot.stage,
        revision=slot.revision,
        role=role_title(slot.role),
        meaning=visible(slot.meaning),
        standing=standing,
        signer=slot.signer if signature else person if standing == "yours" else None,
        verdict=signature.verdict if signature else "",
        reason=visible(reasons.get(signature.pk, "")) if signature else "",
        method=method(signature.auth_method) if signature else "",
        at=signature.signed_at if signature else None,
        note=_note(signed),
    )


def _note(signed: Sequence[Any]) -> str:
    who = [str(each) for each in signed]
    if not who:
        return "Anyone with this role who did not submit the item"
    return f"Anyone with this role but {' and '.join(who)}, and not who submitted the item"
