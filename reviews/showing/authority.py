"""The registers as people read them: the rows in force, what is coming or over, and who put each version in force."""

from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound
from portal.kit.wording import counted
from reviews.models import Entitlement, Licence, Register
from reviews.policies import jurisdictions
from reviews.proposals import lists
from reviews.registers.difference import all_terms, changes, difference
from reviews.showing.texts import visible

PAGE: Final = 100
SOON: Final = 30
_ROWS: Final[dict[str, Any]] = {"authority": Entitlement, "licences": Licence}


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its scope and its standing today: icon, shade and words."""

    row: Any
    effects: str
    line: str
    place: str
    standing: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The register in force, or nothing yet; `people` are those it names, `next` and `back` other pages."""

    register: Register | None
    rows: list[Row]
    total: int
    people: list[User]
    number: int
    pages: int
    versions: list[Register]

    @property
    def next(self) -> int | None:
        """Give the number of the next page."""
        return self.number + 1 if self.number < self.pages else None

    @property
    def back(self) -> int | None:
        """Give the number of the page before."""
        return self.number - 1 if self.number > 1 else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would change, told by person; `text` is the register as it would be sealed."""

    text: str
    added: list[tuple[str, str, str]]
    changed: list[tuple[str, str, list[tuple[str, str, str]]]]
    removed: list[tuple[str, str, str]]
    same: int

    @property
    def is_nothing(self) -> bool:
        """Tell whether it says what is in force already."""
        return not (self.added or self.changed or self.removed)


def sheet(word: str, *, person: str = "", number: int = 1) -> Sheet:
    """Give one page of a register in force, of everybody or of one person by sign-in name."""
    register = lists.newest(word)
    found = _ROWS[word].objects.filter(register=register).select_related("person")
    people = list(User.objects.filter(pk__in=found.values("person")).order_by("printed_name", "username"))
    if person:
        found = found.filter(person__username=person)
    total = found.count()
    pages = max(1, -(-total // PAGE))
    number = min(max(number, 1), pages)
    shown = found.order_by("person__printed_name", "person__username", "line", "jurisdiction", "starts", "pk")
    rows = [told(each) for each in shown[(number - 1) * PAGE : number * PAGE]]
    return Sheet(register, rows, total, people, number, pages, versions(word))


def versions(word: str) -> list[Register]:
    """Give the versions of a register, the newest first, with who proposed and who signed them."""
    told_by = ("proposal__proposed_by", "proposal__signature__signer")
    return list(Register.objects.filter(kind=word).select_related(*told_by).order_by("-version")[:50])


def of_person(person: User) -> tuple[list[Row], list[Row]]:
    """Give a person's rows of both registers in force."""
    found = []
    for word, model in _ROWS.items():
        rows = model.objects.filter(register=lists.newest(word), person=person).order_by("line", "starts", "pk")
        found.append([told(each) for each in rows])
    return found[0], found[1]


def text(word: str, version: int) -> str:
    """Give one version's canonical CSV. Raises NotFound."""
    register = Register.objects.filter(kind=word, version=version).first()
    if register is None:
        raise NotFound("There is no such version of this register. Choose one from its page.")
    return lists.text_of(register)


def preview(word: str, content: bytes, filename: str) -> Preview:
    """Read a file and compare it with the register in force; stores nothing. Raises RegisterInvalid."""
    entries = lists.read(word, content, filename)
    found = difference(lists.entries_of(lists.newest(word)), entries)
    names = dict(User.objects.values_list("username", "printed_name"))
    return Preview(
        lists.written(word, entries),
        [_told(each, names) for each in found.added],
        [(*_told(after, names)[:2], changes(before, after)) for before, after in found.changed],
        [_told(each, names) for each in found.removed],
        found.same,
    )


def told(row: Any) -> Row:
    """Give a row in words."""
    effects = "Every effect" if getattr(row, "effects", "*") == "*" else row.effects.replace(" ", ", ")
    where = "Everywhere" if row.jurisdiction == "*" else jurisdictions.name(row.jurisdiction)
    return Row(row, effects, "Every line" if row.line == "*" else visible(row.line), where, standing(row))


def standing(row: Any) -> tuple[str, str, str]:
    """Say whether a row counts today, and for how long when it ends soon."""
    today = now().astimezone(UTC).date()
    if row.starts > today:
        return "clock", "info", f"Begins in {_days(row.starts, today)}"
    if row.ends is None or row.ends > date.fromordinal(today.toordinal() + SOON):
        return "check", "ok", "In force"
    if row.ends < today:
        return "x", "", f"Ended {_days(today, row.ends)} ago"
    return "warn", "warn", "Ends today" if row.ends == today else f"Ends in {_days(row.ends, today)}"


def _days(later: date, earlier: date) -> str:
    return counted((later - earlier).days, "day")


def _told(entry: Any, names: dict[str, str]) -> tuple[str, str, str]:
    return names.get(entry.person, entry.person), entry.told(), all_terms(entry)
