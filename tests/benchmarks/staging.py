"""Real items with their files, posted and routed as a flow would, and the cost of a password taken away."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

from tests.benchmarks.bed import ROOT

ALL_FILES, NO_FILES = 0, 4  # turns of examples/files.py


def world() -> Any:
    """Make a flow with the example's contract and no brake, its queues and its rules."""
    from tests.factories import make_world

    contract = json.loads((ROOT / "examples" / "contracts" / "claim.json").read_text())
    return make_world(contract=contract, posts_per_minute=10**9, posts_per_day=10**9)


def post(world: Any, count: int, *, turn: int = ALL_FILES, priority: str = "normal") -> list[UUID]:
    """Upload the files of so many payouts, post and route them; gives the items."""
    made = [_posted(world, document, turn, priority) for document in islice(cycle(_payouts()), count)]
    _route()
    return made


def _payouts() -> Sequence[dict[str, Any]]:
    """Give claims that are paid and have an estimate, so that each can bring all four files."""
    from examples.items import claims

    paid = (each for each in claims(400) if each["action"]["effect"] == "pay")
    return [each for each in paid if float(each["snapshot"]["input"]["building_damage"]) > 0][:50]


def _posted(world: Any, document: dict[str, Any], turn: int, priority: str) -> UUID:
    from examples import files

    unique, brought = str(uuid4()), files.of_claim(document, turn)
    action = document["action"] | {"subject": f"claim/{unique}"}
    snapshot = document["snapshot"] | {"extractions": files.extractions(document, brought)}
    named = [world.upload(each.content, each.name, each.media_type) for each in brought]
    told = document | {"external_id": unique, "action": action, "snapshot": snapshot, "priority": priority}
    answer = world.post(told | {"attachments": named})
    assert answer.status_code == 202, answer.content
    return UUID(answer.json()["id"])


def _route() -> None:
    from reviews.actions import routing

    while routing.drain():
        pass


def decided(world: Any, *, turn: int = ALL_FILES) -> UUID:
    """Give an item that one adjuster read and approved."""
    from portal.accounts.roles import Role
    from reviews.models import Item
    from tests.factories import make_person, open_all, sign, take

    person = make_person("dora", Role.ADJUSTER)
    item = Item.objects.filter(pk__in=post(world, 5, turn=turn), rule="small")[0]
    taken = take(item, person)
    open_all(taken, person)
    sign(taken, person)
    return item.pk


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hash with Argon2's smallest parameters, as the tests do."""
    from django.contrib.auth.hashers import Argon2PasswordHasher as Hasher

    kept = Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism
    Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism = 1, 8, 1
    try:
        yield
    finally:
        Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism = kept
