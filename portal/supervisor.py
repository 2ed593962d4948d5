"""The supervisor: web, workers, beat and sequencer start, get ready and end together, and nothing stays."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from honcho.process import Popen

from portal.embedded.host import last_lines
from portal.services import Service, of_portal

NAMES = ("web", "worker", "evidence", "beat", "sequencer")
GRACE = 10.0
PATIENCE = 60.0

_ROOT = Path(__file__).resolve().parent.parent
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NotReady(Exception):
    """A service died or did not get ready; the message names it and repeats what it said last."""


@contextmanager
def supervising(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    names: Iterable[str] = NAMES,
    extra: Mapping[str, Mapping[str, str]] | None = None,
    threads: int = 8,
    port: int | None = None,
    patience: float = PATIENCE,
) -> Iterator["Services"]:
    """Run the named services, logs in `folder`, and give them once they are ready; end them with the block.

    `environment` is for all of them, `extra` for one by its name. They end also when the block ends by an
    exception, SIGINT, SIGTERM or SIGHUP. Raises NotReady.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    with _Signals() as signals:
        services = Services(folder, port, environment or {}, signals)
        for service in of_portal(folder, port, threads, extra or {}):
            services.add(service)
        try:
            for name in names:
                services.start(name)
            services.wait_ready(patience)
            yield services
        finally:
            signals.ignore()
            services.end()


def free_port() -> int:
    """Give a loopback port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def alive(pids: Iterable[int]) -> list[int]:
    """Give those of the processes that still live."""
    return [pid for pid in pids if _state(pid)[0] not in "ZX"]


class Services:
    """The running services by name: `start`, `stop` politely, `kill` without warning, `wait_ready`."""

    def __init__(self, folder: Path, port: int, environment: Mapping[str, str], signals: "_Signals") -> None:
        self.folder = folder
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"
        self.environment = dict(os.environ) | {"PORTAL_URL": self.base_url} | dict(environment)
        self._signals = signals
        self._known: dict[str, Service] = {}
        self._running: dict[str, _Group] = {}

    def add(self, service: Service) -> None:
        """Make a service known, for instance a flow's executor, so that `start` finds it."""
        self._known[service.name] = service

    def start(self, name: str) -> None:
        """Start a service in a process group of its own, its output appended to its log."""
        if name in self._running:
            raise ValueError(f"{name} was started already; kill or stop it first")
        service = self._known[name]
        environment = self.environment | dict(service.environment)
        with self._signals.held_back(), self.log(name).open("ab") as log:
            process = Popen(
                list(service.command), shell=False, cwd=_ROOT, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._running[name] = _Group(process)

    def kill(self, name: str) -> None:
        """End a service's whole process group by SIGKILL; `start` starts it anew."""
        self._running.pop(name).kill()

    def stop(self, name: str) -> None:
        """Let a service end in its own way; what is left after 10 s is killed."""
        self._end([name])

    def is_alive(self, name: str) -> bool:
        """Tell whether the service's first process runs."""
        return name in self._running and self._running[name].exit_code() is None

    def pid(self, name: str) -> int:
        """Give the number of a service's first process, which is its group's too."""
        return self._running[name].pid

    def log(self, name: str) -> Path:
        """Give the file a service writes to."""
        return self.folder / f"{name}.log"

    def wait_ready(self, patience: float = PATIENCE) -> None:
        """Wait until the web answers /healthz and, with a worker, /readyz. Raises NotReady."""
        end = time.monotonic() + patience
        self.insist_alive()
        if "web" in self._running:
            self._wait_for("/healthz", end)
        if {"web", "worker"} <= self._running.keys():
            self._wait_for("/readyz", end)

    def insist_alive(self) -> None:
        """Refuse to go on without a service that ended by itself. Raises NotReady."""
        for name, group in self._running.items():
            code = group.exit_code()
            if code is not None:
                raise NotReady(f"{name} ended with code {code}.{self._last_words(name)}")

    def end(self) -> None:
        """End everything that was started here and nothing else."""
        self._end(list(self._running))

    def left(self) -> list[int]:
        """Give the numbers of all living processes of the services, children of children too."""
        return [pid for group in self._running.values() for pid in group.members()]

    def _end(self, names: list[str]) -> None:
        groups = [self._running[name] for name in names]
        for group in groups:
            group.terminate()
        end = time.monotonic() + GRACE
        while any(group.exit_code() is None for group in groups) and time.monotonic() < end:
            time.sleep(0.02)
        for name in names:
            self._running.pop(name).kill()

    def _wait_for(self, path: str, end: float) -> None:
        while True:
            self.insist_alive()
            status, said = self._ask(path)
            if status == 200:
                return
            if time.monotonic() > end:
                raise NotReady(f"{path} did not answer 200 in time, but {said}.{self._last_words()}")
            time.sleep(0.1)

    def _ask(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, f"{answer.status} {answer.read(500).decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as trouble:
            return 0, f"nothing ({trouble})"
        finally:
            connection.close()

    def _last_words(self, *names: str) -> str:
        said = ""
        for name in names or self._running:
            said += f"\n{name} said last:\n{textwrap.indent(last_lines(self.log(name)) or '(nothing)', '  ')}"
        return said


class _Group:
    """One service's process and whatever it started: its first process leads the group."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid

    def exit_code(self) -> int | None:
        """Give how the first process ended, without reaping it: so its number stays nobody else's."""
        if self._process.returncode is None and hasattr(os, "waitid"):
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return None
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        return self._process.poll()

    def terminate(self) -> None:
        """Ask the first process alone: it ends its children in its own way, and a task is finished first."""
        if self.exit_code() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill whoever of the group lives, then wait until nobody does."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        end = time.monotonic() + GRACE
        while self.members() and time.monotonic() < end:
            time.sleep(0.01)

    def members(self) -> list[int]:
        """Give the living processes of the group; a system without /proc shows none."""
        everybody = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
        return alive(pid for pid in everybody if _state(pid)[1] == self.pid)


class _Signals:
    """Turns the signals that end a program into an exception, but never while a process is being started."""

    def __init__(self) -> None:
        self._before: dict[int, object] = {}
        self._held = False
        self._early: int | None = None

    def __enter__(self) -> "_Signals":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave

    def ignore(self) -> None:
        """Let nobody interrupt the ending."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Keep a signal until the block is over: a process must be known before anything ends."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._early is not None:
            self._receive(self._early, None)

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self._held:
            self._early = number
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            sys.exit(128 + number)


def _state(pid: int) -> tuple[str, int]:
    """Give a process's state letter and group; X when it is gone."""
    with suppress(OSError, ValueError):
        state, _, group = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:3]
        return state, int(group)
    return "X", 0
