"""The steps of setup in their order; each says what it did or found, and none is done twice."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit import granted, ledger
from audit.actors import SystemJob
from audit.sealing import announcing, condition, keys
from portal.accounts import pairs
from portal.accounts.models import User
from portal.doctor import checks
from portal.installing import actions, roles
from portal.installing.asking import Wanted

BY = SystemJob.CONFIGURATOR
Say = Callable[[str], None]


class NotReady(Exception):
    """Something must be put right before this database can be used; the message says what."""


def insist_on_configuration() -> None:
    """Refuse before anything is touched when machine or environment are wrong. Raises NotReady."""
    found = checks.before_setup()
    if found:
        raise NotReady("\n".join(f"{each.finding.sentence} {each.finding.advice}" for each in found))


def prepare_roles(url: str, say: Say) -> None:
    """Make the database roles, or say what an administrator of the server must run. Raises NotReady."""
    try:
        made = roles.prepare(url)
    except roles.RolesMissing as missing:
        script = "\n".join(f"  {statement};" for statement in missing.statements)
        raise NotReady(
            f"The login of DATABASE_URL may not prepare this database. Have an administrator run in it:\n{script}\n"
            "Then run setup again."
        ) from missing
    say(f"Database roles: {len(made)} statements prepared the database." if made else "Database roles: all are there.")


def migrate(say: Say) -> None:
    """Bring the tables to this version, write the grants, refuse TRUNCATE."""
    before = len(MigrationExecutor(connection).loader.applied_migrations)
    call_command("migrate", verbosity=0, interactive=False)
    applied = len(MigrationExecutor(connection).loader.applied_migrations) - before
    if granted.emptiable(connection):
        call_command("harden_ledger", verbosity=0, stdout=StringIO())
    say(f"Tables: {applied} migrations applied." if applied else "Tables: of this version already.")


def open_log(say: Say) -> None:
    """Open the log, make its keys and those of receipts, and put them into the log. Raises NotReady."""
    _insist_on_same_log()
    _insist_on_keyring()
    there = bool(condition.origins())
    ledger.current_log()
    try:
        keys.ensure_keys()
    except OSError as error:
        raise NotReady(f"KEYS_DIR {settings.KEYS_DIR} cannot be written: {error}.") from error
    if faults := [*condition.key_faults()]:
        raise NotReady(f"{' '.join(faults)} Bring KEYS_DIR back from its backup.")
    announced = announcing.announce_keys()
    say(f"Log: {settings.LOG_ORIGIN} {'is open' if there else 'opened'}.")
    say("Keys: " + (", ".join(f"{key.purpose} {key.kid}" for key in announced) or "all are there") + ".")


def open_installation(organisation: Callable[[], str], say: Say) -> None:
    """Write down whose installation this is, and make the roles people hold."""
    found = actions.installation() or actions.open_installation(organisation(), by=BY)
    made = actions.open_roles()
    say(f"Organisation: {found.organisation}.")
    say(f"Roles: {len(made)} made." if made else "Roles: all are there.")
    forbidden = pairs.open_defaults(by=BY)
    say(f"Pairs of roles: {forbidden} forbidden." if forbidden else "Pairs of roles: decided already.")
    for each in pairs.conflicts():
        say(f"  {each.person.username} holds {each.first} and {each.second}: {each.reason} Take one of them.")


def add_administrator(wanted: Wanted, show: Say, say: Say) -> None:
    """Add an administrator and show the address of their authenticator app, this once. Raises NotReady."""
    if known(wanted.username):
        raise NotReady(f"{wanted.username} is there already, without being an administrator. Choose another name.")
    address = actions.add_administrator(wanted.username, wanted.printed_name, wanted.email, wanted.password, by=BY)
    say(f"Administrator: {wanted.username} added.")
    show(address)


def known(username: str) -> bool:
    """Tell whether somebody has this name already."""
    return User.objects.filter(username=username).exists()


def prepare_private(file: Path) -> None:
    """Make a file that only its owner may read; one that others may read is refused. Raises NotReady."""
    file.touch(mode=0o600)
    if file.stat().st_mode & 0o077:
        raise NotReady(f"{file} is open to others than its owner. Delete it, or name another file.")


def add_line(file: Path, line: str) -> None:
    """Write one more line into a private file."""
    with file.open("a") as opened:
        opened.write(line + "\n")


def _insist_on_same_log() -> None:
    others = [origin for origin in condition.origins() if origin != settings.LOG_ORIGIN]
    if others:
        raise NotReady(
            f"This database holds the log {', '.join(others)}, and LOG_ORIGIN says {settings.LOG_ORIGIN}. "
            "A log never changes its name: set LOG_ORIGIN to the one that is there."
        )


def _insist_on_keyring() -> None:
    if faults := condition.keyring_faults():
        raise NotReady(f"KEYRING does not open what this database holds. {' '.join(faults)}")
