"""The dry run: what would happen to an item, with nothing stored."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.kit.clock import stamp_or_none
from portal.kit.http import json_answer
from portal.kit.problems import Problem
from reviews import documents, plans
from reviews.actions import admitting, receiving, routing
from reviews.actions.ruling import Ruling
from reviews.models import Flow
from reviews.policies.parts import Due

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
    contract = receiving.check(current, post.document)
    flow = Flow.objects.get(pk=current.gate.flow_id)
    version, ruling = routing.preview(flow.slug, flow.policy_id, post.document)
    return json_answer(
        {
            "dry_run": True,
            "digest": f"sha256:{documents.digest(post.document).hex()}",
            "contract": str(contract) if contract else None,
            "policy": {"version": version.version, "rule": ruling.outcome.rule},
            "expires_at": post.document.get("expires_at"),
        }
        | _told(ruling)
    )


def _told(ruling: Ruling) -> dict[str, Any]:
    outcome = ruling.outcome
    return {
        "queue": outcome.queue,
        "basis": outcome.basis,
        "priority": outcome.priority,
        "reasons": ruling.reasons,
        "sign_off": [
            {"role": stage.role, "signatures": stage.signatures, "meaning": stage.meaning} for stage in outcome.stages
        ],
        "plan": plans.told(outcome.stages),
        "reading": [each.title for each in outcome.reading],
        "verdicts": sorted(outcome.verdicts),
        "licences": list(outcome.licences),
        "sample": str(outcome.sampled.normalize()) if outcome.sampled is not None else None,
        "due": str(outcome.due) if outcome.due else None,
        "due_in_seconds": _seconds(outcome.due),
        "due_at": stamp_or_none(ruling.due_at),
    }


def _seconds(due: Due | None) -> int | None:
    """Give the length of a due; working time has none before its calendar is asked."""
    return int(due.elapsed.total_seconds()) if due and due.elapsed else None
