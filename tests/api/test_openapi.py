"""The OpenAPI document says what is mounted, no less and no more."""

import re
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import a_document

_UNDESCRIBED = {"/api/v1/openapi.json", "/api/v1/"}


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def mounted(patterns: list[Any], prefix: str = "/") -> set[str]:
    """Give every address in the form OpenAPI writes it."""
    found: set[str] = set()
    for pattern in patterns:
        path = prefix + re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found |= mounted(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.add(path)
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for path in document["paths"].values() for each in path.values()]


def test_every_mounted_address_is_described_and_no_other(document: dict[str, Any]) -> None:
    api = {path for path in mounted(get_resolver().url_patterns) if path.startswith("/api/")}

    assert set(document["paths"]) == api - _UNDESCRIBED


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [each["operationId"] for each in operations(document)]

    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))

    assert named <= set(document["components"]["schemas"])


def test_the_described_item_is_the_one_intake_takes(document: dict[str, Any]) -> None:
    item = jsonschema_rs.Draft202012Validator(document["components"]["schemas"]["Item"])

    assert item.is_valid(a_document())
    assert not item.is_valid(a_document(action={"effect": "fly"}))


def test_every_refusal_of_intake_is_described(document: dict[str, Any]) -> None:
    post = document["paths"]["/api/v1/flows/{flow}/items"]["post"]

    assert {"200", "202", "400", "401", "409", "413", "415", "422", "429", "503"} <= set(post["responses"])


def test_no_operation_decides(document: dict[str, Any]) -> None:
    verbs = re.compile(r"claim|approve|reject|sign\b|decide")

    assert not [path for path in document["paths"] if verbs.search(path)]
