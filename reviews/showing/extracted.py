"""What the flow read: each extracted field beside the system of record, and the marks in the source texts."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviews.showing import labels
from reviews.showing.stops import LOW_CONFIDENCE, Stop
from reviews.showing.texts import decimal, part, plain, visible

# Marks are drawn where they can be told apart; a post with thousands of spans must not cost a page its life.
MOST_MARKS = 500
_NARRATIVE = 60


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted field: its number, what the flow read, and what the record says."""

    number: int
    path: str
    label: str
    value: str
    record: str
    standing: str
    confidence: float | None
    inferred: bool
    sources: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Tell whether the record contradicts the reading."""
        return self.standing == "differs"

    @property
    def is_unsure(self) -> bool:
        """Tell whether the flow itself was not sure."""
        return self.confidence is not None and self.confidence < LOW_CONFIDENCE


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of source text with the numbers of the fields read from it; `ends` are those that end here."""

    text: str
    marks: tuple[int, ...]
    ends: tuple[int, ...]
    is_off: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A text the flow read, cut at its marks."""

    name: str
    pieces: tuple[Piece, ...]
    size: int
    shown: int
    unmarked: int

    @property
    def is_cut(self) -> bool:
        """Tell whether only the beginning is shown."""
        return self.shown < self.size


def fields(snapshot: Mapping[str, Any], schema: Any, hidden: Container[str] = ()) -> tuple[Field, ...]:
    """Give the extracted fields in the order the flow told them; files whose name is hidden are not cited."""
    current = part(snapshot, "current")
    told = snapshot.get("extractions") or []
    return tuple(_field(number, each, current, schema, hidden) for number, each in enumerate(told, start=1))


def differing(read: Iterable[Field]) -> Iterator[Stop]:
    """Give a reason to look for each field the system of record contradicts."""
    for field in read:
        if field.differs:
            told = f"{field.label} read as {field.value}, the record says {field.record}."
            yield Stop("Differs from the record", told, "bad")


def narratives(given: Any) -> dict[str, str]:
    """Give the running texts of the input by their names: what a person wrote, not codes and amounts."""
    if not isinstance(given, Mapping):
        return {}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    return {name: text for name, text in texts.items() if len(text) >= _NARRATIVE or name == "narrative"}


def source(name: str, text: str, snapshot: Mapping[str, Any], read: Sequence[Field], longest: int) -> Source:
    """Cut a text at the spans the extractions name; spans that do not fit the text are left out."""
    shown = text[:longest]
    fitting = [span for span in _spans(name, snapshot) if span[1] <= len(shown)]
    spans = fitting[:MOST_MARKS]
    off = {field.number for field in read if field.differs}
    edges = sorted({0, len(shown), *(edge for start, end, _ in spans for edge in (start, end))})
    pieces = tuple(
        _piece(shown, start, end, spans, off) for start, end in zip(edges, edges[1:], strict=False) if start < end
    )
    return Source(visible(name), pieces, len(text), len(shown), len(fitting) - len(spans))


def named_sources(snapshot: Mapping[str, Any]) -> list[str]:
    """Name the attachments that extractions point into, in order of first use."""
    told = (_name(each) for found in snapshot.get("extractions") or [] for each in found.get("sources") or [])
    return list(dict.fromkeys(name for name in told if name))


def _field(
    number: int, told: Mapping[str, Any], current: Mapping[str, Any], schema: Any, hidden: Container[str]
) -> Field:
    names = labels.steps(told["path"])
    recorded = current.get(names[-1]) if names else None
    confidence = told.get("confidence")
    return Field(
        number=number,
        path=told["path"],
        label=labels.label(schema, told["path"]),
        value=plain(told.get("value")),
        record=plain(recorded),
        standing=_standing(told.get("value"), recorded),
        confidence=float(confidence) if confidence is not None else None,
        inferred=bool(told.get("inferred")),
        sources=tuple(dict.fromkeys(_cited(each) for each in told.get("sources") or [] if _name(each) not in hidden)),
    )


def _standing(read: Any, recorded: Any) -> str:
    if recorded is None:
        return "unknown"
    return "agrees" if _same(read, recorded) else "differs"


def _same(read: Any, recorded: Any) -> bool:
    one, other = decimal(read), decimal(recorded)
    if one is not None and other is not None:
        return one == other
    if isinstance(read, str) and isinstance(recorded, str):
        return read.strip().casefold() == recorded.strip().casefold()
    return json.dumps(read, sort_keys=True) == json.dumps(recorded, sort_keys=True)


def _cited(told: Mapping[str, Any]) -> str:
    name, page = _name(told), told.get("page")
    return f"{visible(name) or 'input'}, page {page}" if page and page != 1 else visible(name) or "input"


def _name(told: Mapping[str, Any]) -> str:
    name = told.get("attachment")
    return name if isinstance(name, str) else ""


def _spans(name: str, snapshot: Mapping[str, Any]) -> Iterable[tuple[int, int, int]]:
    for number, found in enumerate(snapshot.get("extractions") or [], start=1):
        for told in found.get("sources") or []:
            span = told.get("chars")
            if _name(told) in (name, "") and _is_span(span):
                yield span[0], span[1], number


def _is_span(span: Any) -> bool:
    return isinstance(span, list) and len(span) == 2 and 0 <= span[0] < span[1]


def _piece(text: str, start: int, end: int, spans: Sequence[tuple[int, int, int]], off: set[int]) -> Piece:
    marks = tuple(dict.fromkeys(number for first, last, number in spans if first <= start and end <= last))
    ends = tuple(dict.fromkeys(number for _, last, number in spans if last == end and number in marks))
    return Piece(visible(text[start:end]), marks, ends, bool(off & set(marks)))
