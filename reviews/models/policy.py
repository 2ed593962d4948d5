"""Routing policies and working calendars, with their versions."""

from django.db import models

from audit.history import Recorded, records
from portal.kit.clock import now
from portal.kit.ids import new_id


class Policy(Recorded, models.Model):
    """A named policy; `in_force` is the version new items are routed by."""

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.SlugField(max_length=100, unique=True)
    in_force = models.ForeignKey("reviews.PolicyVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "reviews_policy"

    def __str__(self) -> str:
        return self.name


class PolicyVersion(models.Model):
    """One version of a policy: the YAML as applied, never changed afterwards.

    `changed_rules` names the rules that the version before did not have word for word.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.BinaryField(max_length=32)
    changed_rules = models.JSONField(default=list)
    proposal = models.OneToOneField("reviews.Proposal", models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_policy_version"
        constraints = [models.UniqueConstraint("policy", "version", name="reviews_policy_version_number")]


class Calendar(Recorded, models.Model):
    """A named working calendar; `in_force` is the version new deadlines are counted by."""

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.SlugField(max_length=100, unique=True)
    in_force = models.ForeignKey("reviews.CalendarVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "reviews_calendar"

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One version of a working calendar: the YAML as applied, never changed afterwards."""

    id = models.UUIDField(primary_key=True, default=new_id)
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.BinaryField(max_length=32)
    proposal = models.OneToOneField("reviews.Proposal", models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_calendar_version"
        constraints = [models.UniqueConstraint("calendar", "version", name="reviews_calendar_version_number")]
