"""`manage.py doctor` on the broker and the workers: break one thing at a time and read the sentence that says so."""

import json
import os

from django.core.cache import cache

from portal.doctor import broker
from portal.embedded.host import wait_until
from portal.embedded.valkey import Valkey
from portal.health import HEARTBEAT
from portal.supervisor import supervising
from tests.portal import scratch
from tests.portal.examining import FAIL, OK, level

ELSEWHERE = "redis://127.0.0.1:1/0"


# --- The broker -------------------------------------------------------------------------------------------


def test_a_broker_that_does_not_answer_is_told(settings):
    assert level(broker.broker) is OK

    settings.REDIS_URL = ELSEWHERE
    assert level(broker.broker) is FAIL


def test_a_broker_that_forgets_is_told(settings, tmp_path):
    server = Valkey(tmp_path)
    server.start()
    try:
        settings.REDIS_URL = server.url
        assert level(broker.eviction) is OK
        broker.redis.Redis.from_url(server.url).config_set("maxmemory-policy", "allkeys-lru")
        assert level(broker.eviction) is FAIL
    finally:
        server.stop()


def test_a_heartbeat_means_that_worker_and_beat_live():
    cache.set(HEARTBEAT, True, 30)

    assert [level(broker.worker), level(broker.beat)] == [OK, OK]
    cache.delete(HEARTBEAT)


def test_a_worker_without_beat_is_told_apart_from_no_worker(tmp_path, settings):
    prefix = f"doctor-test-{os.getpid()}"
    words = {"CACHE_PREFIX": prefix, "BROKER_PREFIX": f"{prefix}:"}

    def told():
        said = json.loads(scratch.manage("doctor", "--json", **words).stdout)
        return {each["check"]: each["sentence"] for each in said if each["group"] == "broker"}

    client = broker.redis.Redis.from_url(settings.REDIS_URL)
    assert "No worker answers" in told()["worker"]
    with supervising(tmp_path, words, names=("worker",)):
        # A worker that starts says so once by itself; what is left to hear after that is beat's.
        assert wait_until(lambda: client.delete(f"{prefix}:1:{HEARTBEAT}"))
        found = told()
    assert found["worker"] == "A worker lives."
    assert "beat asked nothing" in found["beat"]
