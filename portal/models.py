"""What the shell keeps: the one row that says whose installation this is."""

from django.db import models
from django.db.models import Q

from portal.kit.clock import now


class Installation(models.Model):
    """The organisation this installation works for, written once by `manage.py setup` with its entry."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    organisation = models.CharField(max_length=200)
    opened_at = models.DateTimeField(default=now)
    entry = models.OneToOneField("audit.Entry", models.PROTECT)

    append_only = True

    class Meta:
        db_table = "portal_installation"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="portal_installation_only_one")]
