"""Why an item stopped: the routing rule's reason first, then what its own evaluations and readings give away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LOW_CONFIDENCE = 0.8
_CODES = {
    "no_rule_matched": "No rule matched",
    "routing_failed": "Routing failed",
    "automatic_approval_not_allowed": "Never automatic",
    "changed_by_signer": "Changed by a signer",
    "person_asked_for": "A person asked for it",
    "sampled": "Drawn for review",
    "not_sampled": "Not drawn",
    "calendar_missing": "Calendar missing",
}
_HARM = {"deny": "Denial, always reviewed", "partial": "Partial, always reviewed", "release": "Release"}


@dataclass(frozen=True, slots=True)
class Stop:
    """One reason an item came to a person: two or three words, a sentence, and how it is coloured."""

    label: str
    sentence: str
    shade: str = "warn"


def stops(effect: str, rule: str, reasons: list[dict[str, str]], document: Mapping[str, Any]) -> list[Stop]:
    """Give the reasons in the order they are read."""
    given = [*_routed(effect, rule, reasons), *_evaluated(document), *_unsure(document)]
    return given or [Stop("Reviewed by rule", "Its queue is always read by a person.", "info")]


def confidence(document: Mapping[str, Any]) -> float | None:
    """Give the least certain of what the flow read, as it said itself."""
    sure = [each["confidence"] for each in _extractions(document) if isinstance(each.get("confidence"), int | float)]
    return min(sure, default=None)


def _routed(effect: str, rule: str, reasons: list[dict[str, str]]) -> Iterator[Stop]:
    for reason in reasons:
        if reason["code"] == "rule_matched":
            label = _HARM.get(effect) or rule.replace("-", " ").capitalize()
            yield Stop(label, reason["sentence"], "esc" if effect in _HARM else "info")
        else:
            label = _CODES.get(reason["code"]) or reason["code"].replace("_", " ").capitalize()
            yield Stop(label, reason["sentence"])


def _evaluated(document: Mapping[str, Any]) -> Iterator[Stop]:
    for each in document.get("snapshot", {}).get("evaluations") or []:
        if each.get("passed") is False:
            scored = (
                f" ({each['score']} of {each['threshold']} asked)" if "score" in each and "threshold" in each else ""
            )
            yield Stop("Failed evaluation", f"The flow's own check “{each['name']}” did not pass{scored}.", "bad")


def _unsure(document: Mapping[str, Any]) -> Iterator[Stop]:
    least = confidence(document)
    if least is not None and least < LOW_CONFIDENCE:
        yield Stop(
            "Low confidence",
            f"The flow is only {least:.2f} sure of something it read; below {LOW_CONFIDENCE:.2f} it is marked.",
        )


def _extractions(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return document.get("snapshot", {}).get("extractions") or []
