"""Django's name card of the shell."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The shell: commands, settings, and the doors every app is mounted on."""

    name = "portal"

    def ready(self) -> None:
        """Register the facts of the shell's own."""
        from portal.installing import facts  # noqa: F401  facts register themselves on import
