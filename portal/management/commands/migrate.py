"""`manage.py migrate`: Django's own, working as the owner, with the grants written at the end."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from audit import grants


class Command(Migrate):
    """Migrate as the owner of the tables, then write the grants."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what Django does, as the owner."""
        connection = connections[options["database"]]
        with grants.as_owner(connection):
            super().handle(*args, **options)
            grants.apply(connection)
