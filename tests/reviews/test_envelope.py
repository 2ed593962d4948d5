"""The outer shape of an item, as the wire page promises it."""

import copy
import json

import pytest

from reviews import contracts, envelope

EXAMPLE = {
    "external_id": "NFIP-2019-0004711-building",
    "action": {
        "type": "claim.payout", "effect": "pay", "title": "Pay building damage", "subject": "claim/4711",
        "amount": "18250.00", "amount_at_stake": "18250.00", "currency": "USD", "jurisdiction": "US-TX",
        "payees": [{"name": "A", "account_ref": "acct-1"}],
        "lines": [{"id": "building", "label": "Building", "amount": "18250.00", "current": "0.00"}],
    },
    "snapshot": {
        "input": {"notice": "…"}, "current": {"paid": 0}, "output": {"flood_zone": "X"},
        "extractions": [{"path": "/output/flood_zone", "value": "X", "confidence": 0.71, "inferred": False,
                         "sources": [{"attachment": "notice.txt", "page": 1, "chars": [412, 436]}]}],
        "prompt": {"name": "triage", "version": "2026.11.3", "text": "…", "digest": "sha256:" + "a" * 64},
        "parameters": {"temperature": 0.0, "max_tokens": 800},
        "model": {"provider": "azure", "name": "gpt-4o", "version": "2024-08-06"},
        "tool_calls": [{"name": "lookup", "arguments": {}, "result": {}, "started_at": "2026-11-03T10:00:00Z",
                        "duration_ms": 41}],
        "evaluations": [{"name": "groundedness", "score": 0.93, "threshold": 0.8, "passed": True,
                         "as_of": "2026-11-03T10:00:00Z"}],
        "usage": {"input_tokens": 1830, "output_tokens": 212, "cost": "0.0113", "currency": "USD",
                  "latency_ms": 2140},
    },
    "attachments": [{"name": "notice.txt", "upload": "upl_1", "sha256": "b" * 64}],
    "dates": {"loss": "2019-09-19", "proof_received": "2019-10-02T15:04:00Z"},
    "tenant": "retail-gulf", "environment": "production", "priority": "normal",
    "expires_at": "2026-12-01T00:00:00Z", "correlation_id": "run-5f1c", "trace_url": "https://traces.example/1",
    "supersedes": None, "requested_by": "ana", "metadata": {"claim_office": "Mobile"},
}  # fmt: skip
GONE = object()


def pointers(**changes):
    """Change the example at `action__amount`-like places and name the places that are refused."""
    document = copy.deepcopy(EXAMPLE)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = document
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return {error["pointer"] for error in envelope.check(document)}


def test_the_example_of_the_wire_page_is_well_formed():
    assert pointers() == set()


def test_the_four_required_members_are_enough():
    action = {"type": "letter.send", "effect": "letter", "title": "Send the letter"}

    assert envelope.check({"action": action, "snapshot": {"output": {}}}) == []


@pytest.mark.parametrize(
    "path", ["action", "snapshot", "action__type", "action__effect", "action__title", "snapshot__output"]
)
def test_a_missing_required_member_is_pointed_at(path):
    assert pointers(**{path: GONE}) == {"/" + path.replace("__", "/")}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bogus", 1),
        ("action__ammount", "1.00"),
        ("action__effect", "approve"),
        ("action__type", ""),
        ("action__title", "x" * 301),
        ("action__subject", "x" * 201),
        ("action__currency", "usd"),
        ("action__currency", "USD\n"),
        ("action__lines__0__amount", "1.23456"),
        ("action__lines__0__id", GONE),
        ("action__payees__0__name", GONE),
        ("action__amount_at_stake", "-1.00"),
        ("external_id", "x" * 201),
        ("tenant", "x" * 101),
        ("priority", "asap"),
        ("snapshot__output", [1]),
        ("snapshot__extractions__0__path", "output"),
        ("snapshot__extractions__0__confidence", 1.1),
        ("snapshot__extractions__0__sources__0__page", 0),
        ("snapshot__extractions__0__sources__0__chars", [1]),
        ("snapshot__prompt__digest", "a" * 64),
        ("snapshot__tool_calls__0__name", GONE),
        ("snapshot__tool_calls__0__started_at", "yesterday"),
        ("snapshot__evaluations__0__score", "high"),
        ("snapshot__usage__input_tokens", -1),
        ("snapshot__usage__cost", 0.0113),
        ("snapshot__usage__currency", GONE),
        ("attachments__0__sha256", "B" * 64),
        ("attachments__0__upload", GONE),
        ("attachments__0__name", "../../etc/passwd"),
        ("trace_url", "javascript:alert(1)"),
        ("metadata", {str(number): 1 for number in range(51)}),
        ("metadata", []),
    ],
)
def test_a_member_of_another_shape_is_pointed_at(path, value):
    assert pointers(**{path: value}) == {"/" + path.replace("__", "/")}


