"""What workers do: drain the intake, deliver the outbox, expire what is due."""

from celery import shared_task

from reviews.actions import delivering, returning, routing


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
