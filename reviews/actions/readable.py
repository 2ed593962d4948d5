"""Readable: which routing rules and which proposals a person may read; pages list them, actions lock no others."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.accounts.access import Access
from portal.accounts.models import User
from reviews.actions import ruling
from reviews.models import Flow, Policy, PolicyVersion, Proposal, Queue
from reviews.policies.document import PolicyInvalid

UNSEEN = "There is no such proposal, or you may not see it."


def policies(granted: Access) -> "QuerySet[Policy]":
    """Give the sets of rules a person may read: of flows they own, of queues they manage, or all."""
    rows = Policy.objects.filter(in_force__isnull=False).select_related("in_force").order_by("name")
    if granted.reads_all:
        return rows
    owned = Flow.objects.filter(pk__in=granted.where("own_flow", "flow")).values("policy")
    return rows.filter(Q(pk__in=owned) | Q(pk__in=_managed(granted, rows)))


def proposals(granted: Access, by: User) -> "QuerySet[Proposal]":
    """Give the proposals a person may read: all, or their own and those about rules and flows they may read."""
    if granted.reads_all:
        return Proposal.objects.all()
    owned = granted.where("own_flow", "flow")
    about = Q(kind="policy", target__in=policies(granted).values("pk")) | Q(kind="contract", target__in=owned)
    return Proposal.objects.filter(Q(proposed_by=by) | about)


def version(policy: Policy) -> PolicyVersion:
    """Give the version in force of rules that `policies` gave."""
    return cast(PolicyVersion, policy.in_force)  # it gives none without


def _managed(granted: Access, rows: Iterable[Policy]) -> list[UUID]:
    """Give the rules that send items to queues somebody manages."""
    queues = Queue.objects.filter(pk__in=granted.where("manage_in_queue", "queue"))
    slugs = set(queues.values_list("slug", flat=True))
    return [policy.pk for policy in rows if slugs and slugs & _queues(version(policy))]


def _queues(version: PolicyVersion) -> set[str]:
    try:
        parsed = ruling.rules(version)
    except PolicyInvalid:
        return set()
    return {parsed.fallback.queue, *(rule.queue for rule in parsed.rules)}
