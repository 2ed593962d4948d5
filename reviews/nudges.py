"""Waking workers: coalesced messages by name, sent after a commit and free to get lost."""

from celery import current_app
from django.db import transaction

from portal.kit.nudge import Nudge

_intake = Nudge(lambda: current_app.send_task("reviews.tasks.drain", queue="intake"))
_deliveries = Nudge(lambda: current_app.send_task("reviews.tasks.deliver", queue="deliveries"))

_evidence = Nudge(
    lambda: current_app.send_task("reviews.tasks.make_evidence", kwargs={"days": 1}, queue="evidence"), rest=1
)
_simulations = Nudge(lambda: current_app.send_task("reviews.tasks.simulate", queue="evidence"))
_notices = Nudge(lambda: current_app.send_task("reviews.tasks.notify", queue="deliveries"))


def notices() -> None:
    """Tell a worker that people must be told something, once the transaction is through."""
    transaction.on_commit(_notices)


def intake() -> None:
    """Tell a worker that submissions wait to be routed, once the transaction is through."""
    transaction.on_commit(_intake)


def deliveries() -> None:
    """Tell a worker that entries were sealed, so that events may be on their way."""
    _deliveries()


def evidence() -> None:
    """Tell a worker that entries were sealed, so that a decision may want its evidence."""
    _evidence()


def simulations() -> None:
    """Tell a worker that a draft of rules is to be tried, once the transaction is through."""
    transaction.on_commit(_simulations)
