"""Tasks of the shell."""

from celery import shared_task
from django.core.cache import cache

from portal.health import HEARTBEAT, HEARTBEAT_LIFE


@shared_task
def heartbeat(**_: object) -> None:
    """Say that a worker is alive; readyz looks for it."""
    cache.set(HEARTBEAT, True, HEARTBEAT_LIFE)
