"""The dry run: what would happen to an item, with nothing stored."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.kit.http import json_answer
from portal.kit.problems import Problem
from reviews import documents
from reviews.actions import admitting, receiving, routing
from reviews.models import Flow
from reviews.policies.evaluation import Outcome

_MEANT = {"": False, "0": False, "false": False, "1": True, "true": True}


class DryRunUnclear(Problem):
    """A dry run nobody can be sure was meant: storing the item would be the worse mistake."""

    code = "request_invalid"
    status = 422
    title = "The request does not fit what this address takes"


def is_wanted(request: HttpRequest) -> bool:
    """Tell whether the post is a rehearsal. Raises DryRunUnclear rather than guess."""
    meant = _MEANT.get(request.GET.get("dry_run", "").lower())
    if meant is None:
        raise DryRunUnclear("Write `dry_run=true` or leave it out; nothing was stored.")
    return meant


def answer(caller: admitting.Caller, post: receiving.Post) -> HttpResponse:
    """Tell what would happen, and store nothing."""
    current = admitting.readmit(caller)
    receiving.check(current, post.document)
    flow = Flow.objects.get(pk=current.gate.flow_id)
    version, outcome = routing.preview(flow.slug, flow.policy_id, post.document)
    contract = current.gate.contract_id
    return json_answer(
        {
            "dry_run": True,
            "digest": f"sha256:{documents.digest(post.document).hex()}",
            "contract": str(contract) if contract else None,
            "policy": {"version": version.version, "rule": outcome.rule},
            "expires_at": post.document.get("expires_at"),
        }
        | _told(outcome)
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "queue": outcome.queue,
        "basis": outcome.basis,
        "reasons": [{"code": reason.code, "sentence": reason.sentence} for reason in outcome.reasons],
        "sign_off": [
            {"role": stage.role, "signatures": stage.signatures, "meaning": stage.meaning} for stage in outcome.stages
        ],
        "due_in_seconds": int(outcome.due.total_seconds()) if outcome.due else None,
    }
