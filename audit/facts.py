"""What can be said: the base of every fact, with its kind, its English sentence and its personal fields."""

import dataclasses
import functools
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

from portal.kit.clock import stamp

_T = TypeVar("_T")


class _PersonalMark:
    """Marks a field that ends up in an erasable, salted disclosure instead of the leaf."""


PERSONAL = _PersonalMark()
Personal = Annotated[_T, PERSONAL]

REGISTER: dict[str, type["Fact"]] = {}


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was so. Kinds and fields are never renamed; a new meaning is a new kind."""

    kind: ClassVar[str] = ""
    sentence: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        # No super(): dataclass(slots=True) makes each class anew and Python 3.11's super() means the old one.
        if cls.kind:
            known = REGISTER.setdefault(cls.kind, cls)
            if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"two facts say {cls.kind!r}: {known.__qualname__} and {cls.__qualname__}")
            REGISTER[cls.kind] = cls  # dataclass(slots=True) makes the class anew

    def public(self) -> dict[str, Any]:
        """Give the non-personal fields as the leaf's `pub` holds them; None is left out."""
        return self._said(public_names(type(self)))

    def personal(self) -> dict[str, Any]:
        """Give the personal fields, each of which becomes one disclosure; None is left out."""
        return self._said(personal_names(type(self)))

    def _said(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: plain(getattr(self, name)) for name in names if getattr(self, name) is not None}


def public_names(fact: type[Fact]) -> tuple[str, ...]:
    """Name the fields that stand in the leaf, in the order they were declared."""
    return _names(typing.cast(Any, fact))[0]


def personal_names(fact: type[Fact]) -> tuple[str, ...]:
    """Name the personal fields as declared; a disclosure's `pos` counts them, so new ones go last."""
    return _names(typing.cast(Any, fact))[1]


@functools.cache
def _names(fact: type[Fact]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hints = typing.get_type_hints(fact, include_extras=True)
    names = tuple(field.name for field in dataclasses.fields(fact))
    personal = {name for name in names if _is_personal(hints[name])}
    return tuple(name for name in names if name not in personal), tuple(name for name in names if name in personal)


def _is_personal(hint: Any) -> bool:
    # `Personal[str] | None` hides its mark one level down.
    return PERSONAL in getattr(hint, "__metadata__", ()) or any(map(_is_personal, typing.get_args(hint)))


def plain(value: Any) -> Any:
    """Write a value as leaves hold it: money, times and ids as strings, bytes as hex."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
