"""`manage.py verify_ledger`: checks everything the ledger holds against everything that was signed."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.sealing.findings import Report
from audit.sealing.verification import verify_ledger

_SHOWN = 50


class Command(BaseCommand):
    """Verify the ledger and end with 1 when anything is not as it was signed."""

    help = "Verifies the whole ledger; prints what was found and ends with 1 if anything was."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a pinned checkpoint, the high-water file and the form of the report."""
        parser.add_argument("--pinned", type=Path, help="a checkpoint kept from earlier, which the log must continue")
        parser.add_argument("--high-water", type=Path, help="the high-water file; by default in KEYS_DIR")
        parser.add_argument("--json", action="store_true", help="write the report as JSON")

    def handle(self, *args: Any, pinned: Path | None, high_water: Path | None, **options: Any) -> None:
        """Verify, report, and say by the exit code whether the ledger is sound."""
        report = verify_ledger(
            pinned=None if pinned is None else pinned.read_text(),
            high_water=high_water,
            progress=lambda done: self.stderr.write(f"{done:,} entries", ending="\r"),
        )
        if options["json"]:
            self.stdout.write(json.dumps(report.as_document(), indent=1))
        else:
            self._tell(report)
        if report.findings:
            sys.exit(1)

    def _tell(self, report: Report) -> None:
        self.stdout.write(f"{report.origin}: {report.size} entries, {report.checkpoints} checkpoints")
        self.stdout.write(f"root {report.root.hex()}, {report.seconds:.1f} s")
        for group in ("integrity", "completeness"):
            found = [each for each in report.findings if each.group == group]
            self.stdout.write(f"{group}: {len(found) or 'nothing'} found")
            for each in found[:_SHOWN]:
                self.stdout.write(f"  {each.code.value} at {each.where}: {each.sentence}")
            if len(found) > _SHOWN:
                self.stdout.write(f"  and {len(found) - _SHOWN} more; --json lists them all")
