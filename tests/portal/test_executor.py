"""The executor customers copy: it acts on what a receipt allows, once, whatever dies or comes twice."""

import base64
import http.client
import json
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from examples import executor as example
from examples.executor import Config, Executor
from portal.kit import webhooks
from portal.kit.clock import now
from tests.portal.receipts import ACT, AUDIENCE, JWKS, SECRET, receipt


class FakePortal(ThreadingHTTPServer):
    """Answers as the portal does: decisions, and one `started` for each item. `broken` loses the next answers."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.outcome, self.reports, self.broken = "approved", [], 0
        self.item, self.jti = str(uuid4()), str(uuid4())
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def decision(self):
        given = receipt(iss=self.url, jti=self.jti, sub=f"urn:countersign:item:{self.item}", dec=self.outcome)
        started = "started" in self.reports
        return 200, {"outcome": self.outcome, "act": ACT, "receipt": None if started else given}

    def report(self, told):
        ended = {"succeeded", "failed"} & set(self.reports)
        if told["status"] == "started" and self.reports:
            return 409, {"code": "receipt_consumed"}
        if ended:
            return 409, {"code": "execution_conflict"}
        self.reports.append(told["status"])
        return 200, {}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer(*self.server.decision())

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, document = self.server.report(told)
        if self.server.broken:
            self.server.broken -= 1
            status, document = 502, {}
        self._answer(status, document)

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
def run(portal, tmp_path):
    """An executor on its store; called again it is the same one after a restart."""
    (tmp_path / "jwks.json").write_text(json.dumps(JWKS))
    config = Config(
        port=0, portal=portal.url, audience=AUDIENCE, key="csk_test", webhook_secret=SECRET.reveal(),
        jwks=str(tmp_path / "jwks.json"), database=str(tmp_path / "store.sqlite3"),
    )  # fmt: skip
    return lambda: Executor(config)


def hear(executor, portal, webhook_id="msg_1"):
    body = json.dumps({"subject": portal.item}).encode()
    executor.receive(webhooks.signed_headers(webhook_id, now(), body, [SECRET.key]), body)


def ask(executor, query):
    with closing(sqlite3.connect(executor.config.database)) as store:
        return store.execute(query).fetchall()


def paid(executor):
    return ask(executor, "SELECT jti, amount FROM payment")


def closed(executor):
    return [row[0] for row in ask(executor, "SELECT closed FROM inbox ORDER BY received_at")]


def test_it_asks_first_pays_once_and_reports(portal, run):
    executor = run()
    hear(executor, portal)

    executor.settle_all()

    assert portal.reports == ["started", "succeeded"]
    assert paid(executor) == [(portal.jti, "18250.00")]
    assert closed(executor) == ["executed"]


def test_duplicates_of_a_callback_and_other_callbacks_about_it_pay_nothing_more(portal, run):
    executor = run()
    for webhook_id in ("msg_1", "msg_1", "msg_2"):
        hear(executor, portal, webhook_id)
        executor.settle_all()
    hear(executor, portal, "msg_2")
    run().settle_all()

    assert portal.reports == ["started", "succeeded"]
    assert paid(executor) == [(portal.jti, "18250.00")]
    assert ask(executor, "SELECT sum(copies) FROM inbox") == [(4,)]


def test_two_executors_on_one_store_pay_once(portal, run):
    hear(run(), portal)
    both = [threading.Thread(target=run().settle_all) for _ in range(2)]

    for each in both:
        each.start()
    for each in both:
        each.join()

    assert len(paid(run())) <= 1
    assert portal.reports.count("started") == 1


def test_a_rejected_item_is_noted_and_never_paid(portal, run):
    executor, portal.outcome = run(), "rejected"
    hear(executor, portal)

    executor.settle_all()

    assert (portal.reports, paid(executor), closed(executor)) == ([], [], ["rejected"])


def test_a_receipt_of_a_rejection_told_as_an_approval_is_refused(portal, run):
    executor = run()
    portal.decision = lambda: (
        200,
        {"outcome": "approved", "act": ACT, "receipt": receipt(iss=portal.url, dec="rejected")},
    )
    hear(executor, portal)

    executor.settle_all()

    assert (portal.reports, paid(executor), closed(executor)) == ([], [], ["refused: not_approved"])


def test_what_another_executor_started_is_not_paid_here(portal, run):
    executor = run()
    given = portal.decision()
    portal.reports.append("started")
    portal.decision = lambda: given
    hear(executor, portal)

    executor.settle_all()

    assert (portal.reports, paid(executor)) == (["started"], [])
    assert closed(executor) == ["not started: receipt_consumed"]


def test_a_lost_answer_to_started_ends_as_unknown_not_as_a_payment(portal, run):
    executor, portal.broken = run(), 1
    hear(executor, portal)
    executor.settle_all()
    assert closed(executor) == [None]

    run().settle_all()

    assert (portal.reports, paid(executor)) == (["started", "unknown"], [])
    assert closed(executor) == ["unknown: a person must look"]


def test_a_crash_between_payment_and_report_is_caught_up_with(portal, run):
    executor = run()
    hear(executor, portal)
    report = portal.report
    portal.report = lambda told: report(told) if told["status"] == "started" else (503, {})
    executor.settle_all()
    assert len(paid(executor)) == 1
    assert closed(executor) == [None]

    portal.report = report
    run().settle_all()

    assert portal.reports == ["started", "succeeded"]
    assert len(paid(executor)) == 1


def test_a_portal_that_is_away_leaves_the_item_open(portal, run):
    executor = run()
    hear(executor, portal)
    portal.shutdown()
    portal.server_close()

    executor.settle_all()

    assert (closed(executor), paid(executor)) == ([None], [])


def test_the_door_answers_204_once_it_is_kept_and_401_to_strangers(portal, run):
    executor = run()
    with example.serve(executor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        body = json.dumps({"subject": portal.item}).encode()
        forged = base64.b64encode(b"x" * 32).decode()
        statuses = []
        for change in ({}, {"webhook-signature": f"v1,{forged}"}):
            headers = webhooks.signed_headers("msg_1", now(), body, [SECRET.key]) | change
            connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
            connection.request("POST", "/", body, headers)
            statuses.append(connection.getresponse().status)
            connection.close()
        server.shutdown()

    assert statuses == [204, 401]
    assert ask(executor, "SELECT item, copies FROM inbox") == [(portal.item, 1)]
