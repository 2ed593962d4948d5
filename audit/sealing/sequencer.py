"""The sequencer: gives every queued entry its place in the log and signs a checkpoint over all of it."""

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import redis
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection

from audit.models import Checkpoint, Log
from audit.sealing import afterwards, guarding, highwater, keys, merkle, notes, storage, tiles
from audit.sealing.guarding import RefusedToSign
from audit.sealing.highwater import HighWater
from audit.sealing.roles import as_sequencer
from portal.kit.clock import now, stamp

__all__ = ["RefusedToSign", "Sealed", "run_forever", "seal_once"]

IDLE_CHECKPOINT = timedelta(minutes=10)

_LOCK = 727
_LONGEST_PAUSE = 10.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one signing did: the checkpoint and how many entries it gave a place."""

    log_id: int
    checkpoint_id: int
    first: int
    size: int
    root: bytes
    signed_at: datetime

    @property
    def added(self) -> int:
        return self.size - self.first


@dataclass(frozen=True, slots=True)
class _Tree:
    """The tree as it was signed last, or the empty one."""

    checkpoint_id: int
    size: int
    root: bytes
    frontier: merkle.Frontier
    signed_at: datetime | None


def seal_once(high_water: Path | None = None) -> Sealed | None:
    """Sign one checkpoint over everything queued; None if nothing waits or another sequencer works."""
    with as_sequencer(durable=True):
        log = storage.current_log()
        if log is None or not _is_ours(log):
            return None
        path = high_water or highwater.default_path(log.pk)
        last = storage.newest_checkpoint(log.pk)
        guarding.insist(log, last, path)
        sealed = _seal(log, _tree_of(last))
    if sealed is None:
        return None
    # Only after the commit: a mark ahead of the database would refuse for ever.
    highwater.replace(path, HighWater(log.origin, sealed.size, sealed.root, sealed.signed_at))
    if sealed.added:
        _publish(sealed)
        afterwards.run()
    return sealed


def run_forever(stop: threading.Event, high_water: Path | None = None) -> None:
    """Seal until told to stop; outlive restarts of the database, end at once when signing was refused."""
    pause = interval = settings.SEQUENCER_INTERVAL_MS / 1000
    while not stop.is_set():
        try:
            seal_once(high_water)
            pause = interval
        except DatabaseTrouble as trouble:
            pause = min(_LONGEST_PAUSE, pause * 2)
            _log.warning("The database does not answer (%s); trying again in %.1f s.", trouble, pause)
            connection.close()
        stop.wait(pause)


def _is_ours(log: Log) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, log.pk])
        return bool(cursor.fetchone()[0])


def _tree_of(last: Checkpoint | None) -> _Tree:
    if last is None:
        return _Tree(0, 0, merkle.EMPTY_ROOT, [], None)
    return _Tree(last.cp_id, last.size, bytes(last.root), merkle.unpack(bytes(last.frontier)), last.signed_at)


def _seal(log: Log, tree: _Tree) -> Sealed | None:
    queued = storage.pending(log.pk)
    if not queued and tree.signed_at is not None and now() - tree.signed_at < IDLE_CHECKPOINT:
        return None
    frontier = _append(log.pk, tree, queued)
    sealed = _sign(log, tree, frontier)
    if storage.dequeue(log.pk, tree.size) != len(queued):
        raise RefusedToSign("The queue changed under the sequencer: another program deletes from it.")
    return sealed


def _append(log_id: int, tree: _Tree, queued: Sequence[tuple[UUID, bytes]]) -> merkle.Frontier:
    if not queued:
        return tree.frontier
    stored, fresh = storage.StoredTree(log_id), [digest for _, digest in queued]
    full = list(tiles.new_tiles(tree.size, fresh, lambda level: stored.edge(level, tree.size)))
    storage.append_leaves(log_id, tree.size, queued)
    storage.append_tiles(log_id, full)
    frontier = merkle.extended(tree.frontier, fresh)
    guarding.insist_on_continuation(log_id, tree.size, tree.root, tree.size + len(fresh), merkle.root_of(frontier))
    return frontier


def _sign(log: Log, tree: _Tree, frontier: merkle.Frontier) -> Sealed:
    size, root, moment = merkle.size_of(frontier), merkle.root_of(frontier), now()
    keys.ensure_keys()
    signing = keys.signing_keys("log")
    Checkpoint.objects.create(
        log_id=log.pk,
        cp_id=tree.checkpoint_id + 1,
        size=size,
        root=root,
        note=notes.sign(log.origin, size, root, [key for _, key in signing]),
        frontier=merkle.pack(frontier),
        key_id=signing[0][0],
        signed_at=moment,
    )
    return Sealed(log.pk, tree.checkpoint_id + 1, tree.size, size, root, moment)


@lru_cache(maxsize=1)
def _valkey(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _publish(sealed: Sealed) -> None:
    """Wake whoever waits for these entries; they also look by themselves, so losing this costs a second."""
    said = {
        "log": sealed.log_id,
        "first": sealed.first,
        "size": sealed.size,
        "signed_at": stamp(sealed.signed_at),
    }
    try:
        _valkey(settings.REDIS_URL).publish(afterwards.channel(), json.dumps(said))
    except redis.RedisError as trouble:
        _log.warning("Nobody was told of checkpoint %s: %s", sealed.checkpoint_id, trouble)
