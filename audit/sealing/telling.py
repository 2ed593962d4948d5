"""Rows against the entries that tell them: what was changed, what was added without an entry, what is gone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Telling:
    """Rows of which each is told by one entry of a kind.

    `rows` selects a stream and a JSON object of what the entry binds, by the names the entry uses; beside these an
    entry has `entry`, `stream`, `by` and `at`. `key` names what makes a row the one an entry tells. What is named in
    `since` is compared only where the entry has it: it was added to the fact later.
    """

    name: str
    kind: str
    key: tuple[str, ...]
    rows: str
    since: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows that are there while the newest entry about them is of the kind `given` and not `taken`."""

    name: str
    given: str
    taken: str
    key: tuple[str, ...]
    rows: str


# A row is a stream and an object; an entry says the same names. One pass over the entries serves all tellings, and
# reads no leaf of another kind.
_ENTRIES = """
SELECT t.name, t.since, e.stream, e.version, e.kind, CASE t.name {keys} END AS key, said
  FROM audit_entry e JOIN (VALUES {kinds}) t (name, kind, since) ON t.kind = e.kind,
       LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::jsonb -> 'pub' AS pub) told,
       LATERAL (SELECT pub || jsonb_build_object('entry', e.eid, 'stream', e.stream, 'by', e.actor_ref, 'at', e.at)
                AS said) named
 WHERE e.kind IN ({only})
"""
_TOLD = """
SELECT coalesce(r.stream, e.stream), coalesce(r.name, e.name), coalesce(r.key, e.key)::text, r.key IS NULL,
       e.key IS NULL, wrong.names
  FROM ({rows}) r FULL JOIN ({entries}) e ON (e.name, e.key) = (r.name, r.key)
  LEFT JOIN LATERAL (
    SELECT array_agg(n.key ORDER BY n.key) AS names FROM jsonb_each(r.said) n
     WHERE n.value IS DISTINCT FROM coalesce(e.said -> n.key, 'null') AND (n.key <> ALL (e.since) OR e.said ? n.key)
  ) wrong ON e.key IS NOT NULL
 WHERE r.key IS NULL OR e.key IS NULL OR wrong.names IS NOT NULL
"""
_NEWEST = "SELECT DISTINCT ON (name, key) * FROM ({entries}) every ORDER BY name, key, version DESC NULLS LAST"


def differences(tellings: Sequence[Telling]) -> Iterator[tuple[UUID, str]]:
    """Give the stream of each row or entry that has no other half or another one, with what differs."""
    kinds = [(each.name, each.kind, each.since) for each in tellings]
    yield from _compared(tellings, _entries(tellings, kinds))


def standing(standings: Sequence[Standing]) -> Iterator[tuple[UUID, str]]:
    """Give the stream of each row that is not there, or is, against what the newest entry about it says."""
    kinds = [(each.name, kind, ()) for each in standings for kind in (each.given, each.taken) if kind]
    newest = _NEWEST.format(entries=_entries(standings, kinds))
    given = ", ".join(f"'{each.given}'" for each in standings)
    yield from _compared(standings, f"SELECT * FROM ({newest}) newest WHERE kind IN ({given})")  # noqa: S608


def _compared(tellings: Sequence[Telling | Standing], entries: str) -> Iterator[tuple[UUID, str]]:
    rows = " UNION ALL ".join(
        f"SELECT '{each.name}' AS name, stream, said, {_key(each.key)} AS key FROM ({each.rows}) x (stream, given),"  # noqa: S608
        f" LATERAL (SELECT given || jsonb_build_object('stream', stream) AS said) named"
        for each in tellings
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(_TOLD.format(rows=rows, entries=entries))
        for stream, name, key, is_gone, is_untold, names in cursor:
            yield stream, _why(name, key, is_gone, is_untold, names)


def _why(name: str, key: str, is_gone: bool, is_untold: bool, names: Sequence[str] | None) -> str:
    which = f"{name} " + key.strip("[]").replace('"', "")
    if is_gone:
        return f"the {which} is gone, an entry tells it"
    if is_untold:
        return f"no entry tells the {which}"
    return f"the {which} is not the one its entry tells: {', '.join(names or ())}"


def _entries(tellings: Sequence[Telling | Standing], kinds: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    return _ENTRIES.format(
        keys=" ".join(f"WHEN '{each.name}' THEN {_key(each.key)}" for each in tellings),
        only=", ".join(f"'{kind}'" for _, kind, _ in kinds),
        kinds=", ".join(f"('{name}', '{kind}', '{{{','.join(since)}}}'::text[])" for name, kind, since in kinds),
    )


def _key(names: Sequence[str]) -> str:
    return "jsonb_build_array({})".format(", ".join(f"said -> '{name}'" for name in names))
