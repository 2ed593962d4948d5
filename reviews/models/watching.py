"""What the portal watches for people: required reading, plans nobody can complete, and simulations."""

from django.db import models

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id


class ReadingOpened(models.Model):
    """That a person opened a text a rule requires before signing; a title names one text in a version of the rules."""

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False)
    title = models.CharField(max_length=200)
    policy_version = models.ForeignKey("reviews.PolicyVersion", models.PROTECT, db_index=False, related_name="+")
    person = models.ForeignKey(User, models.PROTECT, db_index=False)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_reading_opened"
        constraints = [
            models.UniqueConstraint("item", "person", "title", "policy_version", name="reviews_reading_opened_once")
        ]


class Impasse(models.Model):
    """An open item that lacks signatures the people there cannot all give; gone as soon as they can."""

    item = models.OneToOneField("reviews.Item", models.PROTECT, primary_key=True)
    role = models.CharField(max_length=300)
    asked = models.PositiveSmallIntegerField()
    able = models.PositiveSmallIntegerField()
    why = models.JSONField(default=list)
    since = models.DateTimeField(default=now)

    class Meta:
        db_table = "reviews_impasse"


class Simulation(models.Model):
    """A draft of routing rules asked about the last real items: how far it is, and what would change.

    `moved_at` is when it last got further: one that is silent for a minute lost its worker and starts anew.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    policy = models.ForeignKey("reviews.Policy", models.PROTECT, null=True, db_index=False, related_name="+")
    text = models.TextField()
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    wanted = models.PositiveIntegerField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, default="waiting")
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=500, default="")
    created_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_simulation"
