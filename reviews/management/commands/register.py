"""`manage.py register`: registers of authority and licences from CSV or XLSX, previewed, proposed, written out."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.kit.problems import Problem
from reviews.actions import proposing
from reviews.management import wording
from reviews.proposals import lists
from reviews.proposals.summaries import NothingChanges


class Command(BaseCommand):
    """Import or export a register."""

    help = "Reads a register of authority or licences from CSV or XLSX and proposes it, or writes out the one in force."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        importing = verbs.add_parser("import", help="say what the file changes and propose it; another person signs it")
        importing.add_argument("kind", choices=sorted(lists.FILES))
        importing.add_argument("file", type=Path)
        wording.told_by(importing)
        export = verbs.add_parser("export", help="write the register in force to the output, as CSV")
        export.add_argument("kind", choices=sorted(lists.FILES))

    def handle(self, *args: Any, verb: str, kind: str, **options: Any) -> None:
        """Do what the verb says."""
        if verb == "import":
            self._import(kind, options["file"], wording.person(options["by"]), wording.reason(options["reason"]))
        else:
            self._export(kind)

    def _import(self, kind: str, file: Path, by: User, reason: str) -> None:
        try:
            text = lists.written(kind, lists.read(kind, _content(file), file.name))
            summary = proposing.preview(kind, text, by=by)
            proposal = proposing.propose(kind, text, by=by, reason=reason)
        except (NothingChanges, proposing.AlreadyProposed) as already:
            self.stdout.write(f"{file}: {already.detail}")
            return
        except Problem as problem:
            wording.faults(file, problem, self.stderr)
            raise CommandError(f"{file} cannot be used; nothing was changed.") from problem
        self.stdout.write(summary.told)
        self.stdout.write("\n".join([*(f"  {each}" for each in summary.differences), *wording.announced(proposal)]))

    def _export(self, kind: str) -> None:
        register = lists.newest(kind)
        if register is None:
            raise CommandError(f"No register of {kind} is in force.")
        self.stdout.write(lists.text_of(register), ending="")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
