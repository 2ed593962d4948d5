"""Files: what a flow uploaded, which items name it, and who opened it."""

from django.db import models

from portal.kit.clock import now
from portal.kit.ids import new_id


class Upload(models.Model):
    """Bytes a flow uploaded, sealed part by part; frozen once an item names them, removed when none does."""

    id = models.UUIDField(primary_key=True, default=new_id)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, db_index=False)
    uploaded_with = models.ForeignKey("reviews.ApiKey", models.PROTECT, db_index=False)
    dek = models.ForeignKey("audit.DataKey", models.PROTECT, db_index=False)
    sha256 = models.BinaryField(max_length=32)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        db_table = "reviews_upload"
        constraints = [models.UniqueConstraint("id", "flow", "sha256", name="reviews_upload_whole")]


class UploadPart(models.Model):
    """One sealed part of an upload's bytes; parts are numbered from 0 and opened one by one."""

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, models.PROTECT, db_index=False, related_name="parts")
    n = models.PositiveIntegerField()
    ciphertext = models.BinaryField()

    class Meta:
        db_table = "reviews_upload_part"
        constraints = [models.UniqueConstraint("upload", "n", name="reviews_upload_part_number")]


class Attachment(models.Model):
    """A file that one posted revision of an item names; its id is the submission's, which is the item's."""

    id = models.BigAutoField(primary_key=True)
    submission = models.ForeignKey("reviews.Submission", models.PROTECT, db_index=False, related_name="attachments")
    revision = models.PositiveSmallIntegerField()
    n = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    flow = models.ForeignKey("reviews.Flow", models.PROTECT, db_index=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="attachments")
    sha256 = models.BinaryField(max_length=32)

    append_only = True

    class Meta:
        db_table = "reviews_attachment"
        constraints = [models.UniqueConstraint("submission", "revision", "n", name="reviews_attachment_number")]


class Opening(models.Model):
    """That a person opened a file of an item; who has not opened a file cannot sign (PRODUCT.md, rule 11)."""

    id = models.BigAutoField(primary_key=True)
    submission = models.ForeignKey("reviews.Submission", models.PROTECT, db_index=False)
    upload = models.ForeignKey(Upload, models.PROTECT, db_index=False)
    person = models.ForeignKey("accounts.User", models.PROTECT, db_index=False)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_opening"
        constraints = [models.UniqueConstraint("submission", "upload", "person", name="reviews_opening_once")]
