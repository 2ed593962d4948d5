"""Telling a worker that who may sign has changed: a plan that nobody can complete any more shows at once."""

from celery import current_app
from django.db import transaction

from portal.kit.nudge import Nudge

_changed = Nudge(lambda: current_app.send_task("reviews.tasks.find_impasses", queue="intake"), rest=1)


def people_changed() -> None:
    """Have a worker look for plans that nobody can complete, once the transaction is through."""
    transaction.on_commit(_changed)
