"""The ledger: what an append writes, what it refuses, and what a story tells."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit import disclosures, exhibits, ledger, models
from audit.actors import SystemJob
from audit.facts import Fact
from portal.kit.clock import stamp
from tests.audit.saying import BY, Looked, Painted, a_key, a_stream, refused, role, run

pytestmark = pytest.mark.django_db


def leaf_of(written: ledger.Written) -> dict:
    return json.loads(bytes(models.Entry.objects.get(pk=written.eid).leaf_bytes))


def test_a_leaf_reads_exactly_as_designed(settings):
    stream = a_stream()
    first = ledger.append(Painted("red"), stream=stream, by=BY, version=1, state="new")

    second = ledger.append(Painted("blue"), stream=stream, by=BY, version=2, state="done", prev=first.leaf_hash)

    assert leaf_of(second) == {
        "v": 1,
        "typ": "countersign.ledger.entry",
        "log": settings.LOG_ORIGIN,
        "eid": str(second.eid),
        "at": stamp(second.at),
        "kind": "test.painted",
        "subj": {
            "t": "thing",
            "id": str(stream.id),
            "seq": 2,
            "state": "done",
            "prev": first.leaf_hash.hex(),
        },
        "actor": {"t": "system", "ref": str(SystemJob.SEEDER.actor.ref)},
        "pub": {"colour": "blue"},
        "_sd_alg": "sha-256",
        "_sd": [],
    }


def test_leaf_bytes_are_canonical_and_hashed_as_a_merkle_leaf():
    written = ledger.append_next(Painted("žuta"), stream=a_stream(), by=BY)

    entry = models.Entry.objects.get(pk=written.eid)
    content = bytes(entry.leaf_bytes)
    canonical = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content == canonical.encode()
    assert written.leaf_hash == hashlib.sha256(b"\0" + content).digest() == bytes(entry.leaf_hash)


def test_an_entry_waits_for_the_sequencer():
    written = ledger.append_next(Painted("red"), stream=a_stream(), by=BY)

    assert models.EntryQueue.objects.filter(entry_id=written.eid).count() == 1


def test_the_columns_repeat_the_leaf():
    stream = a_stream()
    written = ledger.append_next(Painted("red"), stream=stream, by=BY, state="new")

    entry = models.Entry.objects.get(pk=written.eid)
    leaf = leaf_of(written)
    assert (entry.kind, entry.stream_type, str(entry.stream)) == (leaf["kind"], "thing", leaf["subj"]["id"])
    assert (entry.version, entry.state) == (leaf["subj"]["seq"], leaf["subj"]["state"]) == (1, "new")
    assert (entry.actor_type, str(entry.actor_ref)) == (leaf["actor"]["t"], leaf["actor"]["ref"])
    assert stamp(entry.at) == leaf["at"]


def test_a_note_has_no_version_state_or_prev():
    stream = a_stream()
    ledger.append_next(Painted("red"), stream=stream, by=BY)

    written = ledger.append(Looked(), stream=stream, by=BY)

    subject = leaf_of(written)["subj"]
    assert (subject["seq"], subject["state"], subject["prev"]) == (None, None, None)
    assert ledger.last(stream.id)[0] == 1


def test_append_next_follows_the_last_version():
    stream = a_stream()

    written = [ledger.append_next(Painted(colour), stream=stream, by=BY) for colour in ("red", "blue")]

    assert [one.version for one in written] == [1, 2]
    assert ledger.last(stream.id) == (2, written[1].leaf_hash)


def test_an_unknown_stream_has_no_last_version():
    assert ledger.last(a_stream().id) is None


def test_personal_fields_stand_in_the_leaf_as_salted_digests_only():
    written = ledger.append_next(Painted("red", "Ana Horvat"), stream=a_stream(), by=BY, key=a_key())

    entry = models.Entry.objects.get(pk=written.eid)
    field = models.EntryField.objects.get(entry_id=written.eid)
    assert b"Ana" not in bytes(entry.leaf_bytes)
    assert b"Ana" not in bytes(field.disclosure)
    digest = urlsafe_b64encode(bytes(field.digest)).rstrip(b"=").decode()
    assert leaf_of(written)["_sd"] == [digest]


def test_a_disclosure_opens_to_its_salt_name_and_value_and_matches_its_digest():
    key = a_key()
    written = ledger.append_next(Painted("red", "Ana"), stream=a_stream(), by=BY, key=key)

    field = models.EntryField.objects.get(entry_id=written.eid)
    opened = exhibits.decrypt(bytes(field.disclosure), key, disclosures.bound_to(written.eid, field.pos))
    assert disclosures.read(opened.decode()) == ("customer", "Ana")
    assert hashlib.sha256(opened).digest() == bytes(field.digest)


def test_two_disclosures_of_one_name_have_different_digests():
    assert disclosures.digest_of(disclosures.disclosure_of("customer", "Ana")) != disclosures.digest_of(
        disclosures.disclosure_of("customer", "Ana")
    )


def test_a_fact_with_personal_fields_needs_a_key():
    with pytest.raises(TypeError, match="needs the key"):
        ledger.append_next(Painted("red", "Ana"), stream=a_stream(), by=BY)


def test_a_fact_that_is_not_registered_is_refused():
    class Unspoken(Fact):
        """Nobody registered this: it has no kind."""

    with pytest.raises(TypeError, match="not a registered fact"):
        ledger.append_next(Unspoken(), stream=a_stream(), by=BY)


def test_an_entry_longer_than_a_leaf_may_be_is_refused():
    with pytest.raises(ValueError, match="65535"):
        ledger.append_next(Painted("r" * 65_535), stream=a_stream(), by=BY)


def test_a_float_is_refused():
    with pytest.raises(ValueError, match="/pub/colour"):
        ledger.append_next(Painted(0.5), stream=a_stream(), by=BY)


@pytest.mark.parametrize("name", ["countersign_app", "countersign_sequencer", "countersign_eraser"])
def test_every_role_that_must_append_can(name):
    ledger.current_log()
    key = a_key()

    with role(name):
        ledger.append_next(Painted("red", "Ana"), stream=a_stream(), by=BY, key=key)


def test_an_append_is_one_statement(django_assert_num_queries):
    stream, key = a_stream(), a_key()
    first = ledger.append_next(Painted("red"), stream=stream, by=BY)

    with django_assert_num_queries(1):
        ledger.append(Painted("blue", "Ana", "soon"), stream=stream, by=BY, version=2, prev=first.leaf_hash, key=key)


def test_the_first_entry_opens_the_log(settings):
    settings.LOG_ORIGIN = "elsewhere.example/log/7"

    written = ledger.append_next(Painted("red"), stream=a_stream(), by=BY)

    log = models.Entry.objects.get(pk=written.eid).log
    assert (log.origin, log.epoch) == ("elsewhere.example/log/7", 7)
    assert ledger.current_log() == log


def test_a_story_tells_sentences_oldest_first():
    stream = a_stream()
    ledger.append_next(Painted("red", "Ana"), stream=stream, by=BY, key=a_key())
    ledger.append(Looked(), stream=stream, by=SystemJob.ROUTER)

    assert [told.sentence for told in ledger.story(stream.id)] == [
        "seeder painted it red for Ana.",
        "router looked.",
    ]


def test_a_story_puts_in_the_names_the_reader_may_see():
    stream = a_stream()
    ledger.append(Looked(), stream=stream, by=BY)

    assert ledger.story(stream.id, name=lambda _actor: "Ana Horvat")[0].sentence == "Ana Horvat looked."


def test_what_was_erased_says_so_and_nothing_else_changes():
    stream, key = a_stream(), a_key()
    ledger.append_next(Painted("red", "Ana"), stream=stream, by=BY, key=key)

    with role("countersign_eraser"):
        run("UPDATE audit_entry_field SET disclosure = NULL WHERE dek_id = %s", key.id)

    (told,) = ledger.story(stream.id)
    assert told.sentence == "seeder painted it red for [erased]."
    assert told.personal == {"customer": "[erased]"}


def test_a_destroyed_key_erases_the_disclosures_under_it():
    stream, key = a_stream(), a_key()
    ledger.append_next(Painted("red", "Ana", "soon"), stream=stream, by=BY, key=key)

    with role("countersign_eraser"):
        exhibits.destroy_key(key.id)

    assert ledger.story(stream.id)[0].personal == {"customer": "[erased]", "remark": "[erased]"}


@dataclass(frozen=True, slots=True)
class Listed(Fact):
    """A fact that wants the name the ledger keeps for row history."""

    kind = "test.listed"
    sentence = "{actor} listed {rows}."
    rows: str


def test_a_fact_may_not_use_the_ledgers_own_name():
    with pytest.raises(TypeError, match="rows"):
        ledger.append_next(Listed("a"), stream=a_stream(), by=BY)


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        ledger.append_next(Painted("red"), stream=a_stream(), by=BY)


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_of_one_version_the_database_refuses_one():
    stream, outcomes = a_stream(), []
    with transaction.atomic():
        first = ledger.append_next(Painted("red"), stream=stream, by=BY)
    start = threading.Barrier(4)

    def write(colour: str) -> None:
        start.wait()
        try:
            with transaction.atomic():
                ledger.append(Painted(colour), stream=stream, by=BY, version=2, prev=first.leaf_hash)
            outcomes.append("written")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(colour,)) for colour in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "refused", "refused", "written"]


@pytest.mark.django_db(transaction=True)
def test_after_the_tables_were_emptied_the_log_opens_again():
    with transaction.atomic():
        ledger.append_next(Painted("red"), stream=a_stream(), by=BY)

    call_command("flush", interactive=False, verbosity=0)

    assert run("SELECT count(*) FROM audit_entry") == [(0,)]
    assert run("SELECT current_user") == [("countersign_app",)]
    with transaction.atomic():
        ledger.append_next(Painted("red"), stream=a_stream(), by=BY)


def test_the_leaf_of_a_stream_cannot_be_continued_from_another_stream():
    other = ledger.append_next(Painted("red"), stream=a_stream(), by=BY)

    with refused("23503"):
        ledger.append(Painted("blue"), stream=a_stream(), by=BY, version=2, prev=other.leaf_hash)
