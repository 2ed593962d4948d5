"""`manage.py harden_ledger`: refuse TRUNCATE even to the owner; for production only, tests empty tables."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from audit import grants


class Command(BaseCommand):
    """Install the triggers that refuse TRUNCATE on every append-only table."""

    help = "Refuse TRUNCATE on the ledger's tables, even to the owner. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Install the triggers as the owner."""
        tables = grants.append_only_tables()
        with grants.as_owner(connection), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(
                    f'CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON public."{table}"'
                    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse('Nothing here is ever emptied.')"
                )
        self.stdout.write(f"TRUNCATE is refused on {len(tables)} tables.")
