"""PostgreSQL or Valkey gone for a while under running services: what is said, what is kept, who recovers."""

import time

from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews.models import Item, Submission
from tests.factories import World, a_document, make_person, sign, take
from tests.faults.bed import Bed, wait_until
from tests.faults.wire import as_bytes

# A pool left to its own devices doubles its pause: 1, 3, 7, 15 s after the cut. This is the worst moment before 15.
OUTAGE = 8.0


def test_a_nudge_that_got_lost_costs_a_sweep_and_no_item(bed: Bed, world: World) -> None:
    webhook_id, raw = str(new_id()), as_bytes(a_document())

    with bed.valkey_of_web.cut():
        answer = bed.post(world, webhook_id, raw)
        ready = bed.ask("GET", "/readyz")
        wait_until(lambda: Item.objects.filter(pk=answer.body["id"]).exists(), "the sweep routed it", 15)

    assert (answer.status, ready.status) == (202, 503)
    assert answer.seconds < 2
    assert ready.body["broker"] == "does not answer"


def test_with_valkey_away_for_everybody_posts_are_taken_and_routed_once_it_is_back(bed: Bed, world: World) -> None:
    posts = [(str(new_id()), as_bytes(a_document())) for _ in range(5)]

    with bed.valkey_of_web.cut(), bed.valkey.cut():
        answers = [bed.post(world, *given) for given in posts]
        time.sleep(2)
        bed.services.insist_alive()
    wait_until(lambda: Item.objects.filter(flow=world.flow).count() == len(posts), "all routed")

    assert [answer.status for answer in answers] == [202] * len(posts)
    assert max(answer.seconds for answer in answers) < 2
    after = bed.insist(world, str(new_id()), as_bytes(a_document()))[-1]
    wait_until(lambda: Item.objects.filter(pk=after.body["id"]).exists(), "the workers go on")
    wait_until(lambda: bed.ask("GET", "/readyz").status == 200, "ready again")


def test_with_postgresql_away_nothing_is_taken_and_everybody_recovers(bed: Bed, world: World) -> None:
    ana = make_person("ana", Role.ADJUSTER)
    webhook_id, raw = str(new_id()), as_bytes(a_document())
    bed.insist(world, str(new_id()), as_bytes(a_document()))

    with bed.postgres.cut():
        began = time.monotonic()
        refused = [bed.post(world, webhook_id, raw) for _ in range(2)]
        ready = bed.ask("GET", "/readyz")
        stored = Submission.objects.filter(idempotency_id=webhook_id).exists()
        time.sleep(max(0.0, began + OUTAGE - time.monotonic()))
        bed.services.insist_alive()
    back = time.monotonic()
    taken = bed.insist(world, webhook_id, raw)[-1]
    recovered = time.monotonic() - back
    wait_until(lambda: Item.objects.filter(pk=taken.body["id"]).exists(), "the worker recovered")
    item = Item.objects.get(pk=taken.body["id"])
    sign(take(item, ana), ana)
    wait_until(lambda: bed.get(world, f"/api/v1/items/{item.pk}/decision").status == 200, "the sequencer recovered")

    assert [(answer.status, answer.body["code"]) for answer in refused] == [(503, "database_unavailable")] * 2
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert not stored
    assert ready.body["database"] == "does not answer"
    assert taken.status == 202
    assert recovered < OUTAGE / 2
    assert Submission.objects.filter(idempotency_id=webhook_id).count() == 1
    assert bed.findings() == ()
