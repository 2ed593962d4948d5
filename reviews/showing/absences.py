"""Who is away and who signs for them: one's own, those of a manager's queues, or all of them."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from reviews.actions import substituting
from reviews.models import Queue, Substitution
from reviews.showing import people_on

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One substitution in words: where it reaches, how it stands, whether the person may end it, and who else may."""

    made: Substitution
    where: str
    standing: tuple[str, str, str]
    may_end: bool
    left_to: str


@dataclass(frozen=True, slots=True)
class Absences:
    """What the page shows: when one is away, for whom one signs, and those of others."""

    mine: list[Row]
    others: list[Row]
    all: list[Row]
    manages: bool
    reads_all: bool


def reviewed(granted: Access) -> list[UUID]:
    """Give the queues a person reviews in themselves: what was lent to them they lend to nobody."""
    found = granted.where("review_in_queue", "queue")
    return [each for each in found if granted.owns("review_in_queue", "queue", each)]


def of(by: User, granted: Access) -> Absences:
    """Give the substitutions a person may know of, those in force and coming first."""
    managed = granted.where("manage_in_queue", "queue")
    known = Queue.objects.all() if granted.reads_all else Queue.objects.filter(pk__in=granted.seen_queues())
    names = {str(key): name for key, name in known.values_list("pk", "name")}

    def rows(found: "QuerySet[Substitution]") -> list[Row]:
        people = found.select_related("absent", "substitute", "made_by").order_by("-ends_at")
        return [_row(each, by, granted, names) for each in people[:MOST]]

    made = Substitution.objects.all()
    return Absences(
        rows(made.filter(absent=by)), rows(made.filter(substitute=by)),
        rows(_others(granted).exclude(Q(absent=by) | Q(substitute=by))) if managed or granted.reads_all else [],
        bool(managed), granted.reads_all,
    )  # fmt: skip


def _others(granted: Access) -> "QuerySet[Substitution]":
    """Give those of others: all for who answers for everybody, else those that reach a queue one manages."""
    made = Substitution.objects.filter(ended_at=None, ends_at__gt=now())
    if granted.reads_all:
        return made
    managed = granted.where("manage_in_queue", "queue")
    named = Q()
    for queue in managed:
        named |= Q(queues__contains=[str(queue)])
    return made.filter(named | Q(queues=[], absent__in=people_on.reviewers(managed).values("pk")))


def _row(made: Substitution, by: User, granted: Access, names: dict[str, str]) -> Row:
    may_end = substituting.why_not_end(by, granted, made) is None
    return Row(made, _where(made, names), _standing(made), may_end, "" if may_end else _left_to(made))


def _left_to(made: Substitution) -> str:
    """Say who may end it instead; nothing where it has ended."""
    if made.ended_at is not None or made.ends_at <= now():
        return ""
    concerned = list(dict.fromkeys(map(str, (made.absent, made.substitute, made.made_by))))
    if made.queues:
        concerned.append("who manages all of its queues")
    return f"{', '.join(concerned[:-1])} or {concerned[-1]} may end it"


def _where(made: Substitution, names: dict[str, str]) -> str:
    """Name the queues the reader may know of; of the others not even how many there are."""
    if not made.queues:
        return "Every queue of theirs"
    known = sorted(names[each] for each in made.queues if each in names)
    if not known:
        return "Queues you may not see"
    return ", ".join(known) + (" and others" if len(known) < len(made.queues) else "")


def _standing(made: Substitution) -> tuple[str, str, str]:
    moment = now()
    if made.ended_at is not None:
        return "x", "", "Ended early"
    if made.ends_at <= moment:
        return "x", "", "Over"
    return ("clock", "info", "Coming") if made.starts_at > moment else ("check", "ok", "In force")
