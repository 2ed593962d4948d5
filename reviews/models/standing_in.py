"""Standing in: substitutes, break-glass access and recusals."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from audit.history import Recorded, records
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id


class Substitution(Recorded, models.Model):
    """Somebody signs for somebody who is away, from a moment to a moment; no queues named means all of them."""

    id = models.UUIDField(primary_key=True, default=new_id)
    absent = models.ForeignKey(User, models.PROTECT, related_name="+")
    substitute = models.ForeignKey(User, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    queues = models.JSONField(default=list)
    up_to = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, default="")
    made_by = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="+")
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "reviews_substitution"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="reviews_substitution_times"),
            models.CheckConstraint(condition=~Q(absent=F("substitute")), name="reviews_substitution_two_people"),
        ]


class BreakGlass(Recorded, models.Model):
    """A role on one queue, taken in an emergency for at most eight hours; everything done under it is marked."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    role = models.CharField(max_length=100)
    queue = models.ForeignKey("reviews.Queue", models.PROTECT, db_index=False, related_name="+")
    reason = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    told = models.JSONField(default=list)
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+")
    seen_at = models.DateTimeField(null=True)

    history = records()

    class Meta:
        db_table = "reviews_break_glass"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + timedelta(hours=8)),
                name="reviews_break_glass_is_short",
            ),
        ]


class GlassNotice(models.Model):
    """That a person is told of an emergency access: shown until somebody looked at it, and mailed once.

    `next_at` is when it is mailed next; nothing for somebody without an address, who reads it in the portal.
    """

    id = models.BigAutoField(primary_key=True)
    break_glass = models.ForeignKey(BreakGlass, models.PROTECT, related_name="notices")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=now, null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_glass_notice"
        indexes = [models.Index("next_at", condition=Q(sent_at=None), name="reviews_glass_notice_due")]
        constraints = [models.UniqueConstraint("break_glass", "person", name="reviews_glass_notice_once")]


class Recusal(models.Model):
    """That a person does not decide an item, with their reason; the item goes on with the others."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False, related_name="recusals")
    person = models.ForeignKey(User, models.PROTECT, db_index=False)
    reason = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    entry = models.OneToOneField("audit.Entry", models.PROTECT)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_recusal"
        constraints = [models.UniqueConstraint("item", "person", name="reviews_recusal_once")]
