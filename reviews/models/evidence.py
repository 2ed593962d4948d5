"""Evidence: the record of a decision and the PDF made of it, both frozen."""

from django.db import models

from portal.kit.clock import now
from portal.kit.ids import new_id


class Evidence(models.Model):
    """What an examiner gets of one decision; the PDF can be made again from the record, byte for byte."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False)
    decision = models.OneToOneField("reviews.Decision", models.PROTECT)
    record = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    pdf = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    record_sha256 = models.BinaryField(max_length=32)
    pdf_sha256 = models.BinaryField(max_length=32)
    pages = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_evidence"
