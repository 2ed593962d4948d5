"""An executor to copy: it hears of decisions by signed callback, checks receipts offline, acts once, reports.

Run it with `python -m examples.executor CONFIG.json`; the members of the file are those of `Config`. What it is
about to do and what it did stands in one SQLite file, so it may be killed at any moment and started again: nothing
is done twice, and where nobody can know whether it was done, it says `unknown` and waits for a person.
"""

import json
import signal
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

from examples.checking import Refused, check_callback, check_receipt

LARGEST_CALLBACK = 64 * 1024
DECIDED = "countersign.item.decided.v1"

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS inbox (
  webhook_id TEXT PRIMARY KEY, item TEXT NOT NULL, received_at REAL NOT NULL,
  copies INTEGER NOT NULL DEFAULT 1, closed TEXT, closed_at REAL);
CREATE TABLE IF NOT EXISTS execution (
  jti TEXT PRIMARY KEY, item TEXT NOT NULL, receipt TEXT NOT NULL, act TEXT NOT NULL,
  asked INTEGER NOT NULL DEFAULT 0, granted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS payment (
  jti TEXT PRIMARY KEY, item TEXT NOT NULL, effect TEXT NOT NULL, subject TEXT, amount TEXT, currency TEXT,
  paid_at REAL NOT NULL);
"""


@dataclass(frozen=True)
class Config:
    """Who we are and whom we believe; `jwks` is a file of the portal's keys, fetched once and kept."""

    port: int
    portal: str
    audience: str
    key: str
    webhook_secret: str
    jwks: str
    database: str


class Portal:
    """The three calls an executor makes; addresses are our own, never those a message names."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def decision(self, item: str) -> dict[str, Any] | None:
        """Fetch the decision, or nothing as long as it is not there."""
        status, answer = self._ask(f"/api/v1/items/{item}/decision")
        return answer if status == 200 else None

    def report(self, item: str, receipt: str, status: str, reference: str = "") -> tuple[int, str]:
        """Tell what we are about to do or did; give the status and the problem's code."""
        told = {"receipt": receipt, "status": status, "reference": reference}
        code, answer = self._ask(f"/api/v1/items/{item}/execution", told)
        return code, str(answer.get("code", ""))

    def _ask(self, path: str, told: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        content = None if told is None else json.dumps(told).encode()
        headers = {"Authorization": f"Bearer {self._config.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._config.portal + path, content, headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code >= 500 or refusal.code == 429:
                raise
            return refusal.code, json.load(refusal)


class Executor:
    """Takes callbacks in and settles each item once, in steps that survive a crash between any two."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.portal = Portal(config)
        self.wake = threading.Event()
        with closing(self._open()) as store:
            store.executescript(TABLES)

    def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Keep an authentic callback before it is answered; a copy of one we have changes nothing."""
        id = check_callback(headers, body, self.config.webhook_secret, time.time())
        try:
            event = json.loads(body)
            item = str(UUID(event["subject"]))
        except (ValueError, KeyError, TypeError):
            raise Refused("not_an_item_event") from None
        if event.get("type", DECIDED) != DECIDED:
            return  # nothing to act on: changes requested, expired, cancelled
        with closing(self._open()) as store:
            store.execute(
                "INSERT INTO inbox (webhook_id, item, received_at) VALUES (?, ?, ?)"
                " ON CONFLICT (webhook_id) DO UPDATE SET copies = copies + 1",
                [id, item, time.time()],
            )
        self.wake.set()

    def settle_all(self) -> None:
        """Settle whatever is open; what cannot be settled now stays open."""
        with closing(self._open()) as store:
            waiting = "SELECT webhook_id, item FROM inbox WHERE closed IS NULL ORDER BY received_at"
            for id, item in store.execute(waiting).fetchall():
                try:
                    outcome = self._settle(store, item)
                except (OSError, ValueError) as trouble:
                    print(f"{item}: {trouble}; trying again", file=sys.stderr, flush=True)
                    continue
                if outcome:
                    closing_it = "UPDATE inbox SET closed = ?, closed_at = ? WHERE webhook_id = ?"
                    store.execute(closing_it, [outcome, time.time(), id])

    def _settle(self, store: sqlite3.Connection, item: str) -> str | None:
        decision = self.portal.decision(item)
        if decision is None:
            return None
        if decision["outcome"] != "approved":
            return str(decision["outcome"])
        if decision["receipt"]:
            try:
                self._keep(store, item, decision)
            except Refused as refusal:
                return f"refused: {refusal}"
        known = store.execute("SELECT * FROM execution WHERE item = ?", [item]).fetchone()
        return self._execute(store, known) if known else "started elsewhere"

    def _keep(self, store: sqlite3.Connection, item: str, decision: dict[str, Any]) -> None:
        """Check the receipt against the act we would run, and keep both before anything is asked."""
        act, config = decision["act"], self.config
        claims = check_receipt(
            decision["receipt"], act, jwks=json.loads(Path(config.jwks).read_text()), issuer=config.portal,
            audience=config.audience, at=time.time(),
        )  # fmt: skip
        if claims.get("sub") != f"urn:countersign:item:{item}":
            raise Refused("another_item")
        store.execute(
            "INSERT INTO execution (jti, item, receipt, act) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (jti) DO UPDATE SET receipt = excluded.receipt",
            [claims["jti"], item, decision["receipt"], json.dumps(act)],
        )

    def _execute(self, store: sqlite3.Connection, known: sqlite3.Row) -> str | None:
        if not known["granted"]:
            answer = self._start(store, known)
            if answer != "granted":
                return answer
        self._pay(store, known)
        status, _ = self.portal.report(known["item"], known["receipt"], "succeeded", reference=known["jti"])
        return "executed" if status in (200, 409) else None  # 409: this end was reported before a crash

    def _start(self, store: sqlite3.Connection, known: sqlite3.Row) -> str | None:
        """Ask whether we may; only a 200 is a yes."""
        store.execute("UPDATE execution SET asked = 1 WHERE jti = ?", [known["jti"]])
        status, code = self.portal.report(known["item"], known["receipt"], "started")
        if status == 200:
            store.execute("UPDATE execution SET granted = 1 WHERE jti = ?", [known["jti"]])
            return "granted"
        if code == "flow_suspended" or code == "receipt_invalid":
            return None  # later, with a fresh receipt
        if not known["asked"]:
            return f"not started: {code}"
        # We asked before and never heard the answer: the start that stands may be ours, or somebody else's.
        self.portal.report(known["item"], known["receipt"], "unknown", reference=known["jti"])
        return "unknown: a person must look"

    def _pay(self, store: sqlite3.Connection, known: sqlite3.Row) -> None:
        """Do it: the unique `jti` and the act itself are one transaction. Put your own act here."""
        act = json.loads(known["act"])
        told = [act[name] for name in ("effect", "subject", "amount", "currency")]
        store.execute("BEGIN IMMEDIATE")
        store.execute(
            "INSERT INTO payment (jti, item, effect, subject, amount, currency, paid_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (jti) DO NOTHING",
            [known["jti"], known["item"], *told, time.time()],
        )
        store.execute("COMMIT")
        print(f"{' '.join(filter(None, told))}: done under receipt {known['jti']}", flush=True)

    def _open(self) -> sqlite3.Connection:
        store = sqlite3.connect(self.config.database, timeout=15, isolation_level=None)
        store.row_factory = sqlite3.Row
        return store


def serve(executor: Executor) -> ThreadingHTTPServer:
    """Bind the loopback server that takes callbacks."""

    class Door(BaseHTTPRequestHandler):
        """Answers 204 once a callback is kept, 401 to strangers."""

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(min(length, LARGEST_CALLBACK))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                executor.receive(headers, body)
            except Refused as refusal:
                self.send_error(400 if str(refusal) == "not_an_item_event" else 401, str(refusal))
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    return ThreadingHTTPServer(("127.0.0.1", executor.config.port), Door)


def main(path: str) -> None:
    """Serve callbacks and settle what they announce, until SIGTERM or SIGINT."""
    executor = Executor(Config(**json.loads(Path(path).read_text())))
    server = serve(executor)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()
        executor.wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while not ended.is_set():
        executor.wake.clear()
        executor.settle_all()
        executor.wake.wait(1)
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
