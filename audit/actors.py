"""Actors: whoever an entry says did it, a person, a flow's key or a named system job."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol, runtime_checkable
from uuid import NAMESPACE_URL, UUID, uuid5


class ActorType(StrEnum):
    """The three kinds of actor an entry may name."""

    USER = "user"
    FLOW = "flow"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor as entries hold it: a kind and an opaque id, never a name."""

    type: ActorType
    ref: UUID


@runtime_checkable
class HasActor(Protocol):
    """Anything that can stand behind `by=`: a User, an ApiKey, a SystemJob."""

    @property
    def actor(self) -> Actor:
        """Give the actor an entry names."""


class SystemJob(StrEnum):
    """The named jobs that may act; a machine never decides, but it routes, delivers, expires."""

    ROUTER = "router"
    DELIVERER = "deliverer"
    EXPIRER = "expirer"
    SEQUENCER = "sequencer"
    CONFIGURATOR = "configurator"
    SEEDER = "seeder"
    ARCHIVIST = "archivist"
    WATCHER = "watcher"

    @property
    def actor(self) -> Actor:
        """Give the actor with an id derived from the job's name, the same in every installation."""
        return _job(self.value)


@cache
def _job(name: str) -> Actor:
    return Actor(ActorType.SYSTEM, uuid5(NAMESPACE_URL, f"urn:countersign:job:{name}"))
