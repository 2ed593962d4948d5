"""Four eyes on configuration: what one person proposes, and the signature of another that puts it in force."""

from django.db import models
from django.db.models import F, Q

from audit.history import Recorded, records
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.words import ProposalState


class Proposal(Recorded, models.Model):
    """A change of configuration that waits for another person's signature, or what became of it.

    `target` is the stream the change belongs to (a policy, a flow, a person); `base` names what was in force when it
    was written, so that nobody signs a change of something that has changed since.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=30)
    target = models.UUIDField(null=True)
    title = models.CharField(max_length=300)
    content = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    digest = models.BinaryField(max_length=32)
    base = models.CharField(max_length=64, default="")
    reason = models.CharField(max_length=1000, default="")
    state = models.CharField(max_length=10, default=ProposalState.OPEN)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=now)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+")
    decided_at = models.DateTimeField(null=True)

    history = records()

    class Meta:
        db_table = "reviews_proposal"
        indexes = [models.Index("proposed_at", condition=Q(state=ProposalState.OPEN), name="reviews_proposal_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target", "digest"],
                condition=Q(state=ProposalState.OPEN),
                nulls_distinct=False,
                name="reviews_proposal_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ProposalState]), name="reviews_proposal_state"
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, decided_by=None, decided_at=None)
                | Q(~Q(state=ProposalState.OPEN), decided_by__isnull=False, decided_at__isnull=False),
                name="reviews_proposal_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.IN_FORCE) | ~Q(decided_by=F("proposed_by")),
                name="reviews_proposal_four_eyes",
            ),
        ]


class ProposalIntent(models.Model):
    """What a person is about to sign of a proposal, frozen: one intent gives at most one signature."""

    id = models.UUIDField(primary_key=True, default=new_id)
    user = models.ForeignKey(User, models.PROTECT, db_index=False)
    session_ref = models.CharField(max_length=64)
    proposal = models.ForeignKey(Proposal, models.PROTECT, db_index=False)
    content_sha256 = models.BinaryField(max_length=32)
    body = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    role = models.CharField(max_length=100)
    meaning = models.CharField(max_length=200)
    challenge = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_proposal_intent"


class ProposalSignature(models.Model):
    """The signature that puts a proposal in force; never by who proposed it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="signature")
    signer = models.ForeignKey(User, models.PROTECT, db_index=False)
    role = models.CharField(max_length=100)
    meaning = models.CharField(max_length=200)
    intent = models.OneToOneField(ProposalIntent, models.PROTECT)
    intent_sha256 = models.BinaryField(max_length=32)
    content_sha256 = models.BinaryField(max_length=32)
    auth_method = models.CharField(max_length=30)
    assurance = models.CharField(max_length=20)
    assertion = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False, related_name="+")
    signed_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_proposal_signature"
