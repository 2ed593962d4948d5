"""`manage.py doctor`: everything an installation needs, looked at and told in sentences."""

import json
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.doctor import checks
from portal.doctor.findings import Examined, Level


class Command(BaseCommand):
    """Examine this installation and end with 1 when anything fails."""

    help = "Looks at everything the portal needs, says what is wrong and what to do; ends with 1 if anything fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the report."""
        parser.add_argument("--json", action="store_true", help="write the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check, tell what was found, say by the exit code whether anything fails."""
        found = list(self._told(checks.everything(), quiet=options["json"]))
        counted = Counter(examined.finding.level for _, examined in found)
        if options["json"]:
            self.stdout.write(json.dumps([_row(*each) for each in found], indent=1))
        else:
            self.stdout.write(", ".join(f"{counted[level]} {level.value}" for level in Level))
        if counted[Level.FAIL]:
            sys.exit(1)

    def _told(self, found: Any, *, quiet: bool) -> Any:
        for group, examined in found:
            if not quiet:
                self._tell(examined)
            yield group, examined

    def _tell(self, examined: Examined) -> None:
        finding = examined.finding
        self.stdout.write(f"{finding.level.value:<4}  {finding.sentence}")
        if finding.advice:
            self.stdout.write(f"      {finding.advice}")


def _row(group: str, examined: Examined) -> dict[str, str]:
    finding = examined.finding
    return {
        "group": group,
        "check": examined.name,
        "level": finding.level.value,
        "sentence": finding.sentence,
        "advice": finding.advice,
    }
