"""Django's name card of the audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Entries, exhibits, sealing and verification."""

    name = "audit"

    def ready(self) -> None:
        """Register the facts of audit's own."""
        from audit.sealing import announcing  # noqa: F401  facts register themselves on import
