"""What workers do: drain the intake, deliver the outbox, expire what is due, write evidence."""

from celery import shared_task

from reviews.actions import delivering, evidencing, returning, routing, uploading


@shared_task
def drain(**_: object) -> None:
    """Route waiting submissions in batches until none is left."""
    while routing.drain():
        pass


@shared_task
def deliver(**_: object) -> None:
    """Attempt due deliveries until none is left."""
    while delivering.deliver_due():
        pass


@shared_task
def expire(**_: object) -> None:
    """Expire open items whose deadline passed."""
    while returning.expire_due():
        pass


@shared_task
def sweep_uploads(**_: object) -> None:
    """Remove uploads that no item named within a day."""
    while uploading.sweep():
        pass


@shared_task
def make_evidence(days: int | None = None, **_: object) -> None:
    """Write the evidence that is missing, of the decisions of these last days or of all."""
    evidencing.make_missing(days=days)
