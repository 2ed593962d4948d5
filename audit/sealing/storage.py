"""The log as the database holds it: reading tiles and checkpoints, copying leaves in."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db import connection

from audit.models import Checkpoint, Log
from audit.sealing import merkle, tiles


def current_log() -> Log | None:
    """Give the log this installation writes to."""
    return Log.objects.filter(origin=settings.LOG_ORIGIN).first()


def newest_checkpoint(log_id: int) -> Checkpoint | None:
    """Give the last checkpoint of a log."""
    return Checkpoint.objects.filter(log_id=log_id).order_by("-cp_id").first()


def leaf_count(log_id: int) -> int:
    """Give one more than the last index; the log is dense, so that is how many leaves it has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(idx) + 1, 0) FROM audit_leaf WHERE log_id = %s", [log_id])
        return int(cursor.fetchone()[0])


class StoredTree:
    """Hashes of one log, read tile by tile and kept for as long as this object is."""

    def __init__(self, log_id: int) -> None:
        self.log_id = log_id
        self._rows: dict[tuple[int, int], bytes] = {}

    @cached_property
    def hash_at(self) -> merkle.HashAt:
        """Give the reader merkle's proofs ask."""
        return tiles.hash_reader(self.tile)

    def tile(self, level: int, n: int) -> bytes:
        """Give a tile: the full one where it is stored, else what there is of it."""
        place = (level, n)
        if place not in self._rows:
            self._rows[place] = self._full(level, n) or b"".join(self.hashes(level, n * tiles.WIDTH, tiles.WIDTH))
        return self._rows[place]

    def hashes(self, level: int, start: int, count: int) -> list[bytes]:
        """Give up to `count` hashes of a level: leaves, or the roots of the full tiles below."""
        table, place, digest = ("audit_tile", "n", "root") if level else ("audit_leaf", "idx", "leaf_hash")
        query = f"SELECT {digest} FROM {table} WHERE log_id = %s AND {place} >= %s AND {place} < %s"  # noqa: S608
        wanted = [self.log_id, start, start + count]
        if level:
            query, wanted = f"{query} AND level = %s", [*wanted, level - 1]
        with connection.cursor() as cursor:
            cursor.execute(f"{query} ORDER BY {place}", wanted)
            return [bytes(row[0]) for row in cursor.fetchall()]

    def edge(self, level: int, size: int) -> list[bytes]:
        """Give the partial tile at the right edge of the tree of `size` leaves."""
        held = tiles.entries_at(level, size)
        return self.hashes(level, held // tiles.WIDTH * tiles.WIDTH, held % tiles.WIDTH)

    def _full(self, level: int, n: int) -> bytes:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT hashes FROM audit_tile WHERE log_id = %s AND level = %s AND n = %s",
                [self.log_id, level, n],
            )
            row = cursor.fetchone()
        return bytes(row[0]) if row else b""


def pending(log_id: int) -> list[tuple[UUID, bytes]]:
    """Give id and leaf hash of every queued entry in the order they were queued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.entry_id, e.leaf_hash FROM audit_entry_queue q JOIN audit_entry e ON e.eid = q.entry_id"
            " WHERE q.log_id = %s ORDER BY q.enq",
            [log_id],
        )
        return [(entry, bytes(digest)) for entry, digest in cursor.fetchall()]


def append_leaves(log_id: int, first: int, queued: Sequence[tuple[UUID, bytes]]) -> None:
    """Copy the leaves in at the indexes after the last."""
    statement = "COPY audit_leaf (log_id, idx, entry_id, leaf_hash) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int2", "int8", "uuid", "bytea"])
        for idx, (entry, digest) in enumerate(queued, first):
            copy.write_row((log_id, idx, entry, digest))


def append_tiles(log_id: int, full: Iterable[tiles.FullTile]) -> None:
    """Copy newly filled tiles in."""
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY audit_tile (log_id, level, n, hashes, root) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["int2", "int2", "int8", "bytea", "bytea"])
        for tile in full:
            copy.write_row((log_id, tile.level, tile.n, tile.hashes, tile.root))


def dequeue(log_id: int, first: int) -> int:
    """Take exactly the entries that now have a leaf out of the queue; later ones stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_entry_queue q USING audit_leaf l"
            " WHERE l.entry_id = q.entry_id AND l.log_id = %s AND l.idx >= %s",
            [log_id, first],
        )
        return int(cursor.rowcount)
