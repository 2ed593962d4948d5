"""The log for verifiers: checkpoint, tiles, and the proof of every entry of an item."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

from audit.sealing import keys, merkle, notes, proofs, sequencer
from tests.api.asking import decide, refusal
from tests.factories import World, make_item, make_world, story

pytestmark = pytest.mark.django_db
ORIGIN = django_settings.LOG_ORIGIN


@pytest.fixture
def world() -> World:
    return make_world()


def log_keys() -> list[bytes]:
    return [key.public for key in keys.public_keys("log")]


def checkpoint(world: World) -> notes.Note:
    answer = world.get("/api/v1/ledger/checkpoint")
    assert answer["Content-Type"].startswith("text/plain")
    note, _ = notes.verify(answer.content.decode(), ORIGIN, log_keys())
    return note


def test_every_entry_of_an_item_is_proved_under_a_signed_checkpoint(world: World) -> None:
    item = decide(world)

    told = world.get(f"/api/v1/items/{item.pk}/proof").json()

    assert len(told["entries"]) == len(story(item)) == 4
    assert told["not_sealed"] == []
    for entry in told["entries"]:
        note = proofs.verify(entry["tlog_proof"], entry["leaf"].encode(), ORIGIN, log_keys())
        assert note.root == checkpoint(world).root


def test_entries_that_wait_for_their_place_are_named(world: World) -> None:
    sequencer.seal_once()
    item = make_item(world)

    told = world.get(f"/api/v1/items/{item.pk}/proof").json()

    assert told["entries"] == []
    assert len(told["not_sealed"]) == 1


def test_the_tiles_give_the_root_the_checkpoint_signed(world: World) -> None:
    decide(world)
    note = checkpoint(world)

    tile = world.get(f"/api/v1/ledger/tile/0/000.p/{note.size}")

    hashes = [tile.content[at : at + 32] for at in range(0, len(tile.content), 32)]
    assert tile["Content-Type"] == "application/octet-stream"
    assert len(hashes) == note.size
    assert merkle.root_of(merkle.extended([], hashes)) == note.root


@pytest.mark.parametrize("path", ["0/000", "0/001", "1/000", "0/0", "entries/000", "../checkpoint", "0/000.p/256"])
def test_a_tile_that_is_not_signed_is_not_there(world: World, path: str) -> None:
    sequencer.seal_once()

    assert refusal(world.get(f"/api/v1/ledger/tile/{path}"))[0] == 404


def test_the_ledger_is_read_with_a_live_key(world: World) -> None:
    assert refusal(Client().get("/api/v1/ledger/checkpoint")) == (401, "key_invalid")
    assert refusal(world.get("/api/v1/ledger/checkpoint")) == (404, "not_found")
