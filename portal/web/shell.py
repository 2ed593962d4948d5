"""What surrounds every page: the person, their queues with open counts, the proof state. Asked only when shown."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.roles import Role
from portal.web import proof
from reviews import queries

THEMES = ("light", "dark")
_SEEING = ("see_queue", "review_in_queue", "manage_in_queue")


class Shell:
    """The shell of one page; two queries at most, and none on a page that shows no navigation."""

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
        seen = {key for permission in _SEEING for key in self._access.where(permission, "queue")}
        return queries.open_counts(sorted(seen))

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
