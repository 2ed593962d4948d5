"""The tables of reviews, one file per thing."""

from reviews.models.decision import Decision, ExecutionReport
from reviews.models.delivery import Attempt, Delivery, Endpoint
from reviews.models.evidence import Evidence
from reviews.models.files import Attachment, Opening, Upload, UploadPart
from reviews.models.flow import ApiKey, Contract, Flow, WebhookSecret
from reviews.models.item import Item, Revision
from reviews.models.lease import ActiveTime, Lease
from reviews.models.policy import Calendar, CalendarVersion, Policy, PolicyVersion
from reviews.models.proposing import Proposal, ProposalIntent, ProposalSignature
from reviews.models.queue import Queue
from reviews.models.registers import Entitlement, Licence, Register
from reviews.models.revising import ChangeRequest, RevisionPost
from reviews.models.signoff import Signature, SignIntent, SignoffSlot
from reviews.models.standing_in import BreakGlass, GlassNotice, Recusal, Substitution
from reviews.models.submission import IntakeQueue, Quarantine, Submission
from reviews.models.walls import Comment, FileWall
from reviews.models.watching import Impasse, ReadingOpened, Simulation

__all__ = [
    "ActiveTime", "ApiKey", "Attachment", "Attempt", "BreakGlass", "Calendar", "CalendarVersion", "ChangeRequest",
    "Comment", "Contract", "Decision", "Delivery", "Endpoint", "Entitlement", "Evidence", "ExecutionReport",
    "FileWall", "Flow", "GlassNotice", "Impasse", "IntakeQueue", "Item", "Lease", "Licence", "Opening", "Policy",
    "PolicyVersion", "Proposal", "ProposalIntent", "ProposalSignature", "Quarantine", "Queue", "ReadingOpened",
    "Recusal", "Register", "Revision", "RevisionPost", "SignIntent", "Signature", "SignoffSlot", "Simulation",
    "Submission", "Substitution", "Upload", "UploadPart", "WebhookSecret",
]  # fmt: skip
