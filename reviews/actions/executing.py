"""Executing: what an executor reports; the first `started` consumes the receipt."""

import json
from typing import Any

from django.conf import settings
from django.db import transaction
from joserfc import jws
from joserfc.errors import JoseError

from audit.sealing import places
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem
from reviews import facts, lifecycle, receipts
from reviews.models import ApiKey, Decision, ExecutionReport, Item
from reviews.words import Execution, State

_LEEWAY = 30


class ReceiptInvalid(Problem):
    """Not a receipt of ours for this item, or no longer a valid one."""

    code = "receipt_invalid"
    status = 422
    title = "The receipt is not valid for this item"


class ReceiptConsumed(Problem):
    """The receipt was used."""

    code = "receipt_consumed"
    status = 409
    title = "The receipt was used already"


class NotStarted(Problem):
    """An end without a start, or an end after an end."""

    code = "execution_conflict"
    status = 409
    title = "This report does not fit what was reported before"


class FlowStopped(Problem):
    """The kill switch is pulled."""

    code = "flow_suspended"
    status = 409
    title = "The flow is suspended"


@transaction.atomic
def report(
    item_id: ItemId, receipt: str, status: Execution, *, by: ApiKey, reference: str = "", detail: str = ""
) -> ExecutionReport:
    """Record what the executor of one's own flow did.

    Raises ReceiptInvalid, ReceiptConsumed (a second start, or one after `unknown`), NotStarted, FlowStopped.
    """
    item = lifecycle.lock(item_id)
    if item.flow_id != by.flow_id:
        raise NotFound("There is no such item of this flow.")
    decision = _checked(item, receipt, status)
    _insist_on_order(decision, status, item)
    sealed = lifecycle.sealed(item, detail).pk if detail else None
    made = ExecutionReport.objects.create(
        decision=decision, status=status, reference=reference, detail_id=sealed, reported_with=by
    )
    fact = facts.Executed(report=made.pk, decision=decision.pk, status=status)
    lifecycle.move(item, State.APPROVED, fact, by=by)
    return made


def _checked(item: Item, receipt: str, status: Execution) -> Decision:
    claims = _claims(receipt)
    decision = Decision.objects.filter(item=item).first()
    if decision is None or claims.get("jti") != str(decision.pk) or claims.get("iss") != settings.PORTAL_URL:
        raise ReceiptInvalid("The receipt is not for the decision on this item. Read the decision again.")
    if decision.outcome != State.APPROVED or places.place_of(decision.entry_id) is None:
        raise ReceiptInvalid("Only an approved item can be executed.")
    if status is Execution.STARTED and claims.get("exp", 0) + _LEEWAY < now().timestamp():
        raise ReceiptInvalid("The receipt is older than 15 minutes. Read the decision again for a fresh one.")
    return decision


def _claims(receipt: str) -> dict[str, Any]:
    try:
        opened = jws.deserialize_compact(receipt, receipts.published(), algorithms=["EdDSA"])
        claims = json.loads(opened.payload)
    except (JoseError, ValueError):
        raise ReceiptInvalid("The receipt does not verify against our published keys.") from None
    if opened.headers().get("typ") != receipts.TYPE or not isinstance(claims, dict):
        raise ReceiptInvalid("This is not a decision receipt.")
    return claims


def _insist_on_order(decision: Decision, status: Execution, item: Item) -> None:
    before = set(ExecutionReport.objects.filter(decision=decision).values_list("status", flat=True))
    if status is Execution.STARTED:
        if before:
            raise ReceiptConsumed("Execution was started or is unknown; a person must look before anything runs again.")
        if item.flow.suspended_at is not None:
            raise FlowStopped("The flow is suspended; nothing may start.")
    elif status is not Execution.UNKNOWN and Execution.STARTED not in before:
        raise NotStarted("Report `started` first and act only after it was answered 200.")
    if before & {Execution.SUCCEEDED, Execution.FAILED}:
        raise NotStarted("The end of this execution was reported already.")
