"""Decisions and what executors report about them."""

from django.db import models
from django.db.models import Q

from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.words import Execution


class Decision(models.Model):
    """The outcome of an item, with what it rested on; its id is the receipt's `jti`."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.OneToOneField("reviews.Item", models.PROTECT)
    outcome = models.CharField(max_length=20)
    basis = models.CharField(max_length=10)
    revision = models.PositiveSmallIntegerField()
    policy_version = models.ForeignKey("reviews.PolicyVersion", models.PROTECT, db_index=False)
    rule = models.CharField(max_length=100, default="")
    action_sha256 = models.BinaryField(max_length=32)
    overridden = models.BooleanField(default=False)
    prompt_version = models.CharField(max_length=100, default="")
    model_name = models.CharField(max_length=200, default="")
    model_version = models.CharField(max_length=100, default="")
    active_ms = models.BigIntegerField(default=0)
    entry = models.OneToOneField("audit.Entry", models.PROTECT)
    decided_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_decision"
        constraints = [
            models.UniqueConstraint("item", "outcome", "revision", name="reviews_decision_of_item"),
        ]


class ExecutionReport(models.Model):
    """One report of an executor. The first `started` consumes the receipt; the database allows no second."""

    id = models.UUIDField(primary_key=True, default=new_id)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="reports")
    status = models.CharField(max_length=10)
    reference = models.CharField(max_length=200, default="")
    detail = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False)
    reported_with = models.ForeignKey("reviews.ApiKey", models.PROTECT, db_index=False)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_execution_report"
        constraints = [
            models.UniqueConstraint(
                "decision", condition=Q(status=Execution.STARTED), name="reviews_execution_started_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Execution]), name="reviews_execution_status"
            ),
        ]
