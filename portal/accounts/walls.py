"""Walls: who is inside of which; being let in is a role like any other, and takes the same entries."""

from uuid import UUID

from audit.actors import HasActor
from portal.accounts import actions
from portal.accounts.access import ORDINARY, WALL
from portal.accounts.models import User
from portal.accounts.roles import Wall
from portal.kit.problems import Problem

WALLS = frozenset(wall.value for wall in Wall) - ORDINARY
"""The walls people are let behind; nobody is outside the ordinary one."""


class WallUnknown(Problem):
    """There is no such wall to be let behind."""

    code = "wall_unknown"
    status = 422
    title = "There is no such wall"


class NotInside(Problem):
    """The person is outside already."""

    code = "not_inside"
    status = 409
    title = "The person is not behind this wall"


def grant_wall(person: User, wall: str, *, by: HasActor, proposal: UUID | None = None) -> None:
    """Let a person behind a wall, as the installation itself or a signed proposal says. Raises WallUnknown."""
    actions.grant_role(person, role(wall), by=by, proposal=proposal)


def withdraw_wall(person: User, wall: str, *, by: HasActor, reason: str = "") -> None:
    """Put a person outside a wall, with effect from the next question asked. Raises WallUnknown or NotInside."""
    if not person.groups.filter(name=role(wall)).exists():
        raise NotInside(f"{person.printed_name} is not behind this wall; there is nothing to take away.")
    actions.withdraw_role(person, role(wall), by=by, reason=reason)


def members(wall: str) -> list[UUID]:
    """Give the ids of the active people inside a wall."""
    inside = User.objects.filter(is_active=True)
    return list((inside if wall in ORDINARY else inside.filter(groups__name=role(wall))).values_list("pk", flat=True))


def role(wall: str) -> str:
    """Give the role of those inside a wall, as its group and its entries name it. Raises WallUnknown."""
    if wall not in WALLS:
        raise WallUnknown(f"People are let behind one of {', '.join(sorted(WALLS))}.")
    return f"{WALL}{wall}"
