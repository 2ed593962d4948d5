"""`manage.py flush`: Django's own, working as the owner, who alone may empty the ledger's tables."""

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections

from audit import exhibits, grants


class Command(Flush):
    """Empty every table as the owner; where `harden_ledger` ran, the database refuses."""

    def handle(self, **options: Any) -> None:
        """Do what Django does, as the owner, and forget the keys that are gone."""
        with grants.as_owner(connections[options["database"]]):
            super().handle(**options)
        exhibits.forget_keys()
