"""The pages of evidence as plain values: a record's parts in the order an examiner reads them. Pure."""

from collections.abc import Mapping
from typing import Any

from audit.evidence import signoff, texts, why
from audit.evidence.seen import Fact, seen
from audit.evidence.texts import ERASED, Text, printed

STORY = 200
_ROWS = why.ROWS
_OPENERS = 20
_OUTCOMES = {"approved": "Approved", "rejected": "Rejected"}
_BASES = {"signatures": "the signatures below", "policy": "the routing rule alone"}


def parts(record: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """Give everything the template prints of a record whose SHA-256 is `digest`."""
    decision, item = record["decision"], record["item"]
    outcome = _OUTCOMES.get(decision["outcome"], texts.worded(decision["outcome"]))
    title = texts.visible(decision["title"] or _act(decision).get("type") or "Decision")
    shown = printed(title, "/decision/title", texts.CELL)
    return {
        "digest": digest,
        "digest_grouped": texts.digest(digest),
        "outcome": outcome,
        "title": shown,
        "name": f"Evidence: {outcome}: {shown.text}",
        "organisation": texts.visible(record["organisation"]) or _host(record["portal"]),
        "portal": texts.visible(record["portal"]),
        "decided_at": texts.moment(decision["decided_at"]),
        "created": decision["decided_at"],
        "head": _head(item, decision),
        **signoff.signed(record),
        "why": why.why(record),
        **signoff.plan(record),
        **_seen(record),
        "files": [_file(each, n) for n, each in enumerate(record["attachments"][:_ROWS])],
        "more_files": texts.left_out(len(record["attachments"]) - _ROWS, "/attachments"),
        "required": [_required(each, n) for n, each in enumerate(record.get("readings", [])[:_ROWS])],
        "changes": _changes(record),
        "story": [_told(each) for each in record["story"][:STORY]],
        "more_story": texts.left_out(len(record["story"]) - STORY, "/story"),
        "proof": _proof(record),
    }


def _act(decision: Mapping[str, Any]) -> Mapping[str, Any]:
    act = decision["act"]
    return act if isinstance(act, dict) else {}


def _host(address: str) -> str:
    return texts.visible(address.partition("://")[2].partition("/")[0] or address)


def _head(item: Mapping[str, Any], decision: Mapping[str, Any]) -> list[Fact]:
    act = _act(decision)
    amount = texts.money(act.get("amount"), act.get("currency"))
    at_stake = texts.money(act.get("amount_at_stake"), act.get("currency"))
    told = {
        "Decided": f"{texts.moment(decision['decided_at'])}, on {_BASES.get(decision['basis'], decision['basis'])}",
        "Action": " · ".join(str(act[name]) for name in ("type", "effect") if act.get(name)) or ERASED,
        "Amount": amount,
        "At stake": at_stake if at_stake != amount else "",
        "About": item["subject"],
        "Item": " · ".join(each for each in (item["external_id"], item["id"]) if each),
        "Flow": item["flow"]["name"],
        "Jurisdiction": item["jurisdiction"],
        "Behind the wall": _wall(item),
        "Asked for by": item["requested_by"],
        "Received": texts.moment(item["received_at"]),
    }
    return [Fact(label, printed(value, "/item", texts.CELL)) for label, value in told.items() if value]


def _wall(item: Mapping[str, Any]) -> str:
    """Name the wall around the item; an ordinary item has none, and records from before walls say nothing."""
    wall = str(item.get("wall", "ordinary"))
    return "" if wall == "ordinary" else wall.replace("-", " ").capitalize()


def _seen(record: Mapping[str, Any]) -> dict[str, Any]:
    """Lay out what the decided revision put before its signers."""
    made = next(each for each in record["revisions"] if each["revision"] == record["decision"]["revision"])
    place = next(n for n, each in enumerate(record["revisions"]) if each["revision"] == made["posted_as"])
    posted = record["revisions"][place]
    act = _act(record["decision"])
    told: dict[str, Any] = {
        "revision": made["revision"],
        "revisions": len(record["revisions"]),
        "document": texts.digest(posted["sha256"]),
        "lines": _lines(act),
        "payees": [printed(each, "/decision/act/payees", texts.CELL) for each in _list(act, "payees")],
        "seen": None,
    }
    if isinstance(posted["document"], dict) and act:
        at = f"/revisions/{place}/document/snapshot"
        told["seen"] = seen(posted["document"], act["output"], posted["titles"], at)
    return told


def _list(act: Mapping[str, Any], name: str) -> list[Any]:
    return list(act.get(name) or [])[:_ROWS]


def _lines(act: Mapping[str, Any]) -> list[dict[str, Any]]:
    currency = act.get("currency")
    return [
        {
            "label": texts.visible(str(each.get("label") or each.get("id") or "—")),
            "current": texts.money(each.get("current"), currency) or "—",
            "amount": texts.money(each.get("amount"), currency) or "—",
        }
        for each in _list(act, "lines")
        if isinstance(each, dict)
    ]


def _required(each: Mapping[str, Any], n: int) -> dict[str, Any]:
    at = f"/readings/{n}"
    return {"title": printed(each["title"], f"{at}/title", texts.CELL), "opened": _opened(each["opened"], at)}


def _opened(openings: list[Mapping[str, Any]], at: str) -> str:
    """Say who opened something when; whom there is no room for stand in the record."""
    opened = [f"{texts.visible(who['name'])}, {texts.moment(who['at'])}" for who in openings]
    more = texts.left_out(len(opened) - _OPENERS, f"{at}/opened")
    return "; ".join([*opened[:_OPENERS], *([more] if more else [])]).rstrip(".") or "nobody"


def _file(each: Mapping[str, Any], n: int) -> dict[str, Any]:
    return {
        "name": printed(each["name"], "/attachments", texts.CELL),
        "kind": texts.visible(each["media_type"]),
        "size": texts.size(each["size"]),
        "revision": each["revision"],
        "digest": texts.digest(each["sha256"]),
        "opened": _opened(each["opened"], f"/attachments/{n}"),
    }


def _changes(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tell a signer's changes, revision by revision, with each field before and after."""
    return [
        {
            "by": texts.visible(made["changed_by"]),
            "revision": made["revision"],
            "at": texts.moment(made["at"]),
            "rows": _changed(made["changes"], n),
        }
        for n, made in enumerate(record["revisions"])
        if made["changed_by"]
    ]


def _changed(changes: Any, n: int) -> list[dict[str, Any]]:
    if not isinstance(changes, list):
        return [{"title": ERASED, "before": Text(ERASED), "after": Text(ERASED)}]
    return [
        {
            "title": texts.visible(each["title"]),
            "before": printed(each["before"] or None, f"/revisions/{n}/changes/{m}/before"),
            "after": printed(each["after"] or None, f"/revisions/{n}/changes/{m}/after"),
        }
        for m, each in enumerate(changes)
    ]


def _told(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "index": each["index"],
        "at": texts.moment(each["at"]),
        "sentence": printed(each["sentence"], "/story", texts.CELL),
    }


def _proof(record: Mapping[str, Any]) -> dict[str, Any]:
    checkpoint = texts.visible(record["checkpoint"])
    return {
        "act": texts.digest(record["decision"]["act_sha256"]),
        "checkpoint": checkpoint,
        "log": texts.visible(record["log"]),
        "keys": [texts.visible(each["vkey"]) for each in record["keys"]["log"]],
        "entries": len(record["story"]),
    }
