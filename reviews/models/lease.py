"""Leases: who works on an item right now, and how long people were active on it."""

from django.db import models

from portal.accounts.models import User
from portal.kit.clock import now


class Lease(models.Model):
    """A person's hold on an item; lapses by itself at `expires_at`. Churn, therefore not a move."""

    item = models.OneToOneField("reviews.Item", models.PROTECT, primary_key=True)
    holder = models.ForeignKey(User, models.PROTECT, related_name="leases")
    taken_at = models.DateTimeField(default=now)
    beat_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "reviews_lease"


class ActiveTime(models.Model):
    """How long one person was active on one item, in milliseconds, over all their leases."""

    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False)
    person = models.ForeignKey(User, models.PROTECT, db_index=False)
    milliseconds = models.BigIntegerField(default=0)

    class Meta:
        db_table = "reviews_active_time"
        constraints = [models.UniqueConstraint("item", "person", name="reviews_active_time_once")]
