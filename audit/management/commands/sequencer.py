"""`manage.py sequencer`: the process that gives entries their place and signs checkpoints."""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.sealing import sequencer

_log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Seal entries until told to stop."""

    help = "Gives queued entries their place in the log and signs checkpoints, until SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the place of the high-water file."""
        parser.add_argument("--high-water", type=Path, help="the high-water file; by default in KEYS_DIR")

    def handle(self, *args: Any, high_water: Path | None, **options: Any) -> None:
        """Run until a signal; refuse loudly and end with 1 when signing would harm the log."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            sequencer.run_forever(stop, high_water)
        except sequencer.RefusedToSign as refusal:
            _log.critical("Refused to sign: %s", refusal)
            raise CommandError(f"Refused to sign: {refusal}") from refusal
