"""Django's name card of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles and the ceremony that proves who signs."""

    name = "portal.accounts"
    label = "accounts"
