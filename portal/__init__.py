"""The shell: everything that is not reviewing and not proving."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
