"""Sign-off plans as slots: which of them count, whose turn it is, and what the signatures given come to."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from reviews.models import Item, SignoffSlot
from reviews.policies.parts import Stage
from reviews.words import State, Verdict

_TOLD = re.compile(r"(?:& )?(?P<role>[a-z0-9 -]+?) x (?P<n>[0-9]+)")


def of(item: Item) -> list[SignoffSlot]:
    """Give every slot of the item's current revision, with its signature, in the order of the plan."""
    found = SignoffSlot.objects.filter(item_id=item.pk, revision=item.revision)
    return list(found.select_related("signature").order_by("stage", "round", "n"))


def standing(slots: Iterable[SignoffSlot]) -> list[SignoffSlot]:
    """Give the slots that count: those of the newest round of each stage."""
    kept: list[SignoffSlot] = []
    for _, of_stage in groupby(
        sorted(slots, key=lambda slot: (slot.stage, slot.round, slot.n)), lambda slot: slot.stage
    ):
        stage = list(of_stage)
        kept += [slot for slot in stage if slot.round == stage[-1].round]
    return kept


def open_slots(slots: Iterable[SignoffSlot]) -> list[SignoffSlot]:
    """Give the slots that may be signed now: the empty ones of the first step that has any."""
    empty = [slot for slot in standing(slots) if slot.signature_id is None]
    first = min((slot.step for slot in empty), default=0)
    return [slot for slot in empty if slot.step == first]


def awaiting(slots: Iterable[SignoffSlot]) -> str:
    """Name the roles whose signature is next, sorted, separated by a space: the item's column `awaiting`."""
    return " ".join(sorted({role for slot in open_slots(slots) for role in slot.roles}))


def outcome(slots: Iterable[SignoffSlot]) -> State | None:
    """Give what the signatures come to: None while a signature is missing that still counts, or the plan returns.

    A rejection ends a plan at once, unless somebody who signs blind has not signed: they must not learn of it.
    """
    counted = standing(slots)
    empty = [slot for slot in counted if slot.signature_id is None]
    if is_ended(counted):
        return None if any(slot.blind for slot in empty) else State.REJECTED
    return None if empty or any(map(_rejects, counted)) else State.APPROVED


def is_ended(slots: Iterable[SignoffSlot]) -> bool:
    """Tell whether somebody rejected whose stage returns nowhere: it stands, also while it is held."""
    return any(_rejects(slot) and slot.back_to is None for slot in standing(slots))


def _rejects(slot: SignoffSlot) -> bool:
    return slot.signature is not None and slot.signature.verdict == Verdict.REJECT


def is_veiled(slots: Iterable[SignoffSlot]) -> bool:
    """Tell whether somebody signed and a blind signer has not: until then nothing may tell what was said."""
    counted = standing(slots)
    unsigned = [slot for slot in counted if slot.signature_id is None]
    return len(unsigned) < len(counted) and any(slot.blind for slot in unsigned)


def stages(slots: Iterable[SignoffSlot]) -> tuple[Stage, ...]:
    """Give the stages that slots were written for."""
    made = []
    for _, of_stage in groupby(standing(slots), lambda slot: slot.stage):
        each = list(of_stage)
        one = each[0]
        made.append(
            Stage(
                one.role,
                len(each),
                one.meaning,
                step=one.step,
                name=one.name,
                factors=tuple(one.factors.split()),
                blind=one.blind,
                back_to=one.back_to,
            )  # fmt: skip
        )
    return tuple(made)


def write(made: Iterable[SignoffSlot]) -> None:
    """Write slots that are new; none of them overwrites another."""
    for each in made:
        each.save(force_insert=True)


def slots(item_id: UUID, revision: int, planned: Sequence[Stage]) -> list[SignoffSlot]:
    """Give the slots of a plan's first round, not yet written."""
    return [
        slot(item_id, revision, stage, number=number, step=step, n=n)
        for number, (stage, step) in enumerate(zip(planned, steps(planned), strict=True), start=1)
        for n in range(1, stage.signatures + 1)
    ]


def next_round(counted: Sequence[SignoffSlot], back_to: int) -> list[SignoffSlot]:
    """Give the slots that ask again for every stage from the step of stage `back_to` on, not yet written."""
    since = next(slot.step for slot in counted if slot.stage == back_to)
    newest = max(slot.round for slot in counted) + 1
    again = [each for each in counted if each.step >= since]
    return [
        SignoffSlot(
            item_id=each.item_id, revision=each.revision, round=newest, stage=each.stage, step=each.step, n=each.n,
            role=each.role, meaning=each.meaning, name=each.name, factors=each.factors, blind=each.blind,
            back_to=each.back_to,
        )
        for each in again
    ]  # fmt: skip


def slot(item_id: UUID, revision: int, stage: Stage, *, number: int, step: int, n: int) -> SignoffSlot:
    """Give one slot of a stage."""
    return SignoffSlot(
        item_id=item_id, revision=revision, stage=number, step=step, n=n, role=stage.role, meaning=stage.meaning,
        name=stage.name, factors=" ".join(stage.factors), blind=stage.blind, back_to=stage.back_to,
    )  # fmt: skip


def steps(planned: Sequence[Stage]) -> list[int]:
    """Number the steps of stages from 1; neighbours with the same `step` run in parallel, 0 stands alone."""
    numbered: list[int] = []
    for place, stage in enumerate(planned):
        beside = place > 0 and stage.step and planned[place - 1].step == stage.step
        numbered.append(numbered[-1] if beside else (numbered[-1] if numbered else 0) + 1)
    return numbered


def told(planned: Sequence[Stage]) -> list[str]:
    """Write a plan as entries tell it, one line a stage; the database writes the same (reviews_plan)."""
    numbered = steps(planned)
    return [
        f"{'& ' if place and numbered[place] == numbered[place - 1] else ''}{stage.role} x {stage.signatures}"
        f"{' blind' if stage.blind else ''}{f' back to {stage.back_to}' if stage.back_to else ''}"
        f"{' by ' + ','.join(stage.factors) if stage.factors else ''}{f' as {stage.name}' if stage.name else ''}"
        for place, stage in enumerate(planned)
    ]


def read(line: str) -> tuple[list[str], int]:
    """Read the roles and how many signatures a line of a told plan asks for."""
    found = _TOLD.match(line)
    return (found["role"].split(), int(found["n"])) if found else ([line], 1)
