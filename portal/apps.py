"""Django's name card of the shell."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The shell: commands, settings, and the doors every app is mounted on."""

    name = "portal"
