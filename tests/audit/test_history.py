"""Row history: written by the ledger alone, hashed as the database holds it, refused without an entry."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from django.db import connection, transaction

from audit import history, ledger, models
from audit.facts import Fact
from reviews.models import Queue
from tests.audit.saying import BY, DUPLICATE, NO_RIGHT, RULE, a_stream, refused, run

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Arranged(Fact):
    """A queue was arranged in some way."""

    kind = "test.arranged"
    sentence = "{actor} arranged a queue."


def recorded(queue: Queue, stream: ledger.Stream | None = None) -> ledger.Written:
    return ledger.append_next(Arranged(), stream=stream or a_stream(), by=BY, rows=[queue])


@pytest.fixture
def queue():
    queue = Queue.objects.create(slug="claims", name="Claims")
    recorded(queue)
    return queue


def rename(queue: Queue, name: str) -> None:
    queue.name = name
    queue.save(update_fields=["name"])


def test_saving_writes_no_history_by_itself(queue):
    rename(queue, "Claims North")

    assert Queue.history.count() == 1
    recorded(queue)


def test_an_append_writes_the_row_as_history(queue):
    (row,) = Queue.history.all()

    assert (row.id, row.slug, row.name, row.history_type) == (queue.id, "claims", "Claims", "+")
    assert row.history_date == models.HistoryLink.objects.get(history_id=row.history_id).entry.at


def test_the_second_time_it_is_a_change(queue):
    rename(queue, "Claims North")
    recorded(queue)

    assert [row.history_type for row in Queue.history.order_by("history_id")] == ["+", "~"]


def test_the_entry_lists_the_hashed_columns_and_the_digest(queue):
    rename(queue, "Claims North")
    stream = a_stream()
    recorded(queue, stream)

    (told,) = ledger.story(stream.id)
    link = models.HistoryLink.objects.get(entry_id=told.eid)
    assert told.pub["rows"] == [
        {
            "model": "reviews.queue",
            "sha256": bytes(link.digest).hex(),
            "columns": ["created_at", "id", "lease_minutes", "name", "profile", "slug"],
        }
    ]


def test_a_stored_row_hashes_to_the_digest_in_the_leaf(queue):
    link = models.HistoryLink.objects.get(model="reviews.queue")
    columns = ["created_at", "id", "lease_minutes", "name", "profile", "slug"]

    assert history.stored_digest(Queue, link.history_id, columns, bytes(link.salt)) == bytes(link.digest)
    assert history.stored_digest(Queue, -1, columns, bytes(link.salt)) is None


def test_a_digest_depends_on_no_setting_of_the_session(queue):
    link = models.HistoryLink.objects.get(model="reviews.queue")
    columns = ["created_at", "id", "lease_minutes", "name", "profile", "slug"]

    run("SET LOCAL TimeZone = 'Asia/Tokyo'")
    run("SET LOCAL DateStyle = 'German'")

    assert history.stored_digest(Queue, link.history_id, columns, bytes(link.salt)) == bytes(link.digest)


def test_the_row_is_hashed_as_the_database_holds_it_not_as_python_does(queue):
    queue.lease_minutes = "020"
    queue.save(update_fields=["lease_minutes"])
    recorded(queue)

    assert history.reread(queue).columns["lease_minutes"] == "20"


def test_two_versions_alike_have_different_digests(queue):
    assert history.reread(queue).digest != history.reread(queue).digest


def test_several_rows_are_recorded_by_one_entry():
    first = Queue.objects.create(slug="north", name="North")
    second = Queue.objects.create(slug="south", name="South")

    written = ledger.append_next(Arranged(), stream=a_stream(), by=BY, rows=[first, second])

    assert models.HistoryLink.objects.filter(entry_id=written.eid).count() == 2
    connection.check_constraints()


def test_recording_costs_one_statement_a_row_and_one_for_the_entry(queue, django_assert_num_queries):
    rename(queue, "Claims North")

    with django_assert_num_queries(2):
        ledger.append(Arranged(), stream=a_stream(), by=BY, version=1, rows=[queue])


def test_a_row_that_was_never_saved_cannot_be_recorded():
    with pytest.raises(RuntimeError, match="save it"):
        recorded(Queue(slug="claims", name="Claims"))


def test_a_row_made_without_history_is_refused():
    with refused(RULE):
        Queue.objects.create(slug="claims", name="Claims")


def test_a_row_changed_without_history_is_refused(queue):
    with refused(RULE):
        rename(queue, "Claims North")


def test_a_row_changed_by_a_query_is_refused(queue):
    with refused(RULE):
        Queue.objects.filter(pk=queue.pk).update(name="Claims North")


def test_a_row_changed_again_after_it_was_recorded_is_refused(queue):
    with refused(RULE):
        rename(queue, "Claims North")
        recorded(queue)
        rename(queue, "Claims South")


def test_history_of_another_row_does_not_count(queue):
    other = Queue.objects.create(slug="other", name="Other")
    recorded(other)

    with refused(RULE):
        rename(queue, "Claims North")
        rename(other, "Another")
        recorded(other)


def test_a_history_row_is_linked_once(queue):
    with refused(DUPLICATE):
        run(
            "INSERT INTO audit_history_link (model, history_id, salt, digest, entry_id)"
            " SELECT model, history_id, salt, digest, entry_id FROM audit_history_link"
        )


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reviews_historicalqueue SET name = 'x'",
        "DELETE FROM reviews_historicalqueue",
        "UPDATE audit_history_link SET digest = sha256('x')",
        "DELETE FROM audit_history_link",
    ],
)
@pytest.mark.parametrize(("who", "sqlstate"), [("countersign_app", NO_RIGHT), ("countersign_owner", RULE)])
def test_history_cannot_be_rewritten(sql, who, sqlstate):
    with refused(sqlstate, as_role=who):
        run(sql)


def forge_history(name: str) -> None:
    columns = "id, slug, profile, lease_minutes, created_at"
    run(
        f"INSERT INTO reviews_historicalqueue ({columns}, name, history_date, history_type)"
        f" SELECT {columns}, %s, now(), '~' FROM reviews_queue",
        name,
    )


@pytest.mark.usefixtures("queue")
def test_a_history_row_without_an_entry_is_refused():
    with refused(RULE):
        forge_history("forged")


@pytest.mark.usefixtures("queue")
def test_a_temporary_table_cannot_stand_in_for_the_links():
    with refused(RULE):
        run("CREATE TEMPORARY TABLE audit_history_link (model text, history_id bigint)")
        forge_history("forged")
        run("INSERT INTO pg_temp.audit_history_link SELECT 'reviews.queue', history_id FROM reviews_historicalqueue")


@pytest.mark.django_db(transaction=True)
def test_history_written_inside_a_savepoint_counts_and_that_of_earlier_transactions_does_not():
    with transaction.atomic():
        queue = Queue.objects.create(slug="claims", name="Claims")
        with transaction.atomic():
            recorded(queue)
    with transaction.atomic():
        rename(queue, "Claims North")
        recorded(queue)

    with refused(RULE):
        rename(queue, "Claims")


def test_going_back_to_an_older_version_is_recorded_anew(queue):
    rename(queue, "Claims North")
    recorded(queue)
    connection.check_constraints()

    rename(queue, "Claims")
    recorded(queue)

    connection.check_constraints()
    assert Queue.history.count() == 3


def test_the_person_who_did_it_stands_in_the_history_row(django_user_model):
    ana = django_user_model.objects.create(username="ana")
    queue = Queue.objects.create(slug="claims", name="Claims")

    ledger.append_next(Arranged(), stream=a_stream(), by=ana, rows=[queue])

    assert Queue.history.get().history_user_id == ana.pk


def test_deleting_a_recorded_row_is_refused(queue):
    with refused(RULE):
        queue.delete()


def test_times_are_written_in_utc_with_six_decimals(queue):
    moment = datetime(2026, 11, 20, 10, 31, 7, 120000, tzinfo=timezone(timedelta(hours=1)))
    queue.created_at = moment
    queue.save(update_fields=["created_at"])
    recorded(queue)

    assert history.reread(queue).columns["created_at"] == "2026-11-20T09:31:07.120000Z"
