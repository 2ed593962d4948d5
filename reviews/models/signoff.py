"""The sign-off plan as slots, the intents people sign, and the signatures."""

from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.words import Verdict


class SignIntent(models.Model):
    """What a person is about to sign, frozen: one intent gives at most one signature (EVIDENCE, R3).

    With `changes` it is for the revision those changes will make, whose slots do not exist yet.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    user = models.ForeignKey(User, models.PROTECT, db_index=False)
    session_ref = models.CharField(max_length=64)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False)
    item_version = models.PositiveIntegerField()
    item_rev = models.PositiveSmallIntegerField()
    slot = models.ForeignKey("reviews.SignoffSlot", models.PROTECT, null=True, db_index=False)
    changes = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False, related_name="+")
    action_sha256 = models.BinaryField(max_length=32)
    shown_sha256 = models.BinaryField(max_length=32)
    shown = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    body = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    verdict = models.CharField(max_length=10)
    meaning = models.CharField(max_length=200)
    role = models.CharField(max_length=100)
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+")
    break_glass = models.ForeignKey("reviews.BreakGlass", models.PROTECT, null=True, db_index=False, related_name="+")
    licence = models.CharField(max_length=1500, default="")
    challenge = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviews_sign_intent"
        constraints = [
            models.CheckConstraint(
                condition=Q(slot=None, changes__isnull=False) | Q(slot__isnull=False, changes=None),
                name="reviews_sign_intent_slot_or_changes",
            )
        ]


class Signature(models.Model):
    """A person's electronic signature on exactly one revision of one item."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, related_name="signatures")
    revision = models.PositiveSmallIntegerField()
    signer = models.ForeignKey(User, models.PROTECT, db_index=False)
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="+")
    break_glass = models.ForeignKey("reviews.BreakGlass", models.PROTECT, null=True, db_index=False, related_name="+")
    licence = models.CharField(max_length=1500, default="")
    role = models.CharField(max_length=100)
    meaning = models.CharField(max_length=200)
    verdict = models.CharField(max_length=10)
    reason = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False)
    intent = models.OneToOneField(SignIntent, models.PROTECT)
    intent_sha256 = models.BinaryField(max_length=32)
    action_sha256 = models.BinaryField(max_length=32)
    shown_sha256 = models.BinaryField(max_length=32)
    auth_method = models.CharField(max_length=30)
    assurance = models.CharField(max_length=20)
    assertion = models.ForeignKey("audit.Exhibit", models.PROTECT, null=True, db_index=False, related_name="+")
    signed_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_signature"
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=[v.value for v in Verdict]), name="reviews_signature_verdict"
            ),
            models.UniqueConstraint("id", "item", "revision", "signer", name="reviews_signature_whole"),
        ]
        # reviews_signature_of_person, by signer, stands in migration 0006.
        indexes = [
            models.Index(
                fields=["on_behalf_of", "-signed_at"],
                condition=Q(on_behalf_of__isnull=False), name="reviews_signature_in_name_of",
            ),
        ]  # fmt: skip


class SignoffSlot(models.Model):
    """One signature the plan asks for; filled once, never emptied, one slot a person and round.

    `role` is one role or several, separated by a space, any of which may sign; stages of one `step` run in parallel.
    A rejection that returns to an earlier stage opens a new `round` of the stages from there on.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False, related_name="slots")
    revision = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    stage = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField(default=1)
    n = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=300)
    meaning = models.CharField(max_length=200)
    name = models.CharField(max_length=63, default="")
    factors = models.CharField(max_length=60, default="")
    blind = models.BooleanField(default=False)
    back_to = models.PositiveSmallIntegerField(null=True)
    signature = models.OneToOneField(Signature, models.PROTECT, null=True)
    signer = models.ForeignKey(User, models.PROTECT, null=True, db_index=False)

    class Meta:
        db_table = "reviews_signoff_slot"
        constraints = [
            models.UniqueConstraint("item", "revision", "round", "stage", "n", name="reviews_signoff_slot_place"),
            models.UniqueConstraint("item", "revision", "round", "signer", name="reviews_signoff_slot_one_a_person"),
            models.CheckConstraint(
                condition=Q(signature=None, signer=None) | Q(signature__isnull=False, signer__isnull=False),
                name="reviews_signoff_slot_signature_and_signer",
            ),
        ]

    @property
    def roles(self) -> list[str]:
        """Give the roles of which any one may sign."""
        return self.role.split()
