"""One decision as one document that stands alone: who decided what, why it stopped, what was seen, and the proof."""

from typing import Any

import rfc8785
from django.conf import settings

from audit import ledger
from audit.actors import Actor, ActorType
from audit.ledger import Told
from audit.stories import nameless
from portal.accounts.models import User
from portal.kit.clock import stamp, stamp_or_none
from portal.models import Installation
from reviews.evidence import checking, proposals, rules, sealed, signatures, signoff
from reviews.evidence.opening import ERASED, opened
from reviews.models import Decision, Flow, Item, Queue, Revision

# Comments decide nothing and may be meant for fewer people than the evidence is.
_LEFT_OUT = ("item.commented",)
_ROUTINGS = ("item.received", "item.revised", "item.overridden", "item.rerouted")


def record(decision: Decision) -> dict[str, Any]:
    """Write down a decision whose entry is sealed; raises proofs.NotSealed before."""
    item = Item.objects.select_related("flow", "requested_by").get(pk=decision.item_id)
    related = "contract", "changed_by", "rerouted_by"
    revisions = list(Revision.objects.select_related(*related).filter(item=item).order_by("revision"))
    proof, name = sealed.proof(item.pk, decision.entry_id), _names(item)
    story = ledger.story(item.pk, name=name)
    told = [each for each in story if each.eid in proof.entries and each.kind not in _LEFT_OUT]
    routed = {each.pub["revision"]: each for each in told if each.kind in _ROUTINGS}
    plan = signoff.plan(item.pk)
    return {
        "v": 1,
        "typ": "countersign.record",
        "organisation": _organisation(),
        "portal": settings.PORTAL_URL,
        "log": settings.LOG_ORIGIN,
        "item": _item(item),
        "decision": _decision(decision, told, item, revisions),
        "policy": rules.policy(routed[decision.revision].pub, item, name),
        "plan": plan,
        "returns": signoff.returns(told, name),
        "recusals": signoff.recusals(told, name),
        "signatures": signatures.signatures(item.pk, told, plan),
        "revisions": [proposals.revision(each, revisions, routed.get(each.revision)) for each in revisions],
        "attachments": proposals.attachments(item.pk),
        "readings": rules.readings(item, told, name),
        "story": sealed.story(told, proof, _places(told, item)),
        "checkpoint": proof.checkpoint,
        "keys": sealed.keys(proof.checkpoint),
        "check": checking.SCRIPT,
    }


def as_bytes(made: dict[str, Any]) -> bytes:
    """Write a record as RFC 8785 JSON, the bytes that are sealed, attached and hashed."""
    return rfc8785.dumps(made)


def _organisation() -> str:
    found = Installation.objects.first()
    return found.organisation if found else ""


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.pk),
        "flow": {"slug": item.flow.slug, "name": item.flow.name},
        "external_id": item.external_id,
        "subject": item.subject,
        "tenant": item.tenant,
        "environment": item.environment,
        "jurisdiction": item.jurisdiction,
        "wall": item.wall,
        "requested_by": item.requested_by.printed_name if item.requested_by else None,
        "received_at": stamp(item.received_at),
        "due_at": stamp_or_none(item.due_at),
        "expires_at": stamp_or_none(item.expires_at),
    }


def _decision(decision: Decision, told: list[Told], item: Item, revisions: list[Revision]) -> dict[str, Any]:
    """Tell the outcome as its entry says it, with the act whose digest the entry holds."""
    entry = next(each for each in told if each.eid == decision.entry_id)
    revision = next(each for each in revisions if each.revision == decision.revision)
    act = opened(lambda: proposals.act(item, revision))
    action = opened(lambda: proposals.document(revision)["action"])
    return {
        "id": str(decision.pk),
        "outcome": entry.pub["outcome"],
        "basis": entry.pub["basis"],
        "revision": entry.pub["revision"],
        "overridden": entry.pub["overridden"],
        "decided_at": stamp(entry.at),
        "entry": str(entry.eid),
        "title": ERASED if action == ERASED else action.get("title", ""),
        "act": act,
        "act_sha256": entry.pub["action_sha256"],
        "active_ms": decision.active_ms,
    }


def _places(told: list[Told], item: Item) -> dict[str, str]:
    """Give the names of the flow, the queues and the people that entries call by their ids."""
    queues = {each.pub["queue"] for each in told if "queue" in each.pub}
    named = {str(queue.pk): queue.name for queue in Queue.objects.filter(pk__in=queues)}
    holders = User.objects.filter(pk__in={each.pub["holder"] for each in told if "holder" in each.pub})
    return named | {str(each.pk): each.printed_name for each in holders} | {str(item.flow_id): item.flow.name}


def _names(item: Item) -> Any:
    """Give what names actors: people by their printed name, the flow by its own, jobs by theirs."""
    people: dict[Any, str] = {}

    def name(actor: Actor) -> str:
        if actor.type is ActorType.FLOW:
            return item.flow.name if actor.ref == item.flow_id else Flow.objects.get(pk=actor.ref).name
        if actor.type is not ActorType.USER:
            return nameless(actor)
        if actor.ref not in people:
            people[actor.ref] = User.objects.get(pk=actor.ref).printed_name
        return people[actor.ref]

    return name
