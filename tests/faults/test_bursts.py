"""Many items at once while something dies: a client that comes again, a batch half drained, messages sent twice."""

import threading
from concurrent.futures import ThreadPoolExecutor

from portal.kit.ids import new_id
from reviews.models import IntakeQueue, Item, Submission
from tests.factories import World, a_document, story
from tests.faults.bed import Bed, wait_until
from tests.faults.wire import Answer, as_bytes

POSTS = 80
BATCH = 150


def test_a_client_that_comes_again_gets_each_item_in_once_though_the_web_dies_twice(bed: Bed, world: World) -> None:
    posts = [(str(new_id()), as_bytes(a_document())) for _ in range(POSTS)]
    done = threading.Semaphore(0)

    def post(given: tuple[str, bytes]) -> list[Answer]:
        answers = bed.insist(world, *given)
        done.release()
        return answers

    with ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(post, given) for given in posts]
        for _ in range(2):
            for _ in range(POSTS // 4):
                assert done.acquire(timeout=60)
            bed.strike("web")
        answers = [each.result() for each in asked]
    wait_until(lambda: not IntakeQueue.objects.exists(), "everything routed")

    assert any(len(each) > 1 for each in answers), "no post was hit"
    promised = {answer.body["id"] for each in answers for answer in each if answer.status == 202}
    assert {each[-1].body["id"] for each in answers} >= promised
    stored = {str(pk) for pk in Submission.objects.filter(flow=world.flow).values_list("pk", flat=True)}
    assert stored == {each[-1].body["id"] for each in answers}
    assert len(stored) == Item.objects.filter(flow=world.flow).count() == POSTS
    assert bed.findings() == ()


def test_a_worker_killed_in_the_middle_of_a_batch_routes_nothing_and_the_next_one_everything(
    bed: Bed, world: World
) -> None:
    with bed.table_locked("reviews_signoff_slot") as waiting:
        posted = bed.post_batch(world, BATCH)
        wait_until(waiting, "a worker in the middle of the batch")
        bed.services.kill("worker")
    wait_until(lambda: not bed.writers("reviews_item"), "the dead worker's transaction ended")

    assert not Item.objects.filter(flow=world.flow).exists()
    assert IntakeQueue.objects.filter(submission__flow=world.flow).count() == BATCH

    bed.services.start("worker")
    assert_each_arrives_once(bed, world, posted)


def test_messages_that_come_twice_route_each_item_once(bed: Bed, world: World) -> None:
    with bed.without("worker"):
        posted = bed.post_batch(world, BATCH)
        bed.send("drain", "intake", times=6)

    assert_each_arrives_once(bed, world, posted)


def test_two_workers_at_the_same_batch_route_each_item_once(bed: Bed, world: World) -> None:
    with bed.table_locked("reviews_item") as waiting:
        first = bed.post_batch(world, BATCH)
        wait_until(waiting, "one worker in the middle of the first batch")
        second = bed.post_batch(world, BATCH)
        bed.send("drain", "intake", times=2)
        wait_until(lambda: waiting() == 2, "another worker in the middle of the second")

    assert_each_arrives_once(bed, world, first + second)


def assert_each_arrives_once(bed: Bed, world: World, posted: list[str]) -> None:
    """Insist on one item, one entry and one content for each post, and on a sound ledger."""
    wait_until(lambda: not IntakeQueue.objects.filter(submission__flow=world.flow).exists(), "all routed")
    items = Item.objects.filter(flow=world.flow)
    assert sorted(str(item.pk) for item in items) == sorted(posted)
    assert all(story(item) == ["item.received"] for item in items)
    assert bed.findings() == ()
