"""The sealed envelope as received, the queue of envelopes not routed yet, and the quarantine."""

from django.db import models

from portal.kit.clock import now
from portal.kit.ids import new_id


class Submission(models.Model):
    """What a 202 promised to keep: its id is the item's id from that moment."""

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, db_index=False)
    idempotency_id = models.CharField(max_length=255)
    body_sha256 = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    exhibit = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    headers = models.JSONField(default=dict)
    api_key = models.ForeignKey("reviews.ApiKey", models.PROTECT, db_index=False)
    contract = models.ForeignKey("reviews.Contract", models.PROTECT, null=True, db_index=False)
    traceparent = models.CharField(max_length=100, default="")
    request_id = models.CharField(max_length=128, default="")
    received_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_submission"
        constraints = [models.UniqueConstraint("flow", "idempotency_id", name="reviews_submission_once")]
        indexes = [models.Index("flow", "received_at", name="reviews_submission_by_time")]


class IntakeQueue(models.Model):
    """A submission that waits to be routed; deleted by the routing transaction."""

    submission = models.OneToOneField(Submission, models.PROTECT, primary_key=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "reviews_intake_queue"


class Quarantine(models.Model):
    """An authentic post that was refused, kept with its reasons so that nothing is lost.

    `api_key` is the key it came with; `revises` the item it was to be a revision of, if it was to be one.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, related_name="quarantined")
    idempotency_id = models.CharField(max_length=255)
    exhibit = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    headers = models.JSONField(default=dict)
    code = models.CharField(max_length=60)
    errors = models.JSONField(default=list)
    api_key = models.ForeignKey("reviews.ApiKey", models.PROTECT, null=True, db_index=False, related_name="+")
    revises = models.ForeignKey(Submission, models.PROTECT, null=True, db_index=False, related_name="+")
    received_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_quarantine"
        indexes = [models.Index("flow", "id", name="reviews_quarantine_by_flow")]
