"""Registers of authority and licences as a change: rows added, removed and changed, person by person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from audit import exhibits
from portal.accounts.models import User
from portal.kit.wording import counted
from reviews.models import Proposal, Register
from reviews.proposals.summaries import NothingChanges, Summary, insist_on_target, version_of
from reviews.registers import authority, licences, reading
from reviews.registers.difference import difference

FILES: Final = {"authority": "authority.csv", "licences": "licences.csv"}
_READERS: Final[dict[str, Any]] = {"authority": authority, "licences": licences}


class _Anybody:
    """Names of people who were known when a register was put in force, whatever they are called now."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class RegisterOf:
    """A register, whole; it is sealed as the one CSV that says what its entries say."""

    word: str
    name: str

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read the register and compare it with the one in force."""
        insist_on_target(target, None)
        entries = read(self.word, content.encode(), FILES[self.word])
        current = newest(self.word)
        text = written(self.word, entries)
        before = entries_of(current)
        if current is not None and text == text_of(current):
            raise NothingChanges(f"This {self.name} is in force already, as version {current.version}.")
        found = difference(before, entries)
        title = self.name.capitalize()
        changes = (f"{len(found.added)} added", f"{len(found.changed)} changed", f"{len(found.removed)} removed")
        return Summary(
            title=title,
            told=f"{title}, version {current.version + 1 if current else 1}, {counted(len(entries), 'row')}: "
            f"{', '.join(changes)}",
            content=text,
            base=version_of(current.version if current else None),
            differences=found.sentences(dict(User.objects.values_list("username", "printed_name"))),
            entries=entries,
        )


def gaining(proposal: Proposal, among: Collection[str]) -> frozenset[str]:
    """Name those of some people to whom a proposed register gives more, or something else, than the one in force does.

    Only their rows are read: a register holds many more. Of several rows the narrowest counts, so a row that goes
    gives them the wider ones that stay.
    """
    register = newest(proposal.kind)
    before = _rows_of(among, register.kind, text_of(register).encode()) if register else []
    entries = _rows_of(among, proposal.kind, exhibits.open(proposal.content_id))
    found = difference(before, entries)
    stays = {entry.person for entry in entries}
    given = [*found.added, *(after for _, after in found.changed)]
    return frozenset(entry.person for entry in given).union(
        each.person for each in found.removed if each.person in stays
    )


def read(word: str, content: bytes, filename: str) -> list[Any]:
    """Read a register's CSV or XLSX for the people there are. Raises RegisterInvalid with every fault."""
    people = frozenset(User.objects.values_list("username", flat=True))
    lines = reading.rows(content, filename)
    return list(_READERS[word].parse(lines, people=people))


def written(word: str, entries: Sequence[Any]) -> str:
    """Write entries as the one CSV that stands for them."""
    return str(_READERS[word].text(entries))


def newest(word: str) -> Register | None:
    """Give the register of a kind that is in force."""
    return Register.objects.filter(kind=word).order_by("-version").first()


def text_of(register: Register) -> str:
    """Give a register's canonical CSV."""
    return exhibits.open(register.content_id).decode()


def entries_of(register: Register | None) -> list[Any]:
    """Give the entries of a register in force."""
    if register is None:
        return []
    lines = reading.rows(text_of(register).encode(), FILES[register.kind])
    return list(_READERS[register.kind].parse(lines, people=_Anybody()))


def _rows_of(among: Collection[str], word: str, content: bytes) -> list[Any]:
    """Read some people's rows of a canonical text, in which the person stands first."""
    head, *lines = reading.rows(content, FILES[word])
    theirs = [line for line in lines if line.cell(0) in among]
    return list(_READERS[word].parse([head, *theirs], people=among))
