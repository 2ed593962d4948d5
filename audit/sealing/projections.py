"""Projections: tables other apps build from entries; each registers how to compare itself with the story."""

from collections.abc import Callable, Iterable
from uuid import UUID

Projection = Callable[[], Iterable[tuple[UUID, str]]]

REGISTER: dict[str, Projection] = {}


def register_projection(name: str, differences: Projection) -> None:
    """Register a callable that yields, for each stream that differs, its id and what differs."""
    if REGISTER.setdefault(name, differences) is not differences:
        raise TypeError(f"two projections are called {name!r}")
