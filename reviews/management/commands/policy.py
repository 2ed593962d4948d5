"""`manage.py policy`: routing policies from files, checked, put in force, and written out again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from portal.accounts.models import User
from portal.kit.problems import Problem
from reviews.actions import configuring
from reviews.models import Policy, PolicyVersion
from reviews.policies import document


class Command(BaseCommand):
    """Check, apply or export routing policies."""

    help = "Checks routing policies, puts them in force, or writes out the one in force."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="say what is wrong with the files; changes nothing")
        check.add_argument("files", nargs="+", type=Path)
        apply = verbs.add_parser("apply", help="put the files in force, all of them or none")
        apply.add_argument("files", nargs="+", type=Path)
        apply.add_argument("--by", required=True, metavar="USERNAME", help="who puts them in force")
        export = verbs.add_parser("export", help="write the policy in force to the output")
        export.add_argument("name")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Do one of the three."""
        if verb == "check":
            self._check(options["files"])
        elif verb == "apply":
            self._apply(options["files"], _person(options["by"]))
        else:
            self._export(options["name"])

    def _check(self, files: list[Path]) -> None:
        for file, policy in self._parsed(files).items():
            self.stdout.write(f"{file}: {policy.name}, {len(policy.rules)} rules, nothing wrong")

    def _apply(self, files: list[Path], by: User) -> None:
        """Apply all files in one transaction: a fault in the last leaves the first out too."""
        self._parsed(files)
        applied: dict[Path, PolicyVersion] = {}
        with transaction.atomic():
            for file in files:
                applied[file] = _put_in_force(file, by)
        for file, version in applied.items():
            self.stdout.write(f"{file}: {version.policy.name} is in force as version {version.version}")

    def _export(self, name: str) -> None:
        policy = Policy.objects.select_related("in_force").filter(name=name).first()
        if policy is None or policy.in_force is None:
            raise CommandError(f"There is no policy {name}.")
        self.stdout.write(policy.in_force.text, ending="")

    def _parsed(self, files: list[Path]) -> dict[Path, document.Policy]:
        """Read every file and print every fault as file:line:column; end with 1 if there is one."""
        found: dict[Path, document.Policy] = {}
        for file in files:
            try:
                found[file] = document.parse(_read(file))
            except document.PolicyInvalid as invalid:
                for fault in invalid.errors:
                    self.stderr.write(_line(file, fault))
        if len(found) < len(set(files)):
            count = len(set(files)) - len(found)
            raise CommandError(f"{count} of {len(set(files))} files cannot be used; nothing was changed.")
        return found


def _put_in_force(file: Path, by: User) -> PolicyVersion:
    """Apply one file; a text that is in force already stays the version it is, so a pipeline may run again."""
    text = _read(file)
    policy = Policy.objects.select_related("in_force").filter(name=document.parse(text).name).first()
    if policy and policy.in_force and policy.in_force.text == text:
        return policy.in_force
    try:
        return configuring.apply_policy(text, by=by)
    except Problem as refusal:
        raise CommandError(f"{file}: {refusal.detail} Nothing was changed.") from refusal


def _line(file: Path, fault: dict[str, str]) -> str:
    """Write a fault as compilers do, so that editors and pipelines can jump to it."""
    if "line" not in fault:
        return f"{file}: {fault['message']}"
    place = f"Line {fault['line']}, column {fault['column']}: "
    return f"{file}:{fault['line']}:{fault['column']}: {fault['message'].removeprefix(place)}"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8.") from error


def _person(username: str) -> User:
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise CommandError(f"There is nobody active with the username {username}.")
    return person
