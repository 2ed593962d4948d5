"""Port and password of one server, kept from one start to the next."""

import json
import secrets
import socket
from pathlib import Path

from portal.embedded.host import write_private


class Access:
    """Port and password of one server, in a file only its owner may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.port: int = kept.get("port", 0)
        self.password: str = kept.get("password") or secrets.token_urlsafe(24)

    def choose_port(self) -> None:
        """Take the port used last if it is still free, so that noted addresses stay good."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.keep()

    def keep(self) -> None:
        """Write both down."""
        write_private(self.path, json.dumps({"port": self.port, "password": self.password}))
