"""The one machine API: routers mounted, every problem answered alike."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from portal.kit.http import problem_answer
from portal.kit.problems import Problem
from reviews.api.items import router as items

api = NinjaAPI(title="Countersign", version="1", urls_namespace="api", docs_url=None)
api.add_router("", items)


class BodyInvalid(Problem):
    """The request does not fit what this address takes."""

    code = "request_invalid"
    status = 422
    title = "The request does not fit what this address takes"


@api.exception_handler(Problem)
def answer_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a Problem as problem+json."""
    return problem_answer(request, problem)


@api.exception_handler(ValidationError)
def answer_invalid(request: HttpRequest, invalid: ValidationError) -> HttpResponse:
    """Answer a request that does not fit its schema, with a pointer for each fault."""
    errors = [
        {"pointer": "/" + "/".join(map(str, fault["loc"][2:] or fault["loc"])), "message": fault["msg"]}
        for fault in invalid.errors
    ]
    return problem_answer(request, BodyInvalid("See `errors` for what must be put right.", errors=errors))
