"""What people add to an item: comments, and walls around single files."""

from django.db import models

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.words import Wall


class FileWall(models.Model):
    """The wall around one file of an item; the newest row counts."""

    id = models.BigAutoField(primary_key=True)
    submission = models.ForeignKey("reviews.Submission", models.PROTECT, db_index=False)
    upload = models.ForeignKey("reviews.Upload", models.PROTECT, db_index=False)
    wall = models.CharField(max_length=30)
    entry = models.OneToOneField("audit.Entry", models.PROTECT)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_file_wall"
        indexes = [models.Index(fields=["submission", "upload", "-id"], name="reviews_file_wall_newest")]


class Comment(models.Model):
    """What a person says about an item to those inside the same wall; it decides nothing."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey("reviews.Item", models.PROTECT, db_index=False, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, db_index=False)
    wall = models.CharField(max_length=30, default=Wall.ORDINARY)
    text = models.ForeignKey("audit.Exhibit", models.PROTECT, db_index=False, related_name="+")
    entry = models.OneToOneField("audit.Entry", models.PROTECT)
    at = models.DateTimeField(default=now)

    append_only = True

    class Meta:
        db_table = "reviews_comment"
        indexes = [models.Index(fields=["item", "at"], name="reviews_comment_of_item")]
