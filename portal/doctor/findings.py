"""What a check finds, and how checks are run: one that cannot be asked is a failure, never silence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import redis
from django.db import DatabaseError, InterfaceError
from psycopg_pool import PoolTimeout

from audit.keyring import KeyringError


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing, and what to do when it is not as it should be. Never holds a secret."""

    level: Level
    sentence: str
    advice: str = ""


Check = Callable[[], Finding]


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding with the name of its check."""

    name: str
    finding: Finding


def ok(sentence: str) -> Finding:
    """Say that a thing is as it should be."""
    return Finding(Level.OK, sentence)


def warn(sentence: str, advice: str) -> Finding:
    """Say that a thing works but not as it should."""
    return Finding(Level.WARN, sentence, advice)


def fail(sentence: str, advice: str) -> Finding:
    """Say that a thing is wrong, and what to do."""
    return Finding(Level.FAIL, sentence, advice)


def examine(checks: Sequence[Check], *, door: Check | None = None) -> Iterator[Examined]:
    """Run checks in order; where the door fails, the ones behind it have nothing to look at."""
    for check in checks:
        finding = _asked(check)
        yield Examined(check.__name__, finding)
        if check is door and finding.level is Level.FAIL:
            return


def _asked(check: Check) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return check()
    except (DatabaseError, InterfaceError, PoolTimeout) as trouble:
        said = f"The database would not say ({type(trouble).__name__})."
        return fail(f"Nothing is known of: {name}. {said}", "See to the checks of the database first.")
    except redis.RedisError as trouble:
        said = f"The broker would not say ({type(trouble).__name__})."
        return fail(f"Nothing is known of: {name}. {said}", "See to the checks of the broker first.")
    except (KeyringError, OSError, ValueError) as trouble:
        return fail(f"Nothing is known of: {name}. {trouble}", "Put right what the sentence names.")
