"""Problems: refusals a caller can act on, told as RFC 9457 `application/problem+json` or a page."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be done: a stable code and one sentence that says what to do."""

    code: str
    sentence: str


class Problem(Exception):
    """Base of every refusal that leaves the server; subclasses fix `code` and `status`."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        retry_after: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []
        self.retry_after = retry_after
        self.name = code or self.code

    def as_document(self, *, instance: str, request_id: str) -> dict[str, Any]:
        """Give the RFC 9457 members plus `code`, `request_id` and, for invalid bodies, `errors`."""
        document: dict[str, Any] = {
            "type": f"urn:countersign:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.name,
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = self.errors
        return document


class NotFound(Problem):
    """Nothing here that this caller may see."""

    code = "not_found"
    status = 404
    title = "There is nothing here that you may see"


class Refused(Problem):
    """A guard said no; carries the guard's own code and sentence."""

    status = 409
    title = "This cannot be done now"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence, code=refusal.code)


def insist(refusal: Refusal | None) -> None:
    """Turn a guard's no into a Refused, or into the NotFound a missing row gives; do nothing on a yes."""
    if refusal is not None:
        raise problem(refusal)


def problem(refusal: Refusal) -> Problem:
    """Give what is raised for a guard's no: a Refused, or the NotFound a missing row gives."""
    return NotFound(refusal.sentence) if refusal.code == NotFound.code else Refused(refusal)
