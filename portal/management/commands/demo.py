"""`manage.py demo`: the whole portal with people to sign in as and flows that keep posting, until Ctrl-C."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from portal.demo import running
from portal.demo.stage import Stage, StageTaken
from portal.journey.trips import Stuck
from portal.supervisor import NotReady

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    """Seed, start and stay; leave no process and no database behind."""

    help = (
        "Starts web, worker, beat, sequencer, executors and a flow on a fresh database of their own, prints the "
        "address and the people's passwords, and runs until Ctrl-C. Never for production."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, the folder, and how much the flows post."""
        run = os.environ.get("COUNTERSIGN_RUN_DIR") or settings.BASE_DIR / ".run"
        port = os.environ.get("PORT") or "8000"
        parser.add_argument("--port", type=int, default=port, help="where the portal answers (PORT, or 8000)")
        parser.add_argument("--folder", type=Path, default=Path(run), help="gets demo.json and demo/PORT/ (.run)")
        parser.add_argument("--first", type=int, default=24, help="items that are posted at once (24)")
        parser.add_argument("--every", type=float, default=20.0, help="seconds between later items (20)")
        parser.add_argument("--open-at-most", type=int, default=60, help="open items at which posting rests (60)")

    def handle(self, *args: Any, port: int, folder: Path, **options: Any) -> None:
        """Set the stage, play, and clear it."""
        stage = Stage(folder.resolve(), port)
        posting = {name: options[name] for name in ("first", "every", "open_at_most")}
        if not stage.is_set():
            self._enter(stage, posting)
        for number in _SIGNALS[1:]:
            signal.signal(number, _end)
        try:
            running.run(stage, posting, self._say)
        except (NotReady, Stuck) as trouble:
            raise CommandError(f"The demo ended early. {trouble}") from trouble
        except KeyboardInterrupt:
            self._say("\nEnded; nothing is left running.")
        finally:
            self._clear(stage)

    def _enter(self, stage: Stage, posting: dict[str, float]) -> NoReturn:
        self._say("Countersign's demo starts; this takes some seconds …")
        words = [f"--{name.replace('_', '-')}={value}" for name, value in posting.items()]
        try:
            stage.enter(["demo", f"--port={stage.port}", f"--folder={stage.run}", *words])
        except StageTaken as taken:
            raise CommandError(str(taken)) from taken

    def _clear(self, stage: Stage) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        connections.close_all()
        connection.close_pool()  # type: ignore[attr-defined]  # the PostgreSQL backend's own
        stage.leave()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _end(number: int, _: FrameType | None) -> NoReturn:
    """End as an exception does, so that whatever was started is ended first."""
    sys.exit(128 + number)
