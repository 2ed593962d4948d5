"""A flow to copy: it uploads files, posts signed items, and answers requests for changes. Standard library only.

Run it with `python -m examples.posting CONFIG.json`; the members of the file are those of `Config`. The same item is
posted under the same `webhook-id` until it is answered, so a lost answer never makes two of it.
"""

import base64
import hashlib
import hmac
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from examples import cases
from examples.cases import Case
from examples.files import File

LOOK = 2.0  # seconds between two looks for requested changes
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "https://countersign.example/examples/posting")


@dataclass(frozen=True)
class Access:
    """What a flow was given when it was registered."""

    key: str
    secret: str


@dataclass(frozen=True)
class Config:
    """Where to post and how much: `first` items at once, then one `every` seconds while few are open."""

    portal: str
    flows: dict[str, dict[str, str]]
    first: int = 24
    every: float = 20.0
    open_at_most: int = 60
    revise_after: float = 10.0


class Refused(Exception):
    """The portal refuses what was sent and will refuse it again; the text says why."""


class Portal:
    """The calls a flow makes, as one flow."""

    def __init__(self, address: str, flow: str, access: Access) -> None:
        self._address, self._flow, self._access = address, flow, access

    def upload(self, file: File) -> dict[str, str]:
        """Upload a file and give what an item names it by."""
        digest = hashlib.sha256(file.content).digest()
        headers = {
            "Content-Type": file.media_type,
            "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
        }
        told = self._ask(f"/api/v1/flows/{self._flow}/uploads", file.content, headers)
        return {"name": file.name, "upload": told["upload"], "sha256": digest.hex()}

    def post(self, document: dict[str, Any]) -> str:
        """Post an item and give its id."""
        return str(self._post(f"/api/v1/flows/{self._flow}/items", document)["id"])

    def revise(self, item: str, document: dict[str, Any]) -> None:
        """Post another revision of an item."""
        self._post(f"/api/v1/items/{item}/revisions", document)

    def items(self, state: str) -> list[dict[str, Any]]:
        """List the flow's newest items in a state."""
        return list(self._ask(f"/api/v1/items?flow={self._flow}&state={state}&limit=200")["items"])

    def _post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(document).encode()
        # The id follows from the content: whatever happens to us, the same item is never posted twice.
        return self._ask(path, body, self._signed(f"msg_{uuid.uuid5(_IDS, path + body.decode())}", body))

    def _signed(self, id: str, body: bytes) -> dict[str, str]:
        """Sign by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body."""
        moment = str(int(time.time()))
        key = base64.b64decode(self._access.secret.removeprefix("whsec_"))
        mac = hmac.digest(key, f"{id}.{moment}.".encode() + body, "sha256")
        signature = f"v1,{base64.b64encode(mac).decode()}"
        return {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": moment,
            "webhook-signature": signature,
        }

    def _ask(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Ask once; OSError when asking again may help, Refused when it will not."""
        every = {"Authorization": f"Bearer {self._access.key}", **(headers or {})}
        request = urllib.request.Request(self._address + path, body, every)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            if refusal.code >= 500 or refusal.code == 429:
                raise
            said = refusal.read().decode(errors="replace")
            raise Refused(f"{path}: {refusal.code} {said}") from None


@dataclass
class Flow:
    """Posts the cases in turn and answers requests for changes."""

    config: Config
    waiting: Iterator[Case] = field(default_factory=cases.mix)
    posted: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.portals = {
            slug: Portal(self.config.portal, slug, Access(**given)) for slug, given in self.config.flows.items()
        }
        self._next = next(self.waiting, None)
        self._ready: dict[str, Any] | None = None

    def may_post(self) -> bool:
        """Tell whether there is something to post and few enough items are open."""
        open_now = sum(len(portal.items("in_review")) for portal in self.portals.values())
        return self._next is not None and open_now < self.config.open_at_most

    def post_next(self) -> None:
        """Upload the next case's files and post its item; it stays next until it is answered."""
        case = self._next
        if case is None:
            return
        try:
            item = self._post(case)
        except Refused as refusal:
            print(f"{case.document['external_id']} was refused: {refusal}", file=sys.stderr, flush=True)
        else:
            print(f"{case.document['external_id']} posted with {len(case.files)} files: {item}", flush=True)
        self._next, self._ready = next(self.waiting, None), None

    def revise_asked(self) -> None:
        """Send a corrected revision of what people sent back, a moment after they did."""
        for portal in self.portals.values():
            for listed in portal.items("changes_requested"):
                item = listed["id"]
                since = self.asked.setdefault(item, time.monotonic())
                if item in self.posted and time.monotonic() - since >= self.config.revise_after:
                    self._revise(portal, item)

    def _post(self, case: Case) -> str:
        portal = self.portals[case.flow]
        if self._ready is None:
            # Kept until the post is answered: uploaded again, the files would make another document of it.
            attachments = [portal.upload(file) for file in case.files]
            self._ready = case.document | ({"attachments": attachments} if attachments else {})
        item = portal.post(self._ready)
        self.posted[item] = self._ready
        return item

    def _revise(self, portal: Portal, item: str) -> None:
        document = cases.corrected(self.posted[item])
        try:
            portal.revise(item, document)
        except Refused as refusal:
            print(f"the revision of {item} was refused: {refusal}", file=sys.stderr, flush=True)
        else:
            self.posted[item] = document
            print(f"{document['external_id']} revised: {item}", flush=True)
        del self.asked[item]


def run(config: Config, ended: threading.Event) -> None:
    """Post and answer until told to end; a portal that is away is asked again."""
    flow, count, due, looked = Flow(config), 0, 0.0, 0.0
    while not ended.is_set():
        try:
            if count < config.first or time.monotonic() >= due:
                due = time.monotonic() + config.every
                if count < config.first or flow.may_post():
                    flow.post_next()
                    count += 1
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                flow.revise_asked()
        except OSError as trouble:
            print(f"{trouble}; trying again", file=sys.stderr, flush=True)
            ended.wait(1)
        if count >= config.first:
            ended.wait(0.5)


def main(path: str) -> None:
    """Run until SIGTERM or SIGINT."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    run(Config(**json.loads(Path(path).read_text())), ended)


if __name__ == "__main__":
    main(sys.argv[1])
