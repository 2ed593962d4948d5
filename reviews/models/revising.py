"""Sending back: what a person asked a flow to change, and the post that answered."""

from django.db import models

from portal.kit.clock import now
from portal.kit.ids import new_id


class ChangeRequest(models.Model):
    """A person's request that the flow posts a new revision."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False, related_name="change_requests")
    revision = models.PositiveSmallIntegerField()
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, db_index=False, related_name="+")
    reason = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    entry = models.OneToOneField("audit.Entry", models.PROTECT)
    asked_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_change_request"
        constraints = [models.UniqueConstraint("item", "revision", name="reviews_change_request_once")]


class RevisionPost(models.Model):
    """The sealed envelope of a later revision as received; a submission's twin for revisions after the first."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False, related_name="revision_posts")
    revision = models.PositiveSmallIntegerField()
    idempotency_id = models.CharField(max_length=255)
    body_sha256 = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    exhibit = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False)
    headers = models.JSONField(default=dict)
    api_key = models.ForeignKey("reviews.ApiKey", models.PROTECT, db_index=False)
    contract = models.ForeignKey("reviews.Contract", models.PROTECT, null=True, db_index=False)
    request_id = models.CharField(max_length=128, default="")
    received_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_revision_post"
        constraints = [
            models.UniqueConstraint("item", "idempotency_id", name="reviews_revision_post_once"),
            models.UniqueConstraint("item", "revision", name="reviews_revision_post_number"),
        ]
