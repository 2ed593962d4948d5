"""Queues: where items wait for a person."""

from django.db import models

from audit.history import Recorded, records
from portal.kit.clock import now
from portal.kit.ids import new_id


class Queue(Recorded, models.Model):
    """A place where items wait; who may take from it is an object permission."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    profile = models.CharField(max_length=20, default="claims")
    lease_minutes = models.PositiveSmallIntegerField(default=15)
    created_at = models.DateTimeField(default=now)

    history = records()

    class Meta:
        db_table = "reviews_queue"
        permissions = [
            ("see_queue", "Sees the queue's items"),
            ("review_in_queue", "Takes and signs the queue's items"),
            ("manage_in_queue", "Ends other people's holds and looks after the queue"),
        ]

    def __str__(self) -> str:
        return self.name
