"""How a proposal was produced: prompt, parameters, model, tools, evaluations and what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reviews.showing.texts import Clipped, clip, decimal, part, plain, pretty, visible


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    name: str
    took: str
    arguments: Clipped
    result: Clipped


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One check the flow made of its own work."""

    name: str
    score: str
    threshold: str
    passed: bool | None
    as_of: str


@dataclass(frozen=True, slots=True)
class Making:
    """Everything a flow told about how it got there."""

    prompt_name: str
    prompt_version: str
    prompt_digest: str
    prompt: Clipped | None
    model: str
    parameters: tuple[tuple[str, str], ...]
    calls: tuple[Call, ...]
    evaluations: tuple[Evaluation, ...]
    usage: tuple[tuple[str, str], ...]
    cost: Decimal | None
    cost_currency: str
    trace_url: str
    correlation_id: str


def making(document: Mapping[str, Any], *, whole: bool = False) -> Making:
    """Read how a document's proposal was produced."""
    snapshot = document["snapshot"]
    prompt, model, usage = part(snapshot, "prompt"), part(snapshot, "model"), part(snapshot, "usage")
    text = prompt.get("text")
    return Making(
        prompt_name=visible(prompt.get("name") or ""),
        prompt_version=visible(prompt.get("version") or ""),
        prompt_digest=prompt.get("digest") or "",
        prompt=clip(text, whole=whole) if text else None,
        model=visible(" ".join(model[name] for name in ("provider", "name", "version") if model.get(name))),
        parameters=tuple((visible(name), plain(value)) for name, value in part(snapshot, "parameters").items()),
        calls=tuple(_call(each, whole) for each in snapshot.get("tool_calls") or []),
        evaluations=tuple(_evaluation(each) for each in snapshot.get("evaluations") or []),
        usage=tuple(_usage(usage)),
        cost=decimal(usage.get("cost")),
        cost_currency=usage.get("currency") or "",
        trace_url=_web(document.get("trace_url")),
        correlation_id=visible(document.get("correlation_id") or ""),
    )


def _call(told: Mapping[str, Any], whole: bool) -> Call:
    took = told.get("duration_ms")
    arguments, result = (pretty(told.get(name)) for name in ("arguments", "result"))
    return Call(
        visible(told["name"]),
        f"{took:,g} ms" if took is not None else "",
        clip(arguments, whole=whole, longest=4000),
        clip(result, whole=whole, longest=4000),
    )


def _evaluation(told: Mapping[str, Any]) -> Evaluation:
    score, threshold = told.get("score"), told.get("threshold")
    passed = told.get("passed")
    if passed is None and score is not None and threshold is not None:
        passed = score >= threshold
    return Evaluation(visible(told["name"]), plain(score), plain(threshold), passed, told.get("as_of") or "")


def _usage(usage: Mapping[str, Any]) -> list[tuple[str, str]]:
    words = {"input_tokens": "Tokens read", "output_tokens": "Tokens written", "latency_ms": "Took, ms"}
    return [(word, f"{usage[name]:,}") for name, word in words.items() if usage.get(name) is not None]


def _web(address: Any) -> str:
    """Give an address only if following it cannot run anything here."""
    return address if isinstance(address, str) and address.startswith(("https://", "http://")) else ""
