"""What was proposed: every revision as posted, what signers changed, and the files with who opened them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from audit.ledger import Told
from portal.kit.clock import stamp
from reviews import overriding, revisions
from reviews.evidence.opening import opened
from reviews.models import Attachment, Item, Opening, Revision

_PARTS = ("input", "current", "output")


def revision(made: Revision, every: Sequence[Revision], routed: Told | None) -> dict[str, Any]:
    """Tell one revision; the document stands once, at the revision under which it was posted."""
    posted = made.posted_as == made.revision
    said = routed.pub if routed else {}
    return {
        "revision": made.revision,
        "posted_as": made.posted_as,
        "at": stamp(made.created_at),
        "sha256": bytes(made.digest).hex(),
        "act_sha256": bytes(made.action_sha256).hex(),
        "entry": str(routed.eid) if routed else None,
        "rule": said.get("rule"),
        "reasons": said.get("reasons", []),
        "asked_for": said.get("plan", []),
        "document": opened(lambda: revisions.posted(made)) if posted else None,
        "titles": _titles(made) if posted else {},
        "rerouted": _rerouted(made, routed) if routed else None,
        "changed_by": made.changed_by.printed_name if made.changed_by else None,
        "changes": [] if posted else opened(lambda: _changes(made, every)),
        "overrides": opened(lambda: revisions.overrides(made)),
    }


def act(item: Item, made: Revision) -> dict[str, Any]:
    """Give the act that the signatures of a revision cover."""
    return revisions.act(item, made)


def document(made: Revision) -> dict[str, Any]:
    """Give what a revision proposes, a signer's changes laid over it."""
    return revisions.document(made)


def attachments(item_id: UUID) -> list[dict[str, Any]]:
    """Tell every file of every revision, and who opened it when."""
    openings: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    for each in Opening.objects.select_related("person").filter(submission_id=item_id).order_by("at", "id"):
        openings[each.upload_id].append({"name": each.person.printed_name, "at": stamp(each.at)})
    files = Attachment.objects.select_related("upload").filter(submission_id=item_id).order_by("revision", "n")
    return [
        {
            "revision": file.revision,
            "n": file.n,
            "name": file.name,
            "size": file.upload.size,
            "media_type": file.upload.media_type,
            "sha256": bytes(file.sha256).hex(),
            "opened": openings[file.upload_id],
        }
        for file in files
    ]


def _rerouted(made: Revision, routed: Told) -> dict[str, Any] | None:
    """Tell who routed an item anew, from which version of the rules to which, and why; None for other revisions."""
    if made.rerouted_by is None:
        return None
    return {
        "by": made.rerouted_by.printed_name,
        "at": stamp(routed.at),
        "from_version": routed.pub["before"],
        "to_version": routed.pub["policy_version"],
        "reason": routed.personal.get("reason") or "",
    }


def _changes(made: Revision, every: Sequence[Revision]) -> list[dict[str, str]]:
    before = next(each for each in every if each.revision == made.revision - 1)
    steps = overriding.steps(revisions.contract(made), revisions.document(before), revisions.document(made))
    return [
        {"pointer": each.pointer, "title": each.title, "before": each.before, "after": each.after} for each in steps
    ]


def _titles(made: Revision) -> dict[str, str]:
    """Give what the data contract calls the fields of input, record and output, by pointer into the snapshot."""
    properties = made.contract.schema.get("properties") if made.contract else None
    return dict(_titled(properties)) if isinstance(properties, dict) else {}


def _titled(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part in _PARTS:
        within = properties.get(part)
        fields = within.get("properties") if isinstance(within, dict) else None
        for name, field in (fields if isinstance(fields, dict) else {}).items():
            title = field.get("title") if isinstance(field, dict) else None
            if isinstance(title, str) and title:
                yield f"/{part}/{name.replace('~', '~0').replace('/', '~1')}", title
