"""What setup needs to know: from its options, or asked at the terminal; a password is typed twice."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.accounts.models import User
from portal.installing.actions import WeakPassword, insist_on_strength

ATTEMPTS = 3


class NotSaid(Exception):
    """Something setup needs was neither given nor may it be asked; the message names the option."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An administrator to add."""

    username: str
    printed_name: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks at the terminal, unless nobody sits there."""

    may_ask: bool
    complain: Callable[[str], None]

    def text(self, given: str, option: str, question: str, *, may_be_empty: bool = False) -> str:
        """Give what the option said, else the answer. Raises NotSaid."""
        if given or not self.may_ask:
            return self._given(given, option, may_be_empty=may_be_empty)
        while not (answer := input(f"{question}: ").strip()) and not may_be_empty:
            self.complain("Please write something.")
        return answer

    def administrator(self, username: str, printed: str, email: str, file: Path | None, prefix: str = "") -> Wanted:
        """Give a whole administrator; `prefix` names the options of the second one. Raises NotSaid, WeakPassword."""
        printed = self.text(printed, f"--{prefix}printed-name", "Name as signatures print it")
        email = self.text(email, f"--{prefix}email", "E-mail address")
        person = User(username=username, printed_name=printed, email=email)
        return Wanted(username, printed, email, self._password(person, file, f"--{prefix}password-file"))

    def _given(self, given: str, option: str, *, may_be_empty: bool) -> str:
        if not given and not may_be_empty:
            raise NotSaid(f"Give {option}; with --no-input nothing is asked.")
        return given

    def _password(self, person: User, file: Path | None, option: str) -> str:
        if file is not None:
            password = file.read_text().rstrip("\r\n")
            insist_on_strength(password, person)
            return password
        if not self.may_ask:
            raise NotSaid(f"Give {option}; with --no-input nothing is asked.")
        for _ in range(ATTEMPTS):
            typed = self._typed(person)
            if typed:
                return typed
        raise NotSaid("No password was chosen. Run setup again; what is done is not done twice.")

    def _typed(self, person: User) -> str:
        password = getpass.getpass(f"Password of {person.username}: ")
        try:
            insist_on_strength(password, person)
        except WeakPassword as weak:
            self.complain(weak.detail)
            return ""
        if getpass.getpass("The same again: ") != password:
            self.complain("The two are not the same.")
            return ""
        return password
