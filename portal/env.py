"""Typed readers of the environment: a missing or wrong variable stops the start with a sentence."""

import os

from django.core.exceptions import ImproperlyConfigured

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


class Misconfigured(ImproperlyConfigured):
    """A variable is missing or cannot be read; the message names it and never repeats a secret."""


def required(name: str) -> str:
    """Read a variable that has no sensible default."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise Misconfigured(f"{name} is not set. Set it in the environment; .env.sample says what it is for.")
    return value


def secret(name: str, *, at_least: int = 32) -> str:
    """Read a required secret and refuse one that is too short to be one."""
    value = required(name)
    if len(value) < at_least:
        raise Misconfigured(f"{name} is too short: give at least {at_least} characters, made at random.")
    return value


def text(name: str, default: str) -> str:
    """Read words; an empty variable counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """Read yes or no."""
    value = text(name, "").lower()
    if not value:
        return default
    if value not in _YES | _NO:
        raise Misconfigured(f"{name} must be yes or no, not {value!r}.")
    return value in _YES


def number(name: str, default: int) -> int:
    """Read a whole number."""
    value = text(name, "")
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise Misconfigured(f"{name} must be a whole number, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """Read a list whose parts are separated by commas; the default is written the same way."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]
