"""Flows, their data contracts, and the secrets by which they are known."""

from django.db import models

from audit.actors import Actor, ActorType
from audit.history import Recorded, records
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id


class Flow(Recorded, models.Model):
    """An AI flow that posts items. `config_version` rises with every change the intake must notice."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    config_version = models.PositiveIntegerField(default=1)
    accepts_unsigned = models.BooleanField(default=False)
    posts_per_minute = models.PositiveIntegerField(default=6000)
    posts_per_day = models.PositiveIntegerField(default=1_000_000)
    audience = models.CharField(max_length=200)
    policy = models.ForeignKey("reviews.Policy", models.PROTECT)
    contract = models.ForeignKey("reviews.Contract", models.PROTECT, null=True, related_name="+")
    suspended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "reviews_flow"
        permissions = [("own_flow", "Owns the flow"), ("see_flow", "Sees the flow's items")]

    def __str__(self) -> str:
        return self.name


class Contract(models.Model):
    """One version of a flow's data contract: a JSON Schema (2020-12) of its items' snapshots.

    Until `earlier_until` the version before this one is accepted too.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="contracts")
    version = models.PositiveIntegerField()
    schema = models.JSONField()
    digest = models.BinaryField(max_length=32)
    earlier_until = models.DateTimeField(null=True)
    proposal = models.OneToOneField("reviews.Proposal", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_contract"
        constraints = [models.UniqueConstraint("flow", "version", name="reviews_contract_version")]


class ApiKey(models.Model):
    """A flow's bearer key; only its SHA-256 is stored (the key itself has 256 random bits)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="keys")
    digest = models.BinaryField(max_length=32, unique=True)
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_api_key"

    @property
    def actor(self) -> Actor:
        """Give the actor an entry names: the flow, whichever of its keys was used."""
        return Actor(ActorType.FLOW, self.flow_id)


class WebhookSecret(models.Model):
    """One of a flow's live webhook secrets, wrapped by the keyring; two may live during a rotation."""

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="secrets")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_webhook_secret"
