"""Every check there is, in the order they are told; a server that does not answer is told once."""

from collections.abc import Iterator

from portal.doctor import broker, database, environment, machine, proof
from portal.doctor.findings import Check, Examined, Level, examine

GROUPS: dict[str, tuple[Check, ...]] = {
    "machine": machine.CHECKS,
    "environment": environment.CHECKS,
    "database": database.CHECKS,
    "broker": broker.CHECKS,
    "proof": proof.CHECKS,
}
DOORS: dict[str, Check] = {"database": database.postgresql, "broker": broker.broker}
FOUNDATION = frozenset({"postgresql", "migrations"})


def everything() -> Iterator[tuple[str, Examined]]:
    """Run every group; the proof is looked at only in a database that answers and is migrated."""
    sound: set[str] = set()
    for group, checks in GROUPS.items():
        if group == "proof" and not sound >= FOUNDATION:
            return
        for examined in examine(checks, door=DOORS.get(group)):
            if examined.finding.level is not Level.FAIL:
                sound.add(examined.name)
            yield group, examined


def before_setup() -> list[Examined]:
    """Run what must be right before a database is touched, and give what is not."""
    examined = examine((*machine.BEFORE_SETUP, *environment.BEFORE_SETUP))
    return [each for each in examined if each.finding.level is Level.FAIL]
