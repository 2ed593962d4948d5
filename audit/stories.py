"""Stories: the entries of one stream read back as sentences, with what was erased marked as such."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from audit import disclosures, exhibits, models
from audit.actors import Actor, ActorType, SystemJob
from audit.exhibits import DataKey
from audit.facts import REGISTER, personal_names

ERASED = "[erased]"


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as a reader sees it; `disclosed` are its salted disclosures, whose digests the leaf holds."""

    eid: UUID
    kind: str
    at: datetime
    actor: Actor
    version: int | None
    state: str | None
    pub: dict[str, Any]
    personal: dict[str, Any]
    sentence: str
    disclosed: tuple[str, ...] = ()


def nameless(actor: Actor) -> str:
    """Name a system job by its name and anybody else by kind and id; pages put real names in its place."""
    jobs = {job.actor.ref: job.value for job in SystemJob}
    if actor.type is ActorType.SYSTEM:
        return jobs.get(actor.ref, str(actor.ref))
    return f"{actor.type.value} {actor.ref}"


def story(stream_id: UUID, *, name: Callable[[Actor], str] = nameless, latest: int | None = None) -> list[Told]:
    """Tell what happened in a stream, oldest first; with `latest`, only its newest entries."""
    newest = models.Entry.objects.filter(stream=stream_id).order_by("-at", F("version").desc())
    entries = list(newest if latest is None else newest[:latest])[::-1]
    fields: dict[UUID, list[models.EntryField]] = defaultdict(list)
    told = models.EntryField.objects.filter(entry__in=[entry.eid for entry in entries])
    for field in told.order_by("pos").select_related("dek"):
        fields[field.entry_id].append(field)
    return [_told(entry, fields[entry.eid], name) for entry in entries]


def _told(entry: models.Entry, fields: Iterable[models.EntryField], name: Callable[[Actor], str]) -> Told:
    fact = REGISTER[entry.kind]
    public = json.loads(bytes(entry.leaf_bytes))["pub"]
    opened = {field.pos: _disclosure(field) for field in fields}
    personal = {personal_names(fact)[pos]: _value(disclosure) for pos, disclosure in opened.items()}
    actor = Actor(ActorType(entry.actor_type), entry.actor_ref)
    told = {**public, **personal, "actor": name(actor)}
    said = defaultdict(str, {word: "(none)" if value == "" else value for word, value in told.items()})
    return Told(
        eid=entry.eid,
        kind=entry.kind,
        at=entry.at,
        actor=actor,
        version=entry.version,
        state=entry.state,
        pub=public,
        personal=personal,
        sentence=fact.sentence.format_map(said),
        disclosed=tuple(disclosure for disclosure in opened.values() if disclosure is not None),
    )


def _disclosure(field: models.EntryField) -> str | None:
    if field.disclosure is None or field.dek.wrapped is None:
        return None
    key = DataKey(field.dek_id, exhibits.unwrapped(field.dek.wrapped))
    bound_to = disclosures.bound_to(field.entry_id, field.pos)
    return exhibits.decrypt(bytes(field.disclosure), key, bound_to).decode()


def _value(disclosure: str | None) -> Any:
    return ERASED if disclosure is None else disclosures.read(disclosure)[1]
