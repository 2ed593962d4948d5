"""Substituting: naming who signs for somebody who is away, from when to when, on which queues and up to how much."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit import ledger
from portal.accounts import access, nudging
from portal.accounts.access import WALL, Access
from portal.accounts.models import User
from portal.accounts.roles import NEVER_SIGN
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import NotFound, Problem, Refusal
from reviews import facts, guards
from reviews.models import Queue, Substitution

LONGEST = timedelta(days=90)
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNSEEN = "There is no such substitution, or it is not yours to end."


class SubstitutionInvalid(Problem):
    """The substitution does not say what it must."""

    code = "substitution_invalid"
    status = 422
    title = "This substitution cannot be made"


@transaction.atomic
def name(
    absent: User,
    substitute: User,
    *,
    starts: datetime,
    ends: datetime,
    queues: Sequence[Queue] = (),
    up_to: Decimal | None = None,
    currency: str = "",
    by: User,
) -> Substitution:
    """Name who signs for somebody who is away; no queues named means every queue the absent person reviews in.

    By the absent person, or by who manages every queue named. A substitute gets what the absent person holds
    themselves, nothing that was lent to them. Raises SubstitutionInvalid or Refused.
    """
    User.objects.select_for_update().get(pk=absent.pk)
    starts = max(starts, now())
    _insist_on_sense(absent, substitute, starts, ends, up_to, currency)
    guards.insist(_why_not_name(absent, substitute, queues, by))
    guards.insist(_why_not_serve(absent, substitute, starts, ends))
    made = Substitution.objects.create(
        id=new_id(), absent=absent, substitute=substitute, starts_at=starts, ends_at=ends, made_by=by,
        queues=sorted(str(queue.pk) for queue in queues), up_to=up_to, currency=currency,
    )  # fmt: skip
    fact = facts.SubstitutionMade(absent=absent.pk, substitute=substitute.pk, starts=starts, ends=ends)
    ledger.append_next(fact, stream=stream(made), by=by, rows=[made])
    nudging.people_changed()
    return made


@transaction.atomic
def end(substitution_id: UUID, *, by: User) -> Substitution:
    """End a substitution before its time: by either of the two people, or by who may name one.

    Raises NotFound or Refused.
    """
    found = Substitution.objects.select_for_update().filter(pk=substitution_id).first()
    if found is None:
        raise NotFound(_UNSEEN)
    guards.insist(why_not_end(by, access.of(by), found))
    found.ended_at = now()
    found.save(update_fields=["ended_at"])
    ledger.append_next(facts.SubstitutionEnded(), stream=stream(found), by=by, rows=[found])
    nudging.people_changed()
    return found


def why_not_end(by: User, granted: Access, found: Substitution) -> Refusal | None:
    """Tell why a person may not end a substitution."""
    concerned = by.pk in (found.absent_id, found.substitute_id, found.made_by_id)
    managed = bool(found.queues) and all(granted.owns("manage_in_queue", "queue", each) for each in found.queues)
    if not concerned and not managed:
        return Refusal(NotFound.code, _UNSEEN)
    if found.ended_at is not None or found.ends_at <= now():
        return Refusal("substitution_invalid", "This substitution has ended already; there is nothing to end.")
    return None


def fit() -> "QuerySet[User]":
    """Give who can stand in for somebody: active, verified, with a role, and neither auditor nor administrator."""
    held = User.groups.through.objects
    roles = held.exclude(group__name__startswith=WALL).values("user")
    barred = held.filter(group__name__in=NEVER_SIGN).values("user")
    found = User.objects.filter(pk__in=roles, is_active=True, identity_verified_at__isnull=False)
    return found.exclude(pk__in=barred).order_by("printed_name", "username")


def stream(substitution: Substitution) -> ledger.Stream:
    """Give the stream of a substitution's entries."""
    return ledger.Stream("substitution", substitution.pk)


def _insist_on_sense(
    absent: User, substitute: User, starts: datetime, ends: datetime, up_to: Decimal | None, currency: str
) -> None:
    if absent.pk == substitute.pk:
        raise SubstitutionInvalid("Name somebody else; nobody stands in for themselves.")
    if ends <= starts:
        raise SubstitutionInvalid("It must end after it starts, and not in the past. Correct the dates.")
    if ends - starts > LONGEST:
        raise SubstitutionInvalid(f"It may last {LONGEST.days} days at most. Name a substitute again when it ends.")
    if up_to is not None and (up_to <= 0 or not _CURRENCY.fullmatch(currency)):
        raise SubstitutionInvalid("An amount is more than nothing, its currency three capital letters, such as USD.")


def _why_not_name(absent: User, substitute: User, queues: Sequence[Queue], by: User) -> Refusal | None:
    """Tell why a person may not name this substitute on these queues."""
    theirs = access.of(absent)
    if any(not theirs.owns("review_in_queue", "queue", queue.pk) for queue in queues):
        return Refusal("no_permission", f"{absent} does not review in every one of these queues. Name others.")
    if by.pk == absent.pk:
        return None
    granted = access.of(by)
    if queues and all(granted.owns("manage_in_queue", "queue", queue.pk) for queue in queues):
        if by.pk == substitute.pk:
            return Refusal("own_work", "Somebody else must name you; nobody takes another's place by themselves.")
        return None
    return Refusal("no_permission", f"Only {absent} or who manages every queue named here may name a substitute.")


def _why_not_serve(absent: User, substitute: User, starts: datetime, ends: datetime) -> Refusal | None:
    """Tell why a person cannot stand in for another at that time."""
    if not fit().filter(pk=substitute.pk).exists():
        told = "an account, a verified identity and a role, and neither audits nor administers"
        return Refusal("substitute_unfit", f"Name another than {substitute}: who signs for somebody has {told}.")
    same = Substitution.objects.filter(absent=absent, substitute=substitute, ended_at=None)
    if same.filter(starts_at__lt=ends, ends_at__gt=starts).exists():
        return Refusal(
            "substitution_exists", f"{substitute} stands in for {absent} already in that time. End that first."
        )
    return None
