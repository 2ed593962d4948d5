"""The outbox: callback endpoints, events to deliver, and every attempt made."""

from django.db import models
from django.db.models import Q

from audit.history import Recorded, records
from portal.kit.clock import now
from portal.kit.ids import new_id


class Endpoint(Recorded, models.Model):
    """Where a flow wants to be told; its secret is wrapped by the keyring."""

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, related_name="endpoints")
    url = models.URLField(max_length=500)
    wrapped_secret = models.BinaryField()
    disabled_at = models.DateTimeField(null=True)
    failing_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    history = records(excluded_fields=["wrapped_secret"])

    class Meta:
        db_table = "reviews_endpoint"


class Delivery(models.Model):
    """One event for one endpoint; its body bytes are stored once and sent unchanged each time."""

    id = models.UUIDField(primary_key=True, default=new_id)
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries")
    item = models.ForeignKey("reviews.Item", models.PROTECT, null=True)
    event_type = models.CharField(max_length=100)
    sequence = models.PositiveIntegerField()
    body = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    entry = models.ForeignKey("audit.Entry", models.PROTECT, db_index=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, default=now)
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "reviews_delivery"
        indexes = [
            models.Index("due_at", condition=Q(delivered_at=None, given_up_at=None), name="reviews_delivery_due")
        ]


class Attempt(models.Model):
    """One attempt to deliver: what the other side answered, or why it could not be asked."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="tries")
    n = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=now)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=60, default="")
    duration_ms = models.PositiveIntegerField()

    append_only = True

    class Meta:
        db_table = "reviews_attempt"
        constraints = [models.UniqueConstraint("delivery", "n", name="reviews_attempt_number")]
