"""Exhibits: sealed content opens with its key and only then."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction

from audit import exhibits, models
from audit.canonical import sha256
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import NotFound
from tests.audit.saying import role, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_remembered_keys():
    exhibits.forget_keys()
    yield
    exhibits.forget_keys()


def test_sealed_content_opens_again():
    exhibit = exhibits.seal(b'{"name":"Ana"}', scope="item:1")

    assert exhibits.open(exhibit.id) == b'{"name":"Ana"}'


def test_the_stored_bytes_do_not_show_the_content():
    exhibit = exhibits.seal(b"Ana Horvat", scope="item:1", media_type="text/plain")

    stored = models.Exhibit.objects.get(pk=exhibit.id)
    assert b"Ana" not in bytes(stored.ciphertext)
    assert (bytes(stored.digest), stored.size, stored.media_type) == (sha256(b"Ana Horvat"), 10, "text/plain")


def test_one_scope_has_one_key():
    assert exhibits.key_for("item:1") == exhibits.key_for("item:1")
    assert exhibits.key_for("item:1") != exhibits.key_for("item:2")


def test_a_key_does_not_show_in_its_repr():
    key = exhibits.key_for("item:1")

    assert repr(key.secret) not in repr(key)


def test_a_destroyed_key_erases_what_it_sealed():
    exhibit = exhibits.seal(b"Ana", scope="item:1")

    with role("countersign_eraser"):
        assert exhibits.destroy_key(exhibit.dek_id)

    with pytest.raises(exhibits.Erased) as caught:
        exhibits.open(exhibit.id)
    assert (caught.value.status, caught.value.code) == (410, "erased")


def test_a_key_is_destroyed_only_once():
    key = exhibits.key_for("item:1")

    with role("countersign_eraser"):
        assert exhibits.destroy_key(key.id)
        assert not exhibits.destroy_key(key.id)


def test_after_erasing_a_scope_gets_a_new_key():
    old = exhibits.key_for("item:1")
    with role("countersign_eraser"):
        exhibits.destroy_key(old.id)

    assert exhibits.key_for("item:1").id != old.id
    assert exhibits.key_by_id(old.id) is None


def test_erasing_a_subject_also_forgets_who_it_was():
    scope = exhibits.subject_scope(new_id(), "Ana Horvat", new_id())
    key = exhibits.key_for(scope)

    with role("countersign_eraser"):
        exhibits.destroy_key(key.id)

    assert models.DataKey.objects.get(pk=key.id).scope == "subject:erased"


def test_ciphertext_moved_to_another_exhibit_does_not_open():
    exhibit = exhibits.seal(b"Ana", scope="item:1")
    moved = models.Exhibit.objects.get(pk=exhibit.id)
    moved.pk = new_id()
    moved.save(force_insert=True)

    with pytest.raises(exhibits.Damaged):
        exhibits.open(moved.pk)


def test_a_digest_that_does_not_match_is_damage():
    exhibit = exhibits.seal(b"Ana", scope="item:1")
    key = exhibits.key_for("item:1")
    wrong = models.Exhibit.objects.get(pk=exhibit.id)
    wrong.pk = new_id()
    wrong.ciphertext = exhibits.encrypt(b"Eve", key, wrong.pk.bytes)
    wrong.save(force_insert=True)

    with pytest.raises(exhibits.Damaged, match="digest"):
        exhibits.open(wrong.pk)


def test_an_unknown_exhibit_is_not_found():
    with pytest.raises(NotFound):
        exhibits.open(new_id())


def test_a_subjects_scope_holds_no_name_and_is_one_for_one_spelling():
    flow, item = new_id(), new_id()

    composed, combining = "Ana H\u00f6rvat", "Ana Ho\u0308rvat"
    assert exhibits.subject_scope(flow, composed, item) == exhibits.subject_scope(flow, combining, new_id())
    assert "Ana" not in exhibits.subject_scope(flow, "Ana", item)
    assert exhibits.subject_scope(flow, None, item) == exhibits.subject_scope(flow, "", item) == f"item:{item}"


def test_intake_content_opens_once_its_row_is_there():
    sealed = exhibits.seal_for_intake(b"body")

    models.Exhibit.objects.create(
        id=sealed.id,
        ciphertext=sealed.ciphertext,
        dek_id=sealed.dek_id,
        digest=sealed.digest,
        size=sealed.size,
        media_type=sealed.media_type,
    )
    assert exhibits.open(sealed.id) == b"body"


def test_intake_asks_the_database_nothing_while_it_remembers_the_days_key(
    django_assert_num_queries, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = exhibits.seal_for_intake(b"body")

    with django_assert_num_queries(0):
        assert exhibits.seal_for_intake(b"body").dek_id == first.dek_id


def test_the_next_day_has_a_key_of_its_own(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        today = exhibits.seal_for_intake(b"body")

    with time_machine.travel(now() + timedelta(days=1)):
        assert exhibits.seal_for_intake(b"body").dek_id != today.dek_id


def test_a_key_of_a_transaction_that_rolls_back_is_not_remembered():
    with transaction.atomic():
        gone = exhibits.seal_for_intake(b"body")
        transaction.set_rollback(True)

    assert exhibits.seal_for_intake(b"body").dek_id != gone.dek_id


@pytest.mark.django_db(transaction=True)
def test_after_the_tables_were_emptied_no_key_is_remembered():
    gone = exhibits.seal_for_intake(b"body")

    call_command("flush", interactive=False, verbosity=0)

    assert exhibits.seal_for_intake(b"body").dek_id != gone.dek_id


@pytest.mark.django_db(transaction=True)
def test_many_threads_asking_for_a_new_key_get_the_same_one():
    start, keys = threading.Barrier(6), []

    def ask() -> None:
        start.wait()
        keys.append(exhibits.key_for("item:contended"))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 6
    assert len(set(keys)) == 1
    assert run("SELECT count(*) FROM audit_data_key WHERE scope = 'item:contended'") == [(1,)]
