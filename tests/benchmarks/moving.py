"""Moves: one step of an item under the database's rules, against the same statements with the rules off."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, middle, ratio

_ROLE = "countersign_app"


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate the two sides over items of their own; only the triggers and foreign keys differ."""
    bed.fresh("moving")
    count = effort.amount(150, 30)
    ruled, free = _items(count), _items(count)
    with_rules: list[float] = []
    without: list[float] = []
    _move(ruled, rules=True)
    _move(free, rules=False)
    for number in range(effort.rounds):
        sides = [(ruled, True, with_rules), (free, False, without)]
        for items, rules, told in sides if number % 2 else reversed(sides):
            told.append(_move(items, rules=rules))
        print(f"moves {with_rules[-1]:.0f}/s, without rules {without[-1]:.0f}/s", file=sys.stderr)
    yield Figure("moves", middle(with_rules), "moves/s")
    yield Figure("moves_ratio", ratio(with_rules, without), "ratio", least=0.6)


def _items(count: int) -> list[Any]:
    """Post and route items in review."""
    from django.test import Client

    from reviews.actions import routing
    from reviews.models import Item
    from tests.factories import a_document, make_world

    world, client = make_world(), Client(SERVER_NAME="localhost")
    for _ in range(count):
        assert world.post(a_document(), client=client).status_code == 202
    while routing.drain():
        pass
    return list(Item.objects.filter(flow=world.flow).values_list("pk", flat=True))


def _move(items: Sequence[Any], *, rules: bool) -> float:
    """Lock, move and commit each item once; gives moves per second."""
    from django.db import connection, transaction

    from audit.actors import SystemJob
    from reviews import lifecycle
    from reviews.words import State

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")  # RESET would give the role the connection began with
        cursor.execute(f"SET session_replication_role = {'origin' if rules else 'replica'}")
        cursor.execute(f"SET ROLE {_ROLE}")
    began = time.perf_counter()
    for pk in items:
        with transaction.atomic():
            item = lifecycle.lock(pk)
            lifecycle.move(item, State.IN_REVIEW, _signed(), by=SystemJob.SEEDER)
    rate = len(items) / (time.perf_counter() - began)
    connection.close()
    return rate


def _signed() -> Any:
    """Give a fact as large as a signature's."""
    from portal.kit.ids import new_id
    from reviews import facts

    digest = bytes(32)
    return facts.Signed(
        signature=new_id(), revision=1, verdict="approve", role="adjuster", meaning="Approval",
        auth_method="password+totp", assurance="two factors", intent_sha256=digest, action_sha256=digest,
        shown_sha256=digest, policy_version=new_id(), stage=1, printed_name="Ana Adjuster", reason=None,
    )  # fmt: skip
