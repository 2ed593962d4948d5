"""`manage.py calendar`: working calendars from files, checked, proposed, and written out again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from reviews.management import wording
from reviews.models import Calendar
from reviews.policies import calendars


class Command(BaseCommand):
    """Check, propose or export working calendars."""

    help = "Checks working calendars, proposes them, or writes out the one in force."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="say what is wrong with the files; changes nothing")
        check.add_argument("files", nargs="+", type=Path)
        apply = verbs.add_parser("apply", help="propose the files, all of them or none; another person signs them")
        apply.add_argument("files", nargs="+", type=Path)
        wording.told_by(apply)
        export = verbs.add_parser("export", help="write the calendar in force to the output")
        export.add_argument("name")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Do what the verb says."""
        if verb == "check":
            self._check(options["files"])
        elif verb == "apply":
            self._apply(options["files"], wording.person(options["by"]), wording.reason(options["reason"]))
        else:
            self._export(options["name"])

    def _check(self, files: list[Path]) -> None:
        wrong = 0
        for file in files:
            try:
                calendar = calendars.parse(wording.text_of(file))
                self.stdout.write(f"{file}: {calendar.name}, {len(calendar.holidays)} holidays, nothing wrong")
            except calendars.CalendarInvalid as invalid:
                wrong += 1
                wording.faults(file, invalid, self.stderr)
        if wrong:
            raise CommandError(f"{wrong} of {len(files)} files cannot be used; nothing was changed.")

    def _apply(self, files: list[Path], by: User, reason: str) -> None:
        self.stdout.write("\n".join(wording.proposed("calendar", files, by=by, reason=reason, err=self.stderr)))

    def _export(self, name: str) -> None:
        calendar = Calendar.objects.select_related("in_force").filter(name=name).first()
        if calendar is None or calendar.in_force is None:
            raise CommandError(f"There is no calendar {name}.")
        self.stdout.write(calendar.in_force.text, ending="")
