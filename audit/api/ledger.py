"""The log for verifiers: the newest checkpoint and the tiles under it, as C2SP tlog-tiles has them."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from audit.models import Checkpoint, Log
from audit.sealing import storage, tiles
from portal.kit.problems import NotFound

router = Router(tags=["ledger"])

_NEVER_CHANGES = "private, max-age=31536000, immutable"


@router.get("/checkpoint")
def read_checkpoint(request: HttpRequest) -> HttpResponse:
    """Give the newest checkpoint, a C2SP signed note."""
    _, newest = _newest()
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(newest.note, content_type="text/plain; charset=utf-8", headers=headers)


@router.get("/tile/{path:tile}")
def read_tile(request: HttpRequest, tile: str) -> HttpResponse:
    """Give a tile of hashes, full or partial, of the tree the newest checkpoint signed."""
    try:
        level, n, width = tiles.parse_path(tile)
    except ValueError:
        raise NotFound("This is not the path of a tile of hashes.") from None
    log, newest = _newest()
    if not 0 < width <= tiles.width_of(level, n, newest.size):
        raise NotFound("The signed tree has no such tile yet.")
    hashes = storage.StoredTree(log.pk).tile(level, n)[: width * tiles.HASH]
    headers = {"Cache-Control": _NEVER_CHANGES}
    return HttpResponse(hashes, content_type="application/octet-stream", headers=headers)


def _newest() -> tuple[Log, Checkpoint]:
    log = storage.current_log()
    newest = storage.newest_checkpoint(log.pk) if log else None
    if log is None or newest is None:
        raise NotFound("Nothing is signed yet.")
    return log, newest
