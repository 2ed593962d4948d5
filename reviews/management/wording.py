"""What the commands of configuration share: reading files, naming people, printing faults where they are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.db import transaction

from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.problems import Problem
from reviews.actions import proposing
from reviews.models import Proposal
from reviews.proposals import deciding
from reviews.proposals.summaries import NothingChanges


def text_of(file: Path) -> str:
    """Read a text file as it is, line ends included. Raises CommandError."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8.") from error


def person(username: str) -> User:
    """Find who acts. Raises CommandError."""
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is nobody active with the username {username}.")
    return found


def told_by(parser: CommandParser) -> None:
    """Take who proposes and why."""
    parser.add_argument("--by", required=True, metavar="USERNAME", help="who proposes it")
    parser.add_argument("--reason", default="", metavar="SENTENCE", help="why; required, who signs it reads it")


def reason(said: str) -> str:
    """Give the reason of a proposal. Raises CommandError without one."""
    try:
        return reasons.given(said, 'Say why in a sentence, with --reason "…"; who signs it reads it.')
    except Problem as problem:
        raise CommandError(f"{problem.detail} Nothing was changed.") from problem


def faults(file: Path, problem: Problem, err: OutputWrapper) -> None:
    """Print every fault as file:line:column, so that editors and pipelines can jump to it."""
    for fault in problem.errors or [{"message": problem.detail}]:
        err.write(line(file, fault))


def line(file: Path, fault: dict[str, str]) -> str:
    """Write one fault as compilers do; a register's fault names file, line and column itself."""
    if not fault.get("line") or "file" in fault:
        return fault["message"] if "file" in fault else f"{file}: {fault['message']}"
    place = f"Line {fault['line']}, column {fault['column']}: "
    return f"{file}:{fault['line']}:{fault['column']}: {fault['message'].removeprefix(place)}"


def announced(proposal: Proposal) -> Iterable[str]:
    """Say which proposal waits, and for whom."""
    yield f"proposed as {proposal.pk}: {proposal.title}"
    yield f"  {signers(proposal)}"


def signers(proposal: Proposal) -> str:
    """Say who may put a proposal in force."""
    names = [each.username for each in deciding.signers_of(proposal)]
    if names:
        return f"may be signed by {', '.join(names)}"
    return "nobody may sign it yet: add a compliance officer or an administrator whose identity is verified"


def proposed(kind: str, files: Iterable[Path], *, by: User, reason: str, err: OutputWrapper) -> list[str]:
    """Propose all files or, with a fault in one, none; what is in force or proposed stays, so it may run again."""
    with transaction.atomic():
        return [line for file in files for line in _proposed(kind, file, by, reason, err)]


def _proposed(kind: str, file: Path, by: User, reason: str, err: OutputWrapper) -> list[str]:
    try:
        proposal = proposing.propose(kind, text_of(file), by=by, reason=reason)
    except (NothingChanges, proposing.AlreadyProposed) as already:
        return [f"{file}: {already.detail}"]
    except Problem as problem:
        faults(file, problem, err)
        raise refusal(file, problem) from problem
    first, *rest = announced(proposal)
    return [f"{file}: {first}", *rest]


def refusal(where: Any, problem: Problem) -> CommandError:
    """End a command with a problem; nothing was done."""
    return CommandError(f"{where}: {problem.detail} Nothing was changed.")
