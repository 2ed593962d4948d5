"""`manage.py policy`: routing rules from files, checked, proposed, and written out again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.management import policy_simulate, wording
from reviews.models import Policy
from reviews.policies import document
from reviews.policies.document import PolicyInvalid
from reviews.policies.parts import Policy as Rules


class Command(BaseCommand):
    """Check, propose, export or simulate routing rules."""

    help = "Checks routing rules, proposes them, writes out those in force, or tells what they would have done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="say what is wrong with the files; changes nothing")
        check.add_argument("files", nargs="+", type=Path)
        apply = verbs.add_parser("apply", help="propose the files, all of them or none; another person signs them")
        apply.add_argument("files", nargs="+", type=Path)
        wording.told_by(apply)
        export = verbs.add_parser("export", help="write the rules in force to the output")
        export.add_argument("name")
        simulate = verbs.add_parser("simulate", help="say what a draft would have done with the last items")
        policy_simulate.add_arguments(simulate)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Do what the verb says."""
        acts = {"check": self._check, "apply": self._apply, "export": self._export, "simulate": self._simulate}
        acts[verb](options)

    def _check(self, options: dict[str, Any]) -> None:
        for file, policy in self._parsed(options["files"]).items():
            self.stdout.write(f"{file}: {policy.name}, {len(policy.rules)} rules, nothing wrong")

    def _apply(self, options: dict[str, Any]) -> None:
        """Propose all files in one transaction: a fault in the last leaves the first out too."""
        by, reason = wording.person(options["by"]), wording.reason(options["reason"])
        self._parsed(options["files"])
        told = wording.proposed("policy", options["files"], by=by, reason=reason, err=self.stderr)
        self.stdout.write("\n".join(told))

    def _export(self, options: dict[str, Any]) -> None:
        policy = Policy.objects.select_related("in_force").filter(name=options["name"]).first()
        if policy is None or policy.in_force is None:
            raise CommandError(f"There are no routing rules called {options['name']}.")
        self.stdout.write(policy.in_force.text, ending="")

    def _simulate(self, options: dict[str, Any]) -> None:
        self._parsed([options["file"]])
        text = wording.text_of(options["file"])
        if not policy_simulate.simulate(text, options["last"], out=self.stdout, progress=self.stderr):
            raise CommandError("The simulation did not come to its end; nothing was changed.")

    def _parsed(self, files: list[Path]) -> dict[Path, Rules]:
        """Read every file and print every fault as file:line:column; end with 1 if there is one."""
        found: dict[Path, Rules] = {}
        for file in files:
            try:
                found[file] = document.parse(wording.text_of(file))
            except PolicyInvalid as invalid:
                wording.faults(file, invalid, self.stderr)
        if len(found) < len(set(files)):
            count = len(set(files)) - len(found)
            raise CommandError(f"{count} of {len(set(files))} files cannot be used; nothing was changed.")
        return found
