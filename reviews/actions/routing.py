"""Routing: submissions become items with a queue, a sign-off plan and their first entry, once."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from audit import exhibits, ledger
from audit.actors import SystemJob
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.inserting import insert_all
from reviews import counters
from reviews.actions import deciding, planning, refusing, ruling
from reviews.actions.planning import Opened
from reviews.actions.ruling import Case, Ruling
from reviews.models import IntakeQueue, Item, PolicyVersion, Submission
from reviews.policies.evaluation import Reason
from reviews.words import Basis, State

log = logging.getLogger(__name__)

BATCH = 200
_RELATED = ("submission__flow", "submission__exhibit__dek")


def drain(limit: int = BATCH) -> int:
    """Route up to `limit` waiting submissions; give how many left the intake queue.

    One bad submission does not poison the batch: it is retried alone and then goes to the fallback queue.
    """
    with transaction.atomic():
        rows = IntakeQueue.objects.select_for_update(skip_locked=True, of=("self",))
        waiting = [row.submission for row in rows.select_related(*_RELATED).order_by("tries", "pk")[:limit]]
        if not waiting:
            return 0
        try:
            _route(waiting)
        except Exception:  # noqa: BLE001  whatever one submission breaks, the others must not wait for
            log.warning("%d submissions could not be routed together; now one by one", len(waiting), exc_info=True)
            return sum(_route_alone(submission) for submission in waiting)
        return len(waiting)


def route_now(item_id: ItemId) -> None:
    """Route one submission if nobody has yet; doing it twice does nothing twice."""
    with transaction.atomic():
        rows = IntakeQueue.objects.select_for_update(of=("self",)).select_related(*_RELATED)
        waiting = rows.filter(pk=item_id).first()
        if waiting is not None:
            _route_alone(waiting.submission)


def preview(flow_slug: str, policy_id: UUID, document: dict[str, Any]) -> tuple[PolicyVersion, Ruling]:
    """Give what routing would decide about a document now, storing nothing."""
    version = ruling.in_force({policy_id})[policy_id]
    return version, ruling.decide([Case(ruling.rules(version), flow_slug, document, now())])[0]


def _route_alone(submission: Submission) -> bool:
    try:
        _route([submission])
    except OperationalError:
        log.warning("submission %s waits for the next sweep", submission.pk, exc_info=True)
        return _set_back(submission)
    except Exception:  # noqa: BLE001  it goes to people with the reason instead
        log.exception("submission %s could not be routed by its rules", submission.pk)
        return _route_to_fallback(submission)
    return True


def _route_to_fallback(submission: Submission) -> bool:
    reason = Reason("routing_failed", "The item could not be routed by its rules; a person decides what to do.")
    try:
        _route([submission], fallback=reason)
    except Exception:  # noqa: BLE001  it stays in the intake queue, behind the others, and the log says why
        log.exception("submission %s cannot even go to the fallback queue", submission.pk)
        return _set_back(submission)
    return True


def _set_back(submission: Submission) -> bool:
    """Leave a submission in the intake queue, behind the others."""
    IntakeQueue.objects.filter(pk=submission.pk).update(tries=1)
    return False


@transaction.atomic
def _route(submissions: Sequence[Submission], *, fallback: Reason | None = None) -> None:
    """Write the items of submissions in a handful of statements, all or none.

    Where rules count on a subject, one worker at a time does, and items of one subject follow each other: two that
    are each allowed alone are never both approved.
    """
    read = planning.opened(submissions)
    counters.hold(each.counted for each in read)
    for part in planning.parts(read):
        _write(part, fallback=fallback)
    IntakeQueue.objects.filter(pk__in=[submission.pk for submission in submissions]).delete()


def _write(read: Sequence[Opened], *, fallback: Reason | None) -> None:
    plans = planning.planned(read, fallback=fallback)
    keys = exhibits.keys_for(plan.scope for plan in plans)
    sealed = exhibits.seal_all([(plan.content, keys[plan.scope]) for plan in plans])
    made = [
        planning.rows(plan, keys[plan.scope], exhibit.pk, exhibits.sealed_sha256(exhibit))
        for plan, exhibit in zip(plans, sealed, strict=True)
    ]
    insert_all([rows.item for rows in made])
    insert_all([rows.revision for rows in made])
    insert_all([slot for rows in made for slot in rows.slots])
    ledger.append_all([rows.step for rows in made])
    for plan, rows in zip(plans, made, strict=True):
        _settle(rows.item, plan.ruling)


def _settle(item: Item, made: Ruling) -> None:
    """Finish what needs nobody: what the rules approve by themselves, and what they refuse."""
    if made.outcome.basis == "auto":
        deciding.finalise(item, State.APPROVED, Basis.POLICY, by=SystemJob.ROUTER)
    elif made.outcome.basis == "refuse":
        refusing.invalidate(item)
