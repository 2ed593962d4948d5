"""What surrounds every page: the person, their queues with open counts, the proof state. Asked only when shown."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.roles import Role
from portal.accounts.roles import title as _title
from portal.web import proof
from reviews import queries
from reviews.actions import breaking_glass
from reviews.showing import managing, oversight, rulesets

THEMES = ("light", "dark")
_NOTICED = 3


@dataclass(frozen=True, slots=True)
class Emergency:
    """A role the person has in an emergency now."""

    id: UUID
    role: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Unseen:
    """An emergency access the person was told of and nobody looked at yet."""

    pk: UUID
    person: str
    role_title: str
    queue: str
    starts_at: datetime


class Shell:
    """The shell of one page; two queries at most, none without navigation, and one more for who looks after others."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        """Give the look the person chose, or nothing: then the system's is taken."""
        return self._chosen("theme", THEMES)

    @cached_property
    def shortcuts(self) -> str:
        """Give `off` to those who do not want single keys to act (WCAG 2.1.4)."""
        return self._chosen("shortcuts", ("off",))

    @property
    def environment(self) -> str:
        """Give the name of an installation that is not the real one."""
        return str(settings.ENVIRONMENT_NAME)

    @property
    def banner(self) -> str:
        """Give the sentence at the top of every page of an installation that is not to be trusted with real work."""
        return str(settings.BANNER)

    @property
    def path(self) -> str:
        """Give the address of this page, to come back to."""
        return self._request.get_full_path()

    @cached_property
    def roles(self) -> list[str]:
        """Give the titles of the person's roles, as signatures print them."""
        return sorted(role.title for role in Role if role.value in self._access.roles)

    @cached_property
    def queues(self) -> list[queries.QueueCount]:
        """Give the queues the person may see, with how many items are open in each."""
        return queries.open_counts(sorted(self._access.seen_queues()), self._access.walls)

    @cached_property
    def sees_flows(self) -> bool:
        """Tell whether there are flows the person may see; an administrator configures all of them."""
        seen = any(self._access.where(permission, "flow") for permission in ("see_flow", "own_flow"))
        return seen or self._access.is_administrator

    @cached_property
    def sees_rules(self) -> bool:
        """Tell whether the person reads routing rules and changes: all of them, or those of their flows and queues."""
        return rulesets.why_not_open(self._access) is None

    @cached_property
    def sees_people(self) -> bool:
        """Tell whether the person reads registers, people and reviews of access."""
        return oversight.why_not_read(self._access) is None

    @cached_property
    def manages(self) -> bool:
        """Tell whether the person looks after a queue."""
        return managing.why_not_open(self._access) is None

    @cached_property
    def signs(self) -> bool:
        """Tell whether the pages of who is away and of emergencies are theirs: they sign, manage or answer for it."""
        return oversight.why_not_sign_or_read(self._access) is None

    @cached_property
    def emergencies(self) -> list[Emergency]:
        """Give the roles the person has in an emergency now; known with their access, so nothing is asked."""
        lent = [each for each in self._access.lent if each.absent is None]
        return [Emergency(each.id, ", ".join(map(_title, sorted(each.roles))), each.until) for each in lent]

    @cached_property
    def unseen_emergencies(self) -> list[Unseen]:
        """Give those to look at, the newest three, for who is told of emergencies."""
        if not (self.manages or Role.COMPLIANCE_OFFICER in self._access.roles):
            return []
        told = breaking_glass.unseen(self._request.user, _NOTICED)  # type: ignore[arg-type]
        return [Unseen(each.pk, str(each.person), _title(each.role), str(each.queue), each.starts_at) for each in told]

    @property
    def proof(self) -> proof.ProofState | None:
        """Give the newest signed checkpoint."""
        return proof.state()

    @cached_property
    def _access(self) -> Access:
        held = getattr(self._request, "access", None)
        return held if isinstance(held, Access) else access.of(self._request.user)  # type: ignore[arg-type]

    def _chosen(self, cookie: str, words: tuple[str, ...]) -> str:
        value = self._request.COOKIES.get(cookie, "")
        return value if value in words else ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates the shell of their page."""
    return {"shell": Shell(request)}
