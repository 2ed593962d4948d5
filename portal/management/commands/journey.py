"""`manage.py journey`: real items from flow to executor on a portal of their own, with everything checked."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from portal.journey import running, stage, telling
from portal.journey.trips import Stuck
from portal.supervisor import NotReady


class Command(BaseCommand):
    """Run one request after another from a flow to its executor and say what was seen."""

    help = (
        "Starts web, worker, beat and sequencer on a database of their own, posts real records, has people "
        "sign them and executors act on them, verifies everything, and ends with 1 when anything was wrong."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many records and where to keep what was proved."""
        folder = settings.BASE_DIR / ".run" / "journey"
        parser.add_argument("--claims", type=int, default=25, help="flood claims to post (25)")
        parser.add_argument("--complaints", type=int, default=5, help="complaint replies to post (5)")
        parser.add_argument("--folder", type=Path, default=folder, help="emptied first (.run/journey)")

    def handle(self, *args: Any, claims: int, complaints: int, folder: Path, **options: Any) -> None:
        """Set the stage, make the journey, tell it."""
        folder = folder.resolve()
        if claims + complaints < 1 or min(claims, complaints) < 0:
            raise CommandError("Give at least one record.")
        progress = telling.Progress(self._say)
        if not stage.is_set(folder):
            progress(f"a fresh database, and {folder} emptied")
            words = ["journey", f"--claims={claims}", f"--complaints={complaints}", f"--folder={folder}"]
            try:
                stage.enter(folder, words)
            except stage.StageTaken as taken:
                raise CommandError(str(taken)) from taken
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
        try:
            account = running.run(folder, claims, complaints, progress)
        except (NotReady, Stuck) as trouble:
            raise CommandError(f"The journey ended early. {trouble}") from trouble
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
        finally:
            connections.close_all()
            connection.close_pool()  # type: ignore[attr-defined]  # the PostgreSQL backend's own
            stage.leave()
        self._tell(account, folder)

    def _tell(self, account: telling.Account, folder: Path) -> None:
        telling.write(folder / "report.json", account)
        for line in telling.lines(account):
            self._say(line)
        self._say(f"\nLook into {folder}: README.txt says how to check it without this program.")
        if not account.holds:
            sys.exit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _end(number: int, _: FrameType | None) -> NoReturn:
    """End as an exception does, so that whatever was started is ended first."""
    sys.exit(128 + number)
