"""Published schemas: what routing rules in YAML must look like, for editors and pipelines; anybody may read it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from portal.kit.http import json_answer
from reviews.policies.schema import SCHEMA

router = Router(tags=["schemas"])
_AN_HOUR = "public, max-age=3600"


@router.get("/schemas/policy.json", auth=None, response=dict[str, Any], summary="The JSON Schema of routing rules")
def policy_schema(request: HttpRequest) -> HttpResponse:
    """Give the JSON Schema (2020-12) of routing rules; it may be kept for an hour."""
    return json_answer(SCHEMA, headers={"Cache-Control": _AN_HOUR})
