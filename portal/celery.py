"""The Celery application; imported with the package so that `shared_task.delay()` finds it everywhere."""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def say_ready(**_: object) -> None:
    """Send the first heartbeat at once, so that readyz need not wait for beat's."""
    app.send_task("portal.tasks.heartbeat", queue="intake")
