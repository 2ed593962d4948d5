"""`python -m portal.embedded -- COMMAND ARG…` runs a command with the servers it needs and ends as it did."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from portal.embedded import ServersFailed, running

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_USAGE = "Say what to run: python -m portal.embedded -- COMMAND ARG…"


def main(arguments: list[str]) -> int:
    """Start, run, stop; give the command's own exit code."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        return _complain(_USAGE, 2)
    for number in _PASSED_ON:
        signal.signal(number, _stop_starting)
    try:
        with running() as additions:
            return _run(command, additions)
    except ServersFailed as failure:
        return _complain(str(failure), 1)


def _run(command: list[str], additions: dict[str, str]) -> int:
    try:
        code = _Relay().run(command, additions)
    except OSError as error:
        return _complain(f"{command[0]} cannot be run: {error.strerror}.", 127)
    return code if code >= 0 else 128 - code


class _Relay:
    """Passes signals on to the command, also those that come while it is being started."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []
        for number in _PASSED_ON:
            signal.signal(number, self._receive)

    def run(self, command: list[str], additions: dict[str, str]) -> int:
        self.child = subprocess.Popen(command, env=os.environ | additions)
        while self.early:
            self.child.send_signal(self.early.pop())
        return self.child.wait()

    def _receive(self, number: int, _: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the command as well; a second one would make it drop everything.
        if number == signal.SIGINT and _in_foreground():
            return
        if self.child is None:
            self.early.append(number)
        else:
            self.child.send_signal(number)


def _in_foreground() -> bool:
    with suppress(OSError), open("/dev/tty") as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False


def _stop_starting(number: int, _: FrameType | None) -> NoReturn:
    for other in _PASSED_ON:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"countersign: {sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
