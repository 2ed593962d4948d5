"""People and what their signing ceremonies leave behind."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from guardian.mixins import GuardianUserMixin

from audit.actors import Actor, ActorType
from audit.history import Recorded, records
from portal.kit.clock import now
from portal.kit.ids import new_id


class User(GuardianUserMixin, AbstractUser):
    """A person who signs in. The id is opaque and never reused; entries hold it instead of a name."""

    id = models.UUIDField(primary_key=True, default=new_id)
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    printed_name = models.CharField(max_length=200)
    identity_verified_at = models.DateTimeField(null=True)
    identity_verified_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    failed_ceremonies = models.PositiveSmallIntegerField(default=0)
    signing_locked_at = models.DateTimeField(null=True)

    REQUIRED_FIELDS = ["printed_name"]

    class Meta:
        db_table = "portal_user"
        constraints = [
            models.CheckConstraint(
                condition=Q(identity_verified_at=None, identity_verified_by=None)
                | Q(identity_verified_at__isnull=False, identity_verified_by__isnull=False),
                name="portal_user_identity_verified_at_and_by",
            )
        ]

    def __str__(self) -> str:
        return self.printed_name or self.username

    @property
    def actor(self) -> Actor:
        """Give the actor an entry names."""
        return Actor(ActorType.USER, self.pk)

    def get_full_name(self) -> str:
        """Give the printed name (21 CFR 11.50(a)(1))."""
        return self.printed_name


class SigningPeriod(models.Model):
    """One continuous period of controlled access (21 CFR 11.200(a)(1)): one person, one session."""

    id = models.UUIDField(primary_key=True, default=new_id)
    user = models.ForeignKey(User, models.PROTECT, related_name="signing_periods")
    session_ref = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=now)
    last_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "portal_signing_period"
        constraints = [
            models.UniqueConstraint(
                "user", "session_ref", condition=Q(ended_at=None), name="portal_signing_period_one_open"
            )
        ]


class UsedCode(models.Model):
    """A one-time code's time step that was spent; the row refuses a replay whatever happens to a cache."""

    user = models.ForeignKey(User, models.PROTECT, db_index=False)
    step = models.BigIntegerField()
    used_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "portal_used_code"
        constraints = [models.UniqueConstraint("user", "step", name="portal_used_code_once")]


class ForbiddenPair(Recorded, models.Model):
    """Two roles that no person may hold at once; `ended_at` is set when the pair is allowed again."""

    id = models.UUIDField(primary_key=True, default=new_id)
    first = models.CharField(max_length=100)
    second = models.CharField(max_length=100)
    reason = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "portal_forbidden_pair"
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="portal_forbidden_pair_order"),
            models.UniqueConstraint("first", "second", condition=Q(ended_at=None), name="portal_forbidden_pair_once"),
        ]
