"""The tables of reviews, one file per thing."""

from reviews.models.decision import Decision, ExecutionReport
from reviews.models.delivery import Attempt, Delivery, Endpoint
from reviews.models.evidence import Evidence
from reviews.models.files import Attachment, Opening, Upload, UploadPart
from reviews.models.flow import ApiKey, Contract, Flow, WebhookSecret
from reviews.models.item import Item, Revision
from reviews.models.lease import ActiveTime, Lease
from reviews.models.policy import Policy, PolicyVersion
from reviews.models.queue import Queue
from reviews.models.revising import ChangeRequest, RevisionPost
from reviews.models.signoff import Signature, SignIntent, SignoffSlot
from reviews.models.submission import IntakeQueue, Quarantine, Submission

__all__ = [
    "ActiveTime", "ApiKey", "Attachment", "Attempt", "ChangeRequest", "Contract", "Decision", "Delivery", "Endpoint",
    "Evidence", "ExecutionReport", "Flow", "IntakeQueue", "Item", "Lease", "Opening", "Policy", "PolicyVersion",
    "Quarantine", "Queue", "Revision", "RevisionPost", "SignIntent", "Signature", "SignoffSlot", "Submission",
    "Upload", "UploadPart", "WebhookSecret",
]  # fmt: skip
