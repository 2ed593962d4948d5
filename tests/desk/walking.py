"""Walking every address of the portal with real and made-up ids, and what two answers have in common."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.urls import get_resolver

from portal.accounts.models import User
from portal.accounts.roles import Role
from reviews.models import Flow, Item, Queue, SignIntent, Upload

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_PART = re.compile(r"<(?:(?P<kind>[a-z]+):)?(?P<name>[a-z_]+)>")
# What is new in every answer: tokens of forms, the id of the request, and the moment.
_FRESH = (
    re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"'),
    re.compile(r'(?i)"request_id": ?"[^"]+"|request(?: id)? (?:<[a-z]+>)?[0-9a-f-]{8,}'),
    re.compile(r"hx-headers='[^']+'"),
)
_VARYING = {"Date", "Content-Length", "X-Request-Id", "Set-Cookie"}


@dataclass(frozen=True)
class Address:
    """An address pattern: its route and its parameters by name and kind."""

    route: str
    parts: tuple[tuple[str, str], ...]

    def path(self, given: dict[str, str]) -> str:
        """Give the path with these values."""
        return "/" + _PART.sub(lambda part: given[part["name"]], self.route)


def addresses() -> list[Address]:
    """Give every address there is, each once."""
    return list(dict.fromkeys(_walked(get_resolver())))


def real(address: Address) -> list[dict[str, str]]:
    """Give the address's parameters filled with what there is: by name where it is known, else with every id."""
    names = [name for name, _ in address.parts]
    return [dict(zip(names, each, strict=True)) for each in product(*(_values(*part) for part in address.parts))]


def absent(address: Address, like: dict[str, str], *, keep: frozenset[str] = frozenset()) -> dict[str, str]:
    """Give the same parameters with values of nothing there is; those whose kind is kept stay."""
    kinds = dict(address.parts)
    return {name: value if kinds[name] in keep else _made_up(value) for name, value in like.items()}


def told(answer: Any, sent: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Give status, headers and body of an answer, without what is new in each and without what was asked for."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = {name: _plain(value, sent) for name, value in answer.items() if name not in _VARYING}
    return answer.status_code, headers, _plain(body.decode(errors="replace"), sent)


def _plain(text: str, sent: dict[str, str]) -> str:
    for fresh in _FRESH:
        text = fresh.sub("FRESH", text)
    for value in sorted(sent.values(), key=len, reverse=True):
        if value.isdigit():
            text = text.replace(f"/{value}/", "/SENT/").replace(f"%2F{value}%2F", "%2FSENT%2F")
        else:
            text = text.replace(value, "SENT")
    return _UUID.sub("ID", text)


def _walked(resolver: Any, before: str = "") -> Iterator[Address]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern).removeprefix("^")
        if hasattr(each, "url_patterns"):
            yield from _walked(each, route)
        else:
            yield Address(route, tuple((part["name"], part["kind"] or "str") for part in _PART.finditer(route)))


def _values(name: str, kind: str) -> list[str]:
    known: dict[str, Any] = {"item_id": Item, "upload": Upload, "intent_id": SignIntent}
    if name in known:
        return [str(key) for key in known[name].objects.values_list("pk", flat=True)]
    if name == "permission":
        return ["review_in_queue"]
    if name == "role":
        return [Role.ADJUSTER.value]
    if kind == "slug":
        return [*Queue.objects.values_list("slug", flat=True)[:1], *Flow.objects.values_list("slug", flat=True)[:1]]
    if kind == "int":
        return ["1", *map(str, Authenticator.objects.values_list("pk", flat=True)[:1])]
    return _every_id()[:1] if kind == "path" else _every_id()


def _every_id() -> list[str]:
    """Give an id of every kind of thing there is."""
    newest = [model.objects.order_by("pk").last() for model in apps.get_models() if model is not User]
    return [str(row.pk) for row in newest if row is not None and isinstance(row.pk, UUID)]


def _made_up(value: str) -> str:
    if _UUID.fullmatch(value):
        return str(uuid4())
    return "987654" if value.isdigit() else f"nothing-{uuid4().hex[:6]}"
