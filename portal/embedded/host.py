"""What the servers need from the machine: their programs, a user to run as, private files, patience."""

import os
import pwd
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

_SERVER_USER = "nobody"
_PATIENCE = 30.0


class ServersFailed(Exception):
    """A server did not start or stop; the message says which, and what it said last."""


def package(name: str) -> Path:
    """Find the folder of an installed package without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServersFailed(f"The package {name} is not installed. Or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def as_server_user(*folders: Path) -> list[str]:
    """Give the words to put before a command that refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(_SERVER_USER)
    change = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not all(_is_open_to_all(folder) for folder in folders):
        # Below a private home (/root) the user could not even reach its programs. We do not loosen anybody's
        # home for that; the command gets the right to pass closed folders instead.
        change += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return change


def give_to_server_user(*paths: Path) -> None:
    """Make the user the servers run as the owner, when we are root."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(_SERVER_USER)
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def program_of(pid: int) -> str:
    """Name the program a process runs; empty when there is no such process, or only its shadow."""
    if not pid or not _exists(pid):
        return ""
    with suppress(OSError):
        name, _, state = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
        # In a container whose first process collects nobody, a killed server stays listed as a zombie.
        return "" if state.startswith("Z") else name
    return "unknown"


def answers(port: int) -> bool:
    """Say whether anything listens on this port of this machine."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def wait_until(true: Callable[[], bool]) -> bool:
    """Wait half a minute at most; say whether it came true."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def write_private(path: Path, content: str) -> None:
    """Replace a file that only its owner may read, never leaving half of it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as file:
        file.write(content)
    fresh.replace(path)


def last_lines(path: Path) -> str:
    """Give the end of a log, as far as there is one."""
    with suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-12:])
    return ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _is_open_to_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)
