"""The sequencer's loop: it ends loudly, outlives a lost connection, and wakes who waits."""

import json
import threading

import pytest
import redis

from audit.sealing import afterwards, sequencer
from audit.sealing.sequencer import RefusedToSign
from tests.audit.sealed import indexes, query, superuser, write
from tests.audit.sequencing import in_thread, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_loop_ends_loudly_when_signing_is_refused(seal, mark):
    write()
    seal()
    mark.unlink()

    with pytest.raises(RefusedToSign):
        sequencer.run_forever(threading.Event(), mark)


def test_the_loop_outlives_a_lost_database_connection(mark, settings):
    settings.SEQUENCER_INTERVAL_MS = 20
    stop, backends = threading.Event(), []

    def loop() -> None:
        backends.extend(query("SELECT pg_backend_pid()"))
        sequencer.run_forever(stop, mark)

    write()
    thread = in_thread(loop)
    wait_for(lambda: indexes() == [0])
    with superuser():
        query("SELECT pg_terminate_backend(%s)", *backends[0])
    write()
    wait_for(lambda: indexes() == [0, 1])
    stop.set()
    thread.join(15)

    assert not thread.is_alive()


def test_waiters_are_told_of_new_entries(seal, settings):
    with redis.Redis.from_url(settings.REDIS_URL) as valkey, valkey.pubsub() as listener:
        listener.subscribe(afterwards.channel())
        listener.get_message(timeout=5)
        write(3)

        sealed = seal()

        said = json.loads(listener.get_message(timeout=5)["data"])
    assert (said["log"], said["first"], said["size"]) == (sealed.log_id, 0, 3)


def test_sealing_goes_on_when_valkey_is_away(seal, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    write()

    assert seal().size == 1

    assert "Nobody was told" in caplog.text