@pytest.mark.parametrize("amount", ["0", "0.00", "-12.5", "999999999999.9999"])
def test_money_is_a_decimal_string(amount):
    assert pointers(action__amount=amount) == set()


@pytest.mark.parametrize(
    "amount", ["", "1,000.00", "1.", ".5", "+1", "1e3", "1.00001", "1234567890123", "١", "1\n", 5, None]
)
def test_what_is_not_a_decimal_string_is_no_money(amount):
    assert pointers(action__amount=amount) == {"/action/amount"}


@pytest.mark.parametrize("number", [1.0, 18250.5])
def test_no_float_hides_anywhere_in_the_action(number):
    assert pointers(action__amount=number) == {"/action/amount"}
    assert pointers(action__lines__0__quantity=number) == {"/action/lines/0/quantity"}
    assert pointers(action__payees__0__share=[{"a/b": number}]) == {"/action/payees/0/share/0/a~1b"}


def test_lines_may_count_in_whole_numbers():
    assert pointers(action__lines__0__quantity=3) == set()


@pytest.mark.parametrize("kept", ["amount", "amount_at_stake", "lines"])
def test_whoever_names_money_names_the_currency(kept):
    gone = {f"action__{name}": GONE for name in {"amount", "amount_at_stake", "lines"} - {kept}}

    assert pointers(action__currency=GONE, **gone) == {"/action/currency"}


@pytest.mark.parametrize("effect", ["deny", "partial"])
def test_a_denial_says_what_is_at_stake(effect):
    assert pointers(action__effect=effect) == set()
    assert pointers(action__effect=effect, action__amount_at_stake=GONE) == {"/action/amount_at_stake"}


@pytest.mark.parametrize(
    "moment",
    ["2026-12-01", "2026-12-01 00:00:00Z", "2026-12-01T00:00:00", "2026-02-30T00:00:00Z",
     "2026-06-30T23:59:60Z", "0000-01-01T00:00:00Z", "2026-12-01T25:00:00Z", 1790000000],
)  # fmt: skip
def test_an_expiry_is_a_time_that_exists(moment):
    assert pointers(expires_at=moment) == {"/expires_at"}


@pytest.mark.parametrize("day", ["2019-02-30", "19.9.2019", "2019-9-1", "2019-10-02T15:04:00", 20190919, None])
def test_a_date_is_a_day_or_a_time_that_exists(day):
    assert pointers(dates__loss=day) == {"/dates/loss"}


def test_messages_are_sentences_and_never_repeat_the_value():
    document = copy.deepcopy(EXAMPLE) | {"priority": "Mustermann", "expires_at": "Mustermann"}
    document["action"]["amount"] = "Mustermann"
    told = envelope.check(document)

    assert "Mustermann" not in json.dumps(told)
    assert any("decimal string" in error["message"] for error in told)


def test_a_thousand_faults_are_told_as_fifty():
    document = copy.deepcopy(EXAMPLE) | {f"extra{number}": 1 for number in range(1000)}

    assert len(envelope.check(document)) == contracts.MAX_ERRORS


def test_the_top_that_is_no_item_at_all_is_refused():
    assert {error["pointer"] for error in envelope.check({})} == {"/action", "/snapshot"}
    assert {error["pointer"] for error in envelope.check({"action": [], "snapshot": 1})} == {
        "/action",
        "/snapshot",
    }
