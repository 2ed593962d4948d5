"""The tables of reviews, one file per thing."""

from reviews.models.decision import Decision, ExecutionReport
from reviews.models.delivery import Attempt, Delivery, Endpoint
from reviews.models.flow import ApiKey, Contract, Flow, WebhookSecret
from reviews.models.item import Item, Revision
from reviews.models.lease import ActiveTime, Lease
from reviews.models.policy import Policy, PolicyVersion
from reviews.models.queue import Queue
from reviews.models.signoff import Signature, SignIntent, SignoffSlot
from reviews.models.submission import IntakeQueue, Quarantine, Submission

__all__ = [
    "ActiveTime", "ApiKey", "Attempt", "Contract", "Decision", "Delivery", "Endpoint", "ExecutionReport", "Flow",
    "IntakeQueue", "Item", "Lease", "Policy", "PolicyVersion", "Quarantine", "Queue", "Revision", "SignIntent",
    "Signature", "SignoffSlot", "Submission", "WebhookSecret",
]  # fmt: skip
