"""Django's name card of the audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Entries, exhibits, sealing and verification."""

    name = "audit"
