"""Forbidden pairs: roles that nobody may hold together, those every installation begins with, and who holds one."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit import ledger
from audit.actors import HasActor
from portal.accounts import facts, roles
from portal.accounts.models import ForbiddenPair, User
from portal.accounts.roles import SIGNING, Role
from portal.kit.clock import now
from portal.kit.problems import Problem

_CONFIGURES: Final = "Who configures does not decide."
_AUDITS: Final = "Who audits does nothing else."
_OVERSEES: Final = "Who oversees decisions does not make them."

_HELD: Final = """
SELECT u.id, p.first, p.second, p.reason
  FROM portal_forbidden_pair p
  JOIN auth_group a ON a.name = p.first
  JOIN auth_group b ON b.name = p.second
  JOIN portal_user_groups m ON m.group_id = a.id
  JOIN portal_user_groups n ON n.group_id = b.id AND n.user_id = m.user_id
  JOIN portal_user u ON u.id = m.user_id AND u.is_active AND u.id = coalesce(%(person)s::uuid, u.id)
 WHERE p.ended_at IS NULL
 ORDER BY u.username, p.first, p.second
"""


class ForbiddenTogether(Problem):
    """The person would hold two roles that nobody may hold at once."""

    code = "forbidden_pair"
    status = 409
    title = "Nobody may hold these two roles together"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A person who holds a pair that is forbidden now: from before it was forbidden."""

    person: User
    first: str
    second: str
    reason: str


def insist_on_allowed(person: User, role: str) -> None:
    """Refuse a role that is forbidden together with one the person holds. Raises ForbiddenTogether."""
    for pair in broken({role, *person.groups.values_list("name", flat=True)}):
        other = {pair.first: pair.second, pair.second: pair.first}.get(role)
        if other is not None:
            theirs, wanted = roles.title(other), roles.title(role)
            raise ForbiddenTogether(
                f"{person.printed_name} holds {theirs}, which nobody may hold together with {wanted}: {pair.reason} "
                f"Take {theirs} from them first, or choose somebody else."
            )


def broken(held: Collection[str]) -> list[ForbiddenPair]:
    """Give the forbidden pairs of which both roles are among those held."""
    return list(ForbiddenPair.objects.filter(ended_at=None, first__in=held, second__in=held).order_by("first"))


@transaction.atomic
def forbid(first: str, second: str, reason: str, *, by: HasActor, proposal: UUID | None = None) -> ForbiddenPair:
    """Forbid two roles from being held together; who holds both keeps them until one is taken."""
    first, second = sorted((str(first), str(second)))
    pair = ForbiddenPair.objects.create(first=first, second=second, reason=reason)
    fact = facts.PairForbidden(first=first, second=second, proposal=proposal)
    ledger.append_next(fact, stream=_stream(pair), by=by, rows=[pair])
    return pair


@transaction.atomic
def allow(pair: ForbiddenPair, *, by: HasActor, proposal: UUID | None = None) -> None:
    """Let two roles be held together again."""
    pair = ForbiddenPair.objects.select_for_update().get(pk=pair.pk)
    pair.ended_at = now()
    pair.save(update_fields=["ended_at"])
    fact = facts.PairAllowed(first=pair.first, second=pair.second, proposal=proposal)
    ledger.append_next(fact, stream=_stream(pair), by=by, rows=[pair])


@transaction.atomic
def open_defaults(*, by: HasActor) -> int:
    """Forbid the pairs every installation begins with, unless any pair was ever decided about; give how many."""
    if ForbiddenPair.objects.exists():
        return 0
    for (first, second), reason in _defaults().items():
        forbid(first, second, reason, by=by)
    return len(_defaults())


def conflicts(person: User | None = None) -> list[Conflict]:
    """Give everybody active who holds a forbidden pair, by name, or what one of them holds."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"person": person.pk if person else None})
        held = cursor.fetchall()
    people = User.objects.in_bulk([key for key, *_ in held])
    return [Conflict(people[key], first, second, reason) for key, first, second, reason in held]


def _defaults() -> dict[tuple[str, str], str]:
    """Give the pairs, each in order, with why."""
    signing = [each for each in Role if each in SIGNING]
    given = [(Role.ADMINISTRATOR, each, _CONFIGURES) for each in signing]
    given += [(Role.COMPLIANCE_OFFICER, each, _OVERSEES) for each in signing]
    given += [(Role.AUDITOR, each, _AUDITS) for each in Role if each is not Role.AUDITOR]
    return {(min(a, b).value, max(a, b).value): reason for a, b, reason in given}


def _stream(pair: ForbiddenPair) -> ledger.Stream:
    return ledger.Stream("role-pair", pair.pk)
