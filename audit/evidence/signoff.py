"""Signatures and the plan they fill, as evidence prints them: by rounds, with whose name, licence and access. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit.evidence import texts
from audit.evidence.texts import printed

SIGNATURES = 100
_Record = Mapping[str, Any]
_FACTORS = {"passkey": "a passkey", "password+totp": "password and one-time code", "password": "a password"}


def signed(record: _Record) -> dict[str, Any]:
    """Part the signatures into those that count, those of earlier rounds, and those of earlier revisions."""
    decided = record["decision"]["revision"]
    numbered = list(enumerate(record["signatures"]))
    mine = [(n, each) for n, each in numbered if each["revision"] == decided and each.get("counts", True)]
    before = [(n, each) for n, each in numbered if each["revision"] == decided and not each.get("counts", True)]
    earlier = [(n, each) for n, each in numbered if each["revision"] != decided]
    lists = (mine, before, earlier)
    return {
        "signatures": _signatures(mine),
        "before": _signatures(before),
        "earlier": _signatures(earlier),
        "more_signatures": texts.left_out(sum(max(len(each) - SIGNATURES, 0) for each in lists), "/signatures"),
    }


def plan(record: _Record) -> dict[str, Any]:
    """Lay out the plan of the decided revision step by step, with what returned it and who stepped aside."""
    decided = record["decision"]["revision"]
    own = [slot for slot in record["plan"] if slot["revision"] == decided]
    counting = [slot for slot in own if slot.get("counts", True)]
    left = texts.left_out(len(counting) - SIGNATURES, "/plan")
    rounds = [slot for slot in own if not slot.get("counts", True)]
    rounds.sort(key=lambda slot: (slot["round"], slot["stage"], slot["n"]))
    return {
        "plan": _places(counting),
        "rounds": _places(rounds),
        "more_plan": left or texts.left_out(len(rounds) - SIGNATURES, "/plan"),
        "returns": [_returned(each) for each in record.get("returns", [])[:SIGNATURES]],
        "recusals": [_recused(each, n) for n, each in enumerate(record.get("recusals", [])[:SIGNATURES])],
    }


def _signatures(numbered: Iterable[tuple[int, _Record]]) -> list[dict[str, Any]]:
    return [_signature(each, n) for n, each in list(numbered)[:SIGNATURES]]


def _signature(each: _Record, n: int) -> dict[str, Any]:
    at = f"/signatures/{n}"
    absent, emergency = each["on_behalf_of"], each.get("break_glass")
    return {
        "name": printed(each["printed_name"], f"{at}/printed_name", texts.CELL),
        "for": printed(absent["printed_name"], f"{at}/on_behalf_of", texts.CELL) if absent else None,
        "licence": printed(each["licence"], f"{at}/licence") if each.get("licence") else None,
        "emergency": _emergency(emergency) if emergency else "",
        "emergency_reason": printed(emergency["reason"], f"{at}/break_glass/reason") if emergency else None,
        "waived": [texts.visible(duty["sentence"]) for duty in each.get("duties_waived", [])],
        "role": texts.visible(each["role_title"]),
        "meaning": texts.visible(each["meaning"]),
        "verdict": texts.verdict(dict(each)),
        "reason": printed(each["reason"], f"{at}/reason") if each["reason"] else None,
        "at": texts.moment(each["signed_at"]),
        "factor": texts.factor(dict(each)),
        "statement": printed(each["statement"], f"{at}/statement"),
        "revision": each["revision"],
        "stage": each["stage"],
        "round": each.get("round", 1),
        "intent": texts.digest(each["intent_sha256"]),
    }


def _emergency(each: _Record) -> str:
    """Say which role somebody took where, and from when until when."""
    until = f"until {texts.moment(each['until'])}"
    ended = f", ended {texts.moment(each['ended_at'])}" if each["ended_at"] else ""
    return texts.visible(f"{each['role_title']} on {each['queue']}, taken {texts.moment(each['from'])}, {until}{ended}")


def _places(slots: Sequence[_Record]) -> list[dict[str, Any]]:
    shared = [step for step in {slot.get("step") for slot in slots} if _is_parallel(slots, step)]
    return [_place(slot, is_parallel=slot.get("step") in shared) for slot in slots[:SIGNATURES]]


def _is_parallel(slots: Sequence[_Record], step: Any) -> bool:
    return len({slot["stage"] for slot in slots if slot.get("step") == step}) > 1


def _place(slot: _Record, *, is_parallel: bool) -> dict[str, Any]:
    number = slot.get("round", 1)
    return {
        "stage": slot["stage"],
        "round": number if number > 1 or not slot.get("counts", True) else 0,
        "role": texts.visible(slot["role_title"]),
        "meaning": texts.visible(slot["meaning"]),
        "signed_by": texts.visible(slot["signed_by"] or ""),
        "conditions": [texts.visible(each) for each in _conditions(slot, is_parallel=is_parallel)],
    }


def _conditions(slot: _Record, *, is_parallel: bool) -> Iterable[str]:
    """Say what is special about a stage."""
    if is_parallel:
        yield f"in step {slot['step']}, at the same time as its other stages"
    if slot.get("blind"):
        yield "blind: without seeing what the others said"
    if slot.get("factors"):
        yield f"proved with {' or '.join(_FACTORS.get(each, each) for each in slot['factors'])}"
    if slot.get("back_to"):
        yield f"a rejection asks again from stage {slot['back_to']} on"


def _returned(each: _Record) -> dict[str, Any]:
    return {
        "by": texts.visible(each["by"]),
        "at": texts.moment(each["at"]),
        "stage": each["stage"],
        "round": each["round"],
        "revision": each["revision"],
    }


def _recused(each: _Record, n: int) -> dict[str, Any]:
    return {
        "name": texts.visible(each["name"]),
        "at": texts.moment(each["at"]),
        "reason": printed(each["reason"], f"/recusals/{n}/reason"),
    }
