"""What workers do: drain the intake, deliver the outbox, expire what is due, write evidence, try drafts."""

from celery import shared_task

from reviews.actions import delivering, evidencing, notifying, returning, routing, simulating, uploading, watching


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
def notify(**_: object) -> None:
    """Mail what people must learn at once until nothing is due."""
    while notifying.send_due():
        pass


@shared_task
def sweep_leases(**_: object) -> None:
    """Let go of the holds of people who were deactivated or are away."""
    watching.sweep()


@shared_task
def find_impasses(**_: object) -> None:
    """Find plans that nobody can complete, and those that somebody can again."""
    watching.find_impasses()


@shared_task
def make_evidence(days: int | None = None, **_: object) -> None:
    """Write the evidence that is missing, of the decisions of these last days or of all."""
    evidencing.make_missing(days=days)


@shared_task
def simulate(**_: object) -> None:
    """Try drafts of routing rules on real items until none waits."""
    while simulating.run_next():
        pass
