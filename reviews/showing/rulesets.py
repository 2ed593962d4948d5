"""Sets of routing rules as those who answer for them see them: what is in force, and what is on older versions."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField, OuterRef, Q, QuerySet

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import NotFound, Refusal
from reviews import guards, queries
from reviews.actions import readable
from reviews.actions.rerouting import Tally
from reviews.models import Flow, Item, Policy, PolicyVersion, Proposal
from reviews.proposals import deciding
from reviews.showing import linediff, rules
from reviews.showing.linediff import Diff
from reviews.showing.rules import Table
from reviews.showing.texts import visible
from reviews.words import ProposalState, State

UNSEEN = "There are no such routing rules, or you may not see them."
VERSIONS = 50


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One set of rules in the list."""

    policy: Policy
    version: PolicyVersion
    flows: list[str]
    older: int
    proposals: int

    @property
    def older_shown(self) -> str:
        """Give the count as the page prints it."""
        return queries.shown(self.older)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: who proposed it, who signed it, how many rules it changed; nobody for what the installation set."""

    number: int
    at: datetime
    changed: int
    proposal: Proposal | None
    signer: User | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the page of a set of rules shows."""

    policy: Policy
    version: PolicyVersion
    text: str
    table: Table | None
    flows: list[Flow]
    versions: list[Version]
    more: int
    older: int
    mine: int
    proposals: list[Proposal]
    no_draft: Refusal | None

    @property
    def older_shown(self) -> str:
        """Give the count as the page prints it."""
        return queries.shown(self.older)

    @property
    def mine_shown(self) -> str:
        """Give how many of them the reader routes anew, as the page prints it."""
        return queries.shown(self.mine)


@dataclass(frozen=True, slots=True)
class Past:
    """One version beside the one before it."""

    policy: Policy
    version: PolicyVersion
    told: Version
    before: int
    diff: Diff
    text: str


def why_not_open(granted: Access) -> Refusal | None:
    """Tell why a person may not open the list of rules at all."""
    theirs = granted.where("own_flow", "flow") or granted.where("manage_in_queue", "queue")
    return None if theirs or granted.reads_all else Refusal(NotFound.code, UNSEEN)


def listed(granted: Access) -> list[RuleSet]:
    """Give the sets of rules a person may read, by name."""
    found = list(readable.policies(granted))
    ids = [policy.pk for policy in found]
    flows = defaultdict(list)
    for flow in Flow.objects.filter(policy__in=ids).order_by("name"):
        flows[flow.policy_id].append(visible(flow.name))
    older, waiting = _older(granted, ids), Counter(_open(ids).values_list("target", flat=True))
    told = [(each, readable.version(each), flows[each.pk]) for each in found]
    return [RuleSet(*each, older.get(each[0].pk, 0), waiting[each[0].pk]) for each in told]


def named(name: str, granted: Access) -> Policy:
    """Give a set of rules by its name to somebody who may read it. Raises NotFound."""
    policy = readable.policies(granted).filter(name=name).first()
    if policy is None:
        raise NotFound(UNSEEN)
    return policy


def sheet(policy: Policy, granted: Access) -> Sheet:
    """Give everything about a set of rules."""
    versions = _versions(policy)
    manages = Q(queue_id__in=granted.where("manage_in_queue", "queue"))
    return Sheet(
        policy=policy,
        version=readable.version(policy),
        text=visible(readable.version(policy).text),
        table=rules.table(readable.version(policy)),
        flows=list(Flow.objects.filter(policy=policy).order_by("name")),
        versions=[_told(each) for each in versions[:VERSIONS]],
        more=max(versions.count() - VERSIONS, 0),
        older=_older(granted, [policy.pk]).get(policy.pk, 0),
        mine=_older(granted, [policy.pk], manages).get(policy.pk, 0),
        proposals=list(_open([policy.pk]).select_related("proposed_by").order_by("proposed_at")),
        no_draft=why_not_draft(granted, policy),
    )


def past(policy: Policy, number: int) -> Past:
    """Give one version of a set of rules and what it changed. Raises NotFound."""
    version = _versions(policy).filter(version=number).first()
    if version is None:
        raise NotFound("There is no such version. Open the rules to see which there are.")
    before = policy.versions.filter(version=number - 1).first()
    changes = linediff.diff(before.text if before else "", version.text)
    return Past(policy, version, _told(version), number - 1, changes, visible(version.text))


def left(tally: Tally, granted: Access) -> list[tuple[Item, str]]:
    """Give the items that were not routed anew, of those somebody may see, and why."""
    why = {each.item_id: each.sentence for each in tally.left}
    items = Item.objects.filter(pk__in=why).order_by("pk")
    return [(item, why[item.pk]) for item in items if guards.why_not_see(granted, item) is None]


def why_not_draft(granted: Access, policy: Policy | None) -> Refusal | None:
    """Tell why a person may not draft a change of these rules, or new ones."""
    no = deciding.why_not_propose(granted, "policy")
    return no or deciding.why_not_of(granted, "policy", policy.pk if policy else None)


def _older(granted: Access, ids: Iterable[UUID], among: Q | None = None) -> dict[UUID, int]:
    """Count, by policy and up to a bound, the items somebody may see that are in review by an older version."""
    rows = Item.objects.filter(guards.visible_to(granted), among or Q(), state=State.IN_REVIEW)
    older = rows.filter(flow__policy=OuterRef("pk")).exclude(policy_version_id=F("flow__policy__in_force_id"))
    some = ArraySubquery(older.values("pk")[: queries.BOUND + 1])
    counted = Func(some, template="coalesce(cardinality(%(expressions)s::uuid[]), 0)", output_field=IntegerField())
    return dict(Policy.objects.filter(pk__in=list(ids)).values_list("pk", counted))


def _open(ids: Iterable[UUID]) -> "QuerySet[Proposal]":
    return Proposal.objects.filter(kind="policy", target__in=list(ids), state=ProposalState.OPEN)


def _versions(policy: Policy) -> "QuerySet[Any]":
    people = ("proposal__proposed_by", "proposal__signature__signer")
    return PolicyVersion.objects.filter(policy=policy).select_related(*people).order_by("-version")


def _told(version: PolicyVersion) -> Version:
    proposal = version.proposal
    signer = proposal.signature.signer if proposal else None
    return Version(version.version, version.applied_at, len(version.changed_rules), proposal, signer)
