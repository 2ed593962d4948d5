"""`manage.py doctor` on the proof: keys, sequencer, evidence and copies, each broken and told in its sentence."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from audit.actors import SystemJob
from audit.sealing import highwater, keys, sequencer, storage
from portal.accounts.roles import Role
from portal.doctor import checks, proof
from portal.installing import actions
from portal.kit.clock import now
from reviews.actions import evidencing
from reviews.models import Decision
from tests.audit import sealed
from tests.factories import make_item, make_person, make_world, sign, take
from tests.portal.examining import FAIL, OK, WARN, level

BY = SystemJob.CONFIGURATOR


# --- The proof --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_nobody_brought_into_use_is_told():
    assert [level(proof.installation), level(proof.administrators), level(proof.log)] == [FAIL, FAIL, FAIL]

    actions.open_installation("Example Mutual", by=BY)
    assert [level(proof.installation), level(proof.log)] == [OK, OK]


@pytest.mark.django_db
def test_one_administrator_is_too_few():
    for name, expected in (("tom", WARN), ("eva", OK)):
        actions.add_administrator(name, name.title(), f"{name}@example.com", "quiet-otter-sings-at-dawn", by=BY)
        assert level(proof.administrators) is expected


@pytest.mark.django_db
def test_a_key_that_is_gone_foreign_or_open_is_told(settings):
    assert "no live key" in proof.keys().sentence

    keys.ensure_keys()
    assert level(proof.keys) is OK
    (file,) = Path(settings.KEYS_DIR).glob("log-*.key")
    file.chmod(0o644)
    assert "open to others" in proof.keys().sentence
    file.chmod(0o600)
    content = file.read_bytes()
    (other,) = Path(settings.KEYS_DIR).glob("receipt-*.key")
    file.write_bytes(other.read_bytes())
    assert "not the one whose public half" in proof.keys().sentence
    file.write_bytes(content)
    file.unlink()
    assert "does not exist" in proof.keys().sentence


@pytest.mark.django_db
def test_a_keyring_that_lost_a_key_is_told(settings):
    sealed.a_key()
    assert level(proof.data_keys) is OK

    settings.KEYRING = "other:" + base64.b64encode(b"k" * 32).decode()
    assert "add that key to KEYRING again" in proof.data_keys().sentence


@pytest.mark.django_db(transaction=True)
def test_a_sequencer_that_fell_silent_is_told():
    assert level(proof.sequencer) is FAIL

    sealed.write()
    sequencer.seal_once()
    assert [level(proof.sequencer), level(proof.queue), level(proof.high_water)] == [OK, OK, OK]
    sealed.write()
    with time_machine.travel(now() + timedelta(minutes=12)):
        assert [level(proof.sequencer), level(proof.queue)] == [FAIL, FAIL]


@pytest.mark.django_db(transaction=True)
def test_a_decision_whose_evidence_is_late_is_told():
    world, ana = make_world(), make_person("ana", Role.ADJUSTER)
    item = make_item(world)
    sign(take(item, ana), ana)
    sequencer.seal_once()

    assert level(proof.evidence) is OK
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert level(proof.evidence) is FAIL
        evidencing.make(Decision.objects.get(item=item).pk)
        assert level(proof.evidence) is OK


@pytest.mark.django_db(transaction=True)
def test_an_older_copy_and_a_lost_mark_are_told():
    sealed.write()
    sequencer.seal_once()
    log = storage.current_log()
    path = highwater.default_path(log.pk)
    mark = highwater.read(path)

    highwater.replace(path, highwater.HighWater(mark.origin, mark.size + 1, mark.root, mark.signed_at))
    assert "older copy" in proof.high_water().sentence
    highwater.replace(path, highwater.HighWater(mark.origin, mark.size, bytes(32), mark.signed_at))
    assert "not the ones in this database" in proof.high_water().sentence
    highwater.replace(path, highwater.HighWater("elsewhere/log/1", mark.size, mark.root, mark.signed_at))
    assert "is of the log elsewhere/log/1" in proof.high_water().sentence
    path.write_text("{")
    assert "cannot be read" in checks.examine((proof.high_water,)).__next__().finding.sentence
    path.unlink()
    assert "is missing" in proof.high_water().sentence
