"""`manage.py setup`: brings an empty production database into use; run again, it changes nothing."""

import os
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseTrouble

from audit.keyring import KeyringError
from portal.installing import actions, opening
from portal.installing.asking import Asker, NotSaid
from portal.installing.opening import NotReady, Say

_REFUSALS = (NotReady, NotSaid, actions.WeakPassword, KeyringError, OSError)
_ABOUT = ("printed-name", "email", "password-file")


class Command(BaseCommand):
    """Make roles, tables, log, keys, the organisation's row and the first administrators."""

    help = (
        "Brings an empty database into use: roles, tables, log and keys, the organisation, the first "
        "administrators. Says what it finds and does nothing twice; asks for what no option says."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what would otherwise be asked."""
        parser.add_argument("--organisation", default="", help="whose installation this is")
        parser.add_argument("--administrator", default="", metavar="USERNAME", help="the first administrator")
        parser.add_argument("--second-administrator", default="", metavar="USERNAME", help="who verifies the first")
        for prefix in ("", "second-"):
            parser.add_argument(f"--{prefix}printed-name", default="", help="the name signatures print")
            parser.add_argument(f"--{prefix}email", default="", help="the e-mail address")
            parser.add_argument(f"--{prefix}password-file", type=Path, help="a file with the password")
        parser.add_argument("--totp-file", type=Path, help="write otpauth:// addresses there instead of showing them")
        parser.add_argument("--no-input", action="store_true", help="ask nothing; refuse where an option is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps in order; stop at the first that cannot be taken."""
        asker = Asker(not options["no_input"], self.stderr.write)
        try:
            self._open(asker, options)
        except _REFUSALS as refusal:
            raise CommandError(getattr(refusal, "detail", None) or str(refusal)) from refusal
        except (psycopg.Error, DatabaseTrouble) as trouble:
            raise CommandError(f"The database refused: {str(trouble).strip()}") from trouble

    def _open(self, asker: Asker, options: dict[str, Any]) -> None:
        opening.insist_on_configuration()
        opening.prepare_roles(os.environ["DATABASE_URL"], self._say)
        opening.migrate(self._say)
        opening.open_log(self._say)
        opening.open_installation(lambda: self._organisation(asker, options), self._say)
        self._administrators(asker, options)
        self._say("Next: start web, worker, beat and sequencer, then run manage.py doctor.")

    def _organisation(self, asker: Asker, options: dict[str, Any]) -> str:
        return asker.text(options["organisation"], "--organisation", "Whose installation is this (organisation)")

    def _administrators(self, asker: Asker, options: dict[str, Any]) -> None:
        there = [each.username for each in actions.administrators()]
        if there:
            self._say(f"Administrators: {', '.join(there)}.")
        else:
            self._add(asker, options, "", "First administrator's username")
        if len(there) < 2:
            self._add(asker, options, "second-", "Second administrator's username (empty: later)")
        if len(actions.administrators()) < 2:
            self._say(
                "One administrator alone puts nothing in force: rules, roles and permissions need a second person. "
                "Run setup again with --second-administrator."
            )

    def _add(self, asker: Asker, options: dict[str, Any], prefix: str, question: str) -> None:
        name = f"{prefix}administrator"
        username = asker.text(options[_key(name)], f"--{name}", question, may_be_empty=bool(prefix))
        if not username or (prefix and opening.known(username)):
            return
        printed, email, file = (options[_key(f"{prefix}{each}")] for each in _ABOUT)
        wanted = asker.administrator(username, printed, email, file, prefix)
        opening.add_administrator(wanted, self._shower(options["totp_file"]), self._say)

    def _shower(self, file: Path | None) -> Say:
        """Give a way to show a secret; a file that cannot be written is found out before anybody is added."""
        if file is None:
            return lambda address: self._say(f"  Scan this once with an authenticator app: {address}")
        opening.prepare_private(file)
        return lambda address: opening.add_line(file, address)

    def _say(self, line: str) -> None:
        self.stdout.write(line)


def _key(option: str) -> str:
    return option.replace("-", "_")
