"""What one revision proposes and how it came about, worked out for reading from its document."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit import canonical, exhibits
from reviews import documents, files, overriding, revisions
from reviews.files import Attached, Seen
from reviews.models import Item, Revision
from reviews.showing import difference, extracted, making, proposal, stops
from reviews.showing.stops import Stop
from reviews.showing.texts import LONGEST, visible

_Document = dict[str, Any]
_TEXTS = 3


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of the review page that come from the document alone."""

    is_erased: bool
    title: str
    name: str
    external_id: str
    proposal: proposal.Proposal
    stops: list[Stop]
    read: tuple[extracted.Field, ...]
    sources: list[extracted.Source]
    rows: list[difference.Row]
    hidden_rows: int
    letters: list[difference.Letter]
    making: making.Making
    editable: list[overriding.Editable]
    changes: list[overriding.Step]

    @property
    def numbered(self) -> int:
        """Count the fields that differ from the record."""
        return sum(field.differs for field in self.read)


def content(item: Item, revision: Revision, seen: Seen, *, whole: str = "") -> Content:
    """Read the revision's document; `whole` names a section that is asked for in full.

    Files behind a wall the reader is outside of are cited nowhere.
    """
    posted, document, is_erased = _documents(item, revision)
    snapshot, contract = document["snapshot"], revisions.contract(revision)
    schema = contract.schema if contract else {}
    read = extracted.fields(snapshot, schema, seen.hidden.names)
    rows = difference.rows(snapshot["output"], snapshot.get("current"))
    longest = 10**9 if whole == "read" else LONGEST
    return Content(
        is_erased=is_erased,
        title=visible(document["action"]["title"]),
        name=visible(item.subject or item.external_id or str(item.pk)),
        external_id=visible(item.external_id),
        proposal=proposal.proposal(document["action"]),
        stops=[*map(_plainly, stops.stops(item.effect, item.rule, item.reasons, document)), *extracted.differing(read)],
        read=read,
        sources=[extracted.source(*each, snapshot, read, longest) for each in _texts(snapshot, seen.files)],
        rows=rows if whole == "diff" else rows[: difference.MOST_ROWS],
        hidden_rows=0 if whole == "diff" else max(len(rows) - difference.MOST_ROWS, 0),
        letters=difference.letters(snapshot["output"], schema),
        making=making.making(document, whole=whole == "how"),
        editable=[] if is_erased else overriding.fields(contract, document),
        changes=[] if posted is document else overriding.steps(contract, posted, document),
    )


def _documents(item: Item, revision: Revision) -> tuple[_Document, _Document, bool]:
    """Give the document as posted and with its overrides, or what is left to say once its key was destroyed."""
    if revision.exhibit.dek.wrapped is None:
        left = _erased(item)
        return left, left, True
    posted: _Document = json.loads(exhibits.opened(revision.exhibit))
    if documents.digest(posted) != bytes(revision.digest):
        raise exhibits.Damaged(f"revision {revision.pk} does not match its digest")
    if revision.overrides is None:
        return posted, posted, False
    texts: dict[str, str] = json.loads(exhibits.opened(revision.overrides))
    return posted, overriding.apply(posted, revisions.contract(revision), texts), False


def _erased(item: Item) -> _Document:
    action = {"type": item.action_type, "effect": item.effect, "title": "The content of this item was erased"}
    return {"action": action, "snapshot": {"output": {}}}


def _plainly(stop: Stop) -> Stop:
    return Stop(visible(stop.label), visible(stop.sentence), stop.shade)


def _texts(snapshot: _Document, attached: Sequence[Attached]) -> Iterator[tuple[str, str]]:
    """Give the texts the flow read from: attached ones that fields cite, and the running texts of its input."""
    cited = extracted.named_sources(snapshot)
    texts = [each for each in attached if _is_text(each, cited)][:_TEXTS]
    heads = files.heads([each.upload for each in texts])
    for file in texts:
        if file.upload in heads:
            yield file.name, _checked(file, heads[file.upload]).decode(errors="replace")
    yield from extracted.narratives(snapshot.get("input")).items()


def _checked(file: Attached, content: bytes) -> bytes:
    if canonical.sha256(content) != file.sha256:
        raise exhibits.Damaged(f"upload {file.upload} does not match its digest")
    return content


def _is_text(file: Attached, cited: Sequence[str]) -> bool:
    return file.name in cited and file.media_type.partition(";")[0].strip() == "text/plain" and file.size <= files.PART
