"""Reading routing rules against what this installation has: a queue or role it lacks is a fault with its place."""

from portal.accounts.roles import Role
from reviews.models import Calendar, Queue
from reviews.policies import document
from reviews.policies.document import PolicyInvalid
from reviews.policies.parts import Known, Policy


class UnknownQueue(PolicyInvalid):
    """A policy names a queue that is not there."""

    code = "unknown_queue"
    title = "These routing rules name a queue that does not exist"


class UnknownRole(PolicyInvalid):
    """A policy asks for a signature by a role nobody can hold."""

    code = "unknown_role"
    title = "These routing rules name a role that does not exist"


class UnknownCalendar(PolicyInvalid):
    """A policy counts in a working calendar that is not in force."""

    code = "unknown_calendar"
    title = "These routing rules name a working calendar that does not exist"


_BY_MEMBER = {"queue": UnknownQueue, "calendar": UnknownCalendar}


def known() -> Known:
    """Give the names a policy may use here."""
    return Known(
        queues=frozenset(Queue.objects.values_list("slug", flat=True)),
        roles=frozenset(Role),
        calendars=frozenset(Calendar.objects.filter(in_force__isnull=False).values_list("name", flat=True)),
    )


def parse(text: str) -> Policy:
    """Read a policy for this installation. Raises PolicyInvalid, UnknownQueue, UnknownRole, UnknownCalendar."""
    document.parse(text)
    try:
        return document.parse(text, known())
    except PolicyInvalid as invalid:
        # The text alone is a policy, so every fault that is left names something this installation lacks.
        member = invalid.errors[0]["pointer"].rpartition("/")[2]
        raise _BY_MEMBER.get(member, UnknownRole)(invalid.detail, errors=invalid.errors) from None
