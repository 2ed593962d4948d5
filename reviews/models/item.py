"""Items: one thing to decide each, with the revisions of what is proposed."""

from django.db import models
from django.db.models import F, Q

from audit.history import Recorded, records
from portal.kit.clock import now
from reviews.words import HARMFUL, Basis, Effect, State, Wall


class Item(Recorded, models.Model):
    """One thing to decide. `(id, version, state)` is a foreign key into the ledger's entries."""

    id = models.UUIDField(primary_key=True)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=20)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, db_index=False)
    revision = models.PositiveSmallIntegerField(default=1)
    external_id = models.CharField(max_length=200, default="")
    action_type = models.CharField(max_length=100)
    effect = models.CharField(max_length=10)
    subject = models.CharField(max_length=200, default="")
    amount = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    amount_at_stake = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, default="")
    jurisdiction = models.CharField(max_length=20, default="")
    tenant = models.CharField(max_length=100, default="")
    environment = models.CharField(max_length=50, default="")
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, db_index=False, related_name="+")
    correlation_id = models.CharField(max_length=200, default="")
    queue = models.ForeignKey("reviews.Queue", models.PROTECT, db_index=False)
    awaiting = models.CharField(max_length=300, default="")
    priority = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    policy_version = models.ForeignKey("reviews.PolicyVersion", models.PROTECT, db_index=False)
    rule = models.CharField(max_length=100, default="")
    reasons = models.JSONField(default=list)
    line = models.CharField(max_length=100, default="")
    effective_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    wall = models.CharField(max_length=30, default=Wall.ORDINARY)
    verdicts = models.CharField(max_length=60, default="")
    licences = models.JSONField(default=list)
    reading = models.JSONField(default=list)
    basis = models.CharField(max_length=10, default=Basis.SIGNATURES)
    override = models.CharField(max_length=10, default="none")
    received_at = models.DateTimeField()
    routed_at = models.DateTimeField(default=now)
    decided_at = models.DateTimeField(null=True)

    history = records()

    class Meta:
        db_table = "reviews_item"
        # reviews_item_next and reviews_item_listed, the order of lists, stand in migration 0007.
        indexes = [
            models.Index(fields=["flow", "-received_at"], name="reviews_item_of_flow"),
            models.Index(
                fields=["subject", "-received_at"], condition=~Q(subject=""), name="reviews_item_of_subject"
            ),
            models.Index(
                "expires_at",
                condition=Q(state__in=[State.IN_REVIEW, State.CHANGES_REQUESTED]), name="reviews_item_expiring",
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="reviews_item_state"),
            models.CheckConstraint(condition=Q(effect__in=[e.value for e in Effect]), name="reviews_item_effect"),
            models.CheckConstraint(
                condition=Q(basis=Basis.SIGNATURES)
                | (Q(basis=Basis.POLICY, override="none") & ~Q(effect__in=sorted(HARMFUL))),
                name="reviews_item_harm_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(override__in=["none", "upward", "downward", "other"]), name="reviews_item_override"
            ),
            models.CheckConstraint(condition=Q(wall__in=[w.value for w in Wall]), name="reviews_item_wall"),
        ]

    def __str__(self) -> str:
        return f"{self.action_type} {self.external_id}".strip()


class Revision(models.Model):
    """One frozen version of what an item proposes: the document as posted, and what it cost to make.

    A signer's changes make a revision too: the document of revision `posted_as` with `overrides` on its output,
    a JSON object of texts by pointer; `changed` names the pointers.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(Item, models.PROTECT, db_index=False, related_name="revisions")
    revision = models.PositiveSmallIntegerField()
    exhibit = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    digest = models.BinaryField(max_length=32)
    action_sha256 = models.BinaryField(max_length=32)
    contract = models.ForeignKey("reviews.Contract", models.PROTECT, null=True, db_index=False)
    authored_with = models.ForeignKey("reviews.ApiKey", models.PROTECT, db_index=False)
    posted_as = models.PositiveSmallIntegerField(default=1)
    overrides = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False, related_name="+")
    changed = models.JSONField(default=list)
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, db_index=False, related_name="+")
    rerouted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, db_index=False, related_name="+")
    prompt_name = models.CharField(max_length=200, default="")
    prompt_version = models.CharField(max_length=100, default="")
    model_provider = models.CharField(max_length=100, default="")
    model_name = models.CharField(max_length=200, default="")
    model_version = models.CharField(max_length=100, default="")
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cost = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    cost_currency = models.CharField(max_length=3, default="")
    latency_ms = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_revision"
        constraints = [
            models.UniqueConstraint("item", "revision", name="reviews_revision_number"),
            models.CheckConstraint(
                condition=Q(overrides=None, changed_by=None, rerouted_by=None, changed=[], posted_as=F("revision"))
                | Q(overrides__isnull=False, changed_by__isnull=False, rerouted_by=None, posted_as__lt=F("revision"))
                | Q(changed_by=None, rerouted_by__isnull=False, posted_as__lt=F("revision")),
                name="reviews_revision_posted_changed_or_rerouted",
            ),
        ]
