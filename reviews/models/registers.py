"""The registers: what each person may sign for, and the licences and trainings they hold."""

from django.db import models

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id


class Register(models.Model):
    """One version of a register, whole; the newest of its kind is in force."""

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    content = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    digest = models.BinaryField(max_length=32)
    proposal = models.OneToOneField("reviews.Proposal", models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_register"
        constraints = [models.UniqueConstraint("kind", "version", name="reviews_register_version")]


class Entitlement(models.Model):
    """What a person may sign for in one scope; `effects` are words separated by a space, `*` stands for all.

    `up_to` bounds one item, `alone` one item whose plan asks for one signature, `per_subject` what is signed on the
    subject in all, `per_period` what the person signs within `period_days`.
    """

    id = models.BigAutoField(primary_key=True)
    register = models.ForeignKey(Register, models.PROTECT, db_index=False, related_name="entitlements")
    person = models.ForeignKey(User, models.PROTECT, db_index=False)
    effects = models.CharField(max_length=100)
    line = models.CharField(max_length=100)
    jurisdiction = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    up_to = models.DecimalField(max_digits=16, decimal_places=4)
    alone = models.DecimalField(max_digits=16, decimal_places=4)
    per_subject = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    per_period = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    period_days = models.PositiveSmallIntegerField(null=True)
    starts = models.DateField()
    ends = models.DateField(null=True)

    append_only = True

    class Meta:
        db_table = "reviews_entitlement"
        indexes = [models.Index(fields=["register", "person"], name="reviews_entitlement_of_person")]


class Licence(models.Model):
    """A licence or training of a person: its kind, its number as printed, where and when it counts."""

    id = models.BigAutoField(primary_key=True)
    register = models.ForeignKey(Register, models.PROTECT, db_index=False, related_name="licences")
    person = models.ForeignKey(User, models.PROTECT, db_index=False)
    kind = models.CharField(max_length=63)
    number = models.CharField(max_length=100)
    jurisdiction = models.CharField(max_length=20)
    line = models.CharField(max_length=100)
    starts = models.DateField()
    ends = models.DateField(null=True)

    append_only = True

    class Meta:
        db_table = "reviews_licence"
        indexes = [models.Index(fields=["register", "person"], name="reviews_licence_of_person")]
