"""Data contracts as a change: a JSON Schema, until when the version before it is accepted, what differs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.dateparse import parse_datetime

from audit import canonical
from portal.kit import strict_json
from portal.kit.problems import NotFound
from reviews import contracts
from reviews.annotations import escaped, refuse
from reviews.models import Flow
from reviews.proposals.summaries import NothingChanges, Summary, version_of

EARLIER_UNTIL: Final = "x-countersign-earlier-until"
_SHOWN: Final = 200


class DataContract:
    """A flow's data contract, sealed as canonical JSON, so that its digest is the one posts are checked by."""

    word = "contract"
    name = "data contract"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Compile the schema and compare it with the flow's contract in force."""
        flow = Flow.objects.select_related("contract").filter(pk=target).first() if target else None
        if flow is None:
            raise NotFound("There is no such flow. Open the flow whose data contract it is and propose it there.")
        schema = strict_json.loads(content.encode())
        contracts.compile(schema)
        until, current = earlier_until(schema), flow.contract
        if current is not None and current.schema == schema:
            raise NothingChanges(f"This data contract is in force already, as version {current.version}.")
        title = f"Data contract of {flow.name}"
        ending = f"; the version before is accepted until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        return Summary(
            title=title,
            told=f"{title}, version {current.version + 1 if current else 1}{ending}",
            content=canonical.document_bytes(schema).decode(),
            base=version_of(current.version if current else None),
            target=flow.pk,
            differences=differences(current.schema if current else {}, schema),
        )


def earlier_until(schema: Mapping[str, Any]) -> datetime | None:
    """Give until when the version before is accepted too, as the schema says. Raises ContractInvalid."""
    said = schema.get(EARLIER_UNTIL)
    if said is None:
        return None
    moment = _moment(said)
    if moment is None or moment.tzinfo is None:
        refuse(f"/{EARLIER_UNTIL}", "Write a moment with its time zone, such as 2026-12-31T00:00:00Z.")
    return moment


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say which places of the schema are new, gone or changed."""
    told = [*_differences(before, after, "")]
    more = len(told) - _SHOWN
    return told[:_SHOWN] + ([f"{more} more places differ."] if more > 0 else [])


def _moment(said: object) -> datetime | None:
    try:
        return parse_datetime(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _differences(before: Any, after: Any, pointer: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            place = f"{pointer}/{escaped(name)}"
            if name not in before:
                yield f"{place} is new."
            elif name not in after:
                yield f"{place} is gone."
            else:
                yield from _differences(before[name], after[name], place)
    elif before != after:
        yield f"{pointer or '/'} changed."
