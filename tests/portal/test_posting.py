"""The flow customers copy: it signs what it posts, posts nothing twice, drops no file, and answers requests."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks.webhooks import Webhook

from examples import cases
from examples.cases import Case
from examples.files import File
from examples.posting import Config, Flow
from portal.kit import webhooks

SECRET = webhooks.Secret.generate().reveal()


class FakePortal(ThreadingHTTPServer):
    """Answers as the portal does and keeps what came; the posts of items are answered as `answers` says, then 202."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Door)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.came, self.answers, self.sent_back = [], [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def posts(self, end):
        return [(headers, body) for path, headers, body in self.came if path.endswith(end)]


class _Door(BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = "state=changes_requested" in self.path and "claims-triage" in self.path
        self._answer(200, {"items": [{"id": item} for item in self.server.sent_back] if wanted else []})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append((self.path, dict(self.headers), body))
        if self.path.endswith("/uploads"):
            self._answer(201, {"upload": f"upl_{len(self.server.came)}"})
        else:
            self._answer(self.server.answers.pop(0) if self.server.answers else 202, {"id": "item-1", "code": "x"})

    def _answer(self, status, document):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def portal():
    with FakePortal() as portal:
        yield portal
        portal.shutdown()


@pytest.fixture
def flow(portal):
    access = {"key": "csk_test", "secret": SECRET}
    flows = dict.fromkeys((cases.CLAIMS, cases.LETTERS), access)
    return Flow(Config(portal.url, flows, revise_after=0))


def test_files_go_first_with_their_digests_and_the_item_names_them_all(portal, flow):
    case = next(cases.mix())
    flow.post_next()

    uploads, [(headers, body)] = portal.posts("/uploads"), portal.posts("/items")
    told = Webhook(SECRET).verify(body, headers)
    assert len(uploads) == len(case.files) == 4
    for file, (sent, content) in zip(case.files, uploads, strict=True):
        digest = hashlib.sha256(file.content).digest()
        assert (content, sent["Content-Type"]) == (file.content, file.media_type)
        assert sent["Content-Digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert [each["name"] for each in told["attachments"]] == [file.name for file in case.files]


def test_an_item_whose_answer_was_lost_is_posted_again_as_the_very_same(portal, flow):
    portal.answers = [503]
    with pytest.raises(OSError, match="503"):
        flow.post_next()

    flow.post_next()

    (first, body), (second, again) = portal.posts("/items")
    assert body == again
    assert first["Webhook-Id"] == second["Webhook-Id"]
    assert len(portal.posts("/uploads")) == 4


def test_a_refused_item_is_told_and_the_next_one_follows(portal, flow, capsys):
    portal.answers = [422]
    flow.post_next()
    flow.post_next()

    documents = [json.loads(body) for _, body in portal.posts("/items")]
    assert documents[0]["external_id"] != documents[1]["external_id"]
    assert f"{documents[0]['external_id']} was refused" in capsys.readouterr().err


def test_what_was_sent_back_comes_again_corrected_with_its_files(portal, flow):
    flow.post_next()
    portal.sent_back = ["item-1", "another flow's"]

    flow.revise_asked()

    [(_, posted)], [(headers, revised)] = portal.posts("/items"), portal.posts("/item-1/revisions")
    told, before = Webhook(SECRET).verify(revised, headers), json.loads(posted)
    assert told["attachments"] == before["attachments"]
    assert told["external_id"] == before["external_id"]
    assert told["snapshot"]["output"] != before["snapshot"]["output"]


def test_posting_rests_while_many_items_are_open(portal):
    flows = {cases.CLAIMS: {"key": "csk_test", "secret": SECRET}}
    one = Case(cases.CLAIMS, {"external_id": "a"}, (File("a.txt", "text/plain", b"a"),))

    assert Flow(Config(portal.url, flows, open_at_most=1), iter([one])).may_post()
    assert not Flow(Config(portal.url, flows, open_at_most=0), iter([one])).may_post()
    assert not Flow(Config(portal.url, flows), iter([])).may_post()
