"""What a person typed into the decision form and has not signed yet; nothing of it may get lost."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from audit import exhibits
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.problems import Problem
from reviews.models import SignIntent
from reviews.overriding import Editable
from reviews.words import Verdict

APPROVE, CHANGE, REJECT, SEND_BACK = "approve", "change", "reject", "send-back"
CHOICES = (APPROVE, CHANGE, REJECT, SEND_BACK)
_FIELD = "change:"


class ChoiceMissing(Problem):
    """The form came without a decision."""

    code = "choice_missing"
    status = 422
    title = "No decision is chosen"


@dataclass(frozen=True, slots=True)
class Input:
    """One field that may be changed, with the text now in the form."""

    field: Editable
    text: str

    @property
    def name(self) -> str:
        """Give the name the form sends it under."""
        return f"{_FIELD}{self.field.pointer}"

    @property
    def id(self) -> str:
        """Give the id labels point at."""
        return "change" + "".join(each if each.isalnum() else f"-{ord(each)}-" for each in self.field.pointer)

    @property
    def is_long(self) -> bool:
        """Tell whether the text needs more than a line."""
        return self.field.kind == "text" and (len(self.text) > 60 or "\n" in self.text)


@dataclass(frozen=True, slots=True)
class Draft:
    """A choice with its reason and its changed fields, as typed."""

    choice: str = ""
    reason: str = ""
    seen: int = -1
    changes: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()

    def fitting(self, editable: Iterable[Editable]) -> "Draft":
        """Give the draft with an input for each field that may be changed, filled with what was typed."""
        filled_first = sorted(editable, key=lambda each: not each.text.strip("0."))
        inputs = tuple(Input(each, self.changes.get(each.pointer, each.text)) for each in filled_first)
        return replace(self, inputs=inputs)


def posted(form: Mapping[str, str]) -> Draft:
    """Read a sent form; what is no choice of ours stays empty and is refused later."""
    choice, seen = form.get("decision", ""), form.get("seen", "")
    return Draft(
        choice=choice if choice in CHOICES else "",
        reason=form.get("reason", "").replace("\r\n", "\n"),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1,
        changes={name.removeprefix(_FIELD): form[name] for name in form if name.startswith(_FIELD)},
    )


def insist(draft: Draft) -> None:
    """Refuse a draft without a decision, or with a reason nobody would read."""
    if not draft.choice:
        raise ChoiceMissing("Choose to approve, to approve with changes, to reject or to send back.")
    reasons.bounded(draft.reason)


def of_intent(intent_id: str, item_id: UUID, *, by: User) -> Draft:
    """Give what a person's signing attempt of this item was made of; an empty draft when there is no such attempt."""
    asked = _uuid(intent_id)
    if asked is None:
        return Draft()
    mine = SignIntent.objects.select_related("body__dek", "changes__dek").filter(user=by, item_id=item_id)
    intent = mine.filter(pk=asked).first()
    if intent is None or intent.body.dek.wrapped is None:
        return Draft()
    changes: dict[str, str] = json.loads(exhibits.opened(intent.changes)) if intent.changes else {}
    choice = CHANGE if changes else REJECT if intent.verdict == Verdict.REJECT else APPROVE
    return Draft(choice, json.loads(exhibits.opened(intent.body))["reason"], intent.item_version, changes)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
