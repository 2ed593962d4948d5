"""The one machine API: routers mounted, every problem answered alike, every address described."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from audit.api.ledger import router as ledger
from portal.kit import strict_json
from portal.kit.http import problem_answer
from portal.kit.problems import Problem
from reviews.api import described
from reviews.api.evidence import router as evidence
from reviews.api.items import flow_key
from reviews.api.items import router as items
from reviews.api.schemas import router as schemas


class StrictParser(Parser):
    """Reads bodies as strictly as intake does."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Give the JSON object of a body."""
        return strict_json.loads(request.body)


class BodyInvalid(Problem):
    """The request does not fit what this address takes."""

    code = "request_invalid"
    status = 422
    title = "The request does not fit what this address takes"


class PortalAPI(NinjaAPI):
    """The API, with the plain views of intake in its description."""

    def get_openapi_schema(self, **where: Any) -> OpenAPISchema:
        """Describe every mounted address."""
        schema = super().get_openapi_schema(**where)
        schema["paths"] |= described.paths(self.get_root_path({}))
        schema["components"].setdefault("schemas", {}).update(described.SCHEMAS)
        schema["components"]["securitySchemes"] = {"flowKey": described.KEY}
        return schema


api = PortalAPI(
    title="Countersign",
    version="1",
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
    openapi_extra={"security": [{"flowKey": []}]},
)
api.add_router("", items)
api.add_router("", evidence)
api.add_router("", schemas)
api.add_router("/ledger", ledger, auth=flow_key)


@api.exception_handler(Problem)
def answer_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a Problem as problem+json."""
    return problem_answer(request, problem)


@api.exception_handler(HttpError)
def answer_unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what the framework refused; for a body it could not read, with our parser's reasons."""
    cause = error.__cause__
    if isinstance(cause, Problem):
        return problem_answer(request, cause)
    return HttpResponse(status=error.status_code)  # the middleware says it as problem+json


@api.exception_handler(ValidationError)
def answer_invalid(request: HttpRequest, invalid: ValidationError) -> HttpResponse:
    """Answer a request that does not fit its schema, with a pointer for each fault."""
    errors = [
        {"pointer": "/" + "/".join(map(str, fault["loc"][2:] or fault["loc"])), "message": fault["msg"]}
        for fault in invalid.errors
    ]
    return problem_answer(request, BodyInvalid("See `errors` for what must be put right.", errors=errors))
