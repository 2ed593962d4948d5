"""What was put before the signers, as printed: the proposal, the record, what was read, how it was made. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.evidence import texts
from audit.evidence.texts import CELL, Text, printed

ROWS = 60
_PROMPT = 1500
_CALL = 600


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value."""

    label: str
    value: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the proposal beside the system of record."""

    label: str
    current: Text
    proposed: Text
    differs: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One field the flow read from its sources."""

    label: str
    value: Text
    confidence: str
    record: Text
    differs: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything of one revision that was before the signers; `more` says what is not printed, and where it is."""

    rows: list[Row]
    letters: list[Fact]
    readings: list[Reading]
    given: list[Fact]
    making: list[Fact]
    more: list[str]


def seen(document: Mapping[str, Any], output: Mapping[str, Any], titles: Mapping[str, str], at: str) -> Seen:
    """Lay out a document whose snapshot stands at `at` in the record; `output` is as decided, changes included."""
    snapshot = document["snapshot"]
    current, given = _part(snapshot, "current"), _part(snapshot, "input")
    read = [each for each in snapshot.get("extractions") or [] if isinstance(each, dict)]
    rows = list(_rows(output, current, titles, at))
    more = [
        texts.left_out(len(rows) - ROWS, f"{at}/output"),
        texts.left_out(len(read) - ROWS, f"{at}/extractions"),
        texts.left_out(len(given) - ROWS, f"{at}/input"),
    ]
    return Seen(
        rows=rows[:ROWS],
        letters=list(_letters(output, titles)),
        readings=[_reading(each, n, current, titles, at) for n, each in enumerate(read[:ROWS])],
        given=[
            Fact(_label(titles, "input", name), printed(value, f"{at}/input/{texts.escaped(name)}"))
            for name, value in list(given.items())[:ROWS]
        ],
        making=list(_making(snapshot, at)),
        more=[each for each in more if each],
    )


def _part(snapshot: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = snapshot.get(name)
    return found if isinstance(found, dict) else {}


def _label(titles: Mapping[str, str], part: str, name: str) -> str:
    return texts.visible(titles.get(f"/{part}/{texts.escaped(name)}") or "") or texts.worded(name)


def _is_letter(value: Any) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > CELL)


def _rows(output: Mapping[str, Any], current: Mapping[str, Any], titles: Mapping[str, str], at: str) -> Iterator[Row]:
    for name, value in output.items():
        if not _is_letter(value):
            recorded = current.get(name)
            yield Row(
                _label(titles, "output", name),
                printed(recorded, f"{at}/current/{texts.escaped(name)}", CELL),
                printed(value, f"/decision/act/output/{texts.escaped(name)}", CELL),
                recorded is not None and recorded != value,
            )
    for name, recorded in current.items():
        if name not in output:
            value = printed(recorded, f"{at}/current/{texts.escaped(name)}", CELL)
            yield Row(_label(titles, "current", name), value, Text(""), differs=False)


def _letters(output: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[Fact]:
    for name, value in output.items():
        if _is_letter(value):
            yield Fact(_label(titles, "output", name), printed(value, f"/decision/act/output/{texts.escaped(name)}"))


def _reading(
    each: Mapping[str, Any], n: int, current: Mapping[str, Any], titles: Mapping[str, str], at: str
) -> Reading:
    path = str(each.get("path") or "")
    part, _, name = path.removeprefix("/").partition("/")
    sure = each.get("confidence")
    said = f"{sure:.2f}" if isinstance(sure, int | float) and not isinstance(sure, bool) else "—"
    recorded = current.get(name)
    return Reading(
        _label(titles, part, name),
        printed(each.get("value"), f"{at}/extractions/{n}/value", CELL),
        f"{said}, inferred" if each.get("inferred") else said,
        printed(recorded, f"{at}/current/{texts.escaped(name)}", CELL),
        recorded is not None and recorded != each.get("value"),
    )


def _making(snapshot: Mapping[str, Any], at: str) -> Iterator[Fact]:
    model, prompt = _part(snapshot, "model"), _part(snapshot, "prompt")
    if model:
        yield Fact("Model", _joined(model.get("provider"), model.get("name"), model.get("version")))
    if prompt:
        yield Fact("Prompt", _joined(prompt.get("name"), prompt.get("version"), prompt.get("digest")))
    if prompt.get("text"):
        yield Fact("Prompt text", printed(prompt["text"], f"{at}/prompt/text", _PROMPT))
    if _part(snapshot, "parameters"):
        yield Fact("Parameters", _pairs(snapshot["parameters"], f"{at}/parameters"))
    yield from _evaluations(snapshot, at)
    yield from _calls(snapshot, at)
    yield from _usage(_part(snapshot, "usage"))


def _evaluations(snapshot: Mapping[str, Any], at: str) -> Iterator[Fact]:
    found = [each for each in snapshot.get("evaluations") or [] if isinstance(each, dict)]
    for each in found[:ROWS]:
        said = each.get("passed")
        passed = "passed" if said is True else "failed" if said is False else "no verdict"
        threshold = f", {each['threshold']} asked for" if "threshold" in each else ""
        name, score = each.get("name", "—"), each.get("score", "—")
        yield Fact("Evaluation", printed(f"{name}: {passed} with {score}{threshold}", f"{at}/evaluations", CELL))
    if len(found) > ROWS:
        yield Fact("Evaluations", Text(texts.left_out(len(found) - ROWS, f"{at}/evaluations")))


def _calls(snapshot: Mapping[str, Any], at: str) -> Iterator[Fact]:
    found = [each for each in snapshot.get("tool_calls") or [] if isinstance(each, dict)]
    for n, each in enumerate(found[:ROWS]):
        took = f" in {each['duration_ms']} ms" if "duration_ms" in each else ""
        told = f"{each.get('name', '—')}{took}: {_json(each.get('arguments'))} gave {_json(each.get('result'))}"
        yield Fact("Tool", printed(told, f"{at}/tool_calls/{n}", _CALL))
    if len(found) > ROWS:
        yield Fact("Tools", Text(texts.left_out(len(found) - ROWS, f"{at}/tool_calls")))


def _usage(usage: Mapping[str, Any]) -> Iterator[Fact]:
    if usage:
        told = [f"{usage[name]:,} {word}" for name, word in _USED if isinstance(usage.get(name), int)]
        cost = texts.money(usage.get("cost"), usage.get("currency"))
        yield Fact("Usage", printed(", ".join([*told, *([cost] if cost else [])]), "/usage", CELL))


_USED = (("input_tokens", "tokens in"), ("output_tokens", "tokens out"), ("latency_ms", "ms"))


def _joined(*values: Any) -> Text:
    return Text(texts.visible(", ".join(str(each) for each in values if each)) or "—")


def _pairs(values: Mapping[str, Any], pointer: str) -> Text:
    return printed(", ".join(f"{name} {_json(value)}" for name, value in values.items()), pointer, CELL)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
