"""`manage.py proposal`: the changes of configuration that wait for a second person."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reviews.management import wording
from reviews.models import Proposal
from reviews.words import ProposalState


class Command(BaseCommand):
    """List what is proposed."""

    help = "Lists the changes that wait for a signature, oldest first, with who proposed them and who may sign them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the one verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="write a line for each change that waits")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Write what waits."""
        waiting = Proposal.objects.filter(state=ProposalState.OPEN).select_related("proposed_by")
        for proposal in waiting.order_by("proposed_at"):
            since = f"{proposal.proposed_at:%Y-%m-%d %H:%M} UTC by {proposal.proposed_by.username}"
            self.stdout.write(f"{proposal.pk}  {proposal.kind}  {proposal.title}  ({since})")
            self.stdout.write(f"  {wording.signers(proposal)}")
        if not waiting:
            self.stdout.write("No change waits for a signature.")
