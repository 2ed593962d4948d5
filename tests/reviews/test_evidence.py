"""The evidence of a decision: written once, from the ledger, by itself, and given to whoever sees the item."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from audit import canonical, exhibits, ledger
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from reviews import evidence
from reviews.actions import evidencing
from reviews.actions.evidencing import Format
from reviews.models import Evidence
from tests.api.asking import at_once, decide
from tests.factories import make_item, make_person, make_world, refused, sign, story, take
from tests.pages import browser
from tests.reviews.recorded import decision_of

ROOT = Path(__file__).resolve().parents[2]


def test_no_record_is_written_before_the_decision_is_sealed(world, ana):
    item = make_item(world)
    sign(take(item, ana), ana)

    with refused("not_sealed"):
        evidence.record(decision_of(item))
    assert evidencing.make_missing() == 0


def test_evidence_is_written_once_with_its_entry_and_under_the_subjects_key(world):
    item = decide(world)

    assert (evidencing.make_missing(days=1), evidencing.make_missing(), evidencing.make_missing(days=2)) == (1, 0, 0)

    made = Evidence.objects.get(item=item)
    record = exhibits.open(made.record_id)
    said = ledger.story(item.pk)[-1]
    assert said.kind == "evidence.made"
    assert said.pub["record_sha256"] == canonical.sha256(record).hex() == bytes(made.record_sha256).hex()
    assert said.pub["pdf_sha256"] == canonical.sha256(exhibits.open(made.pdf_id)).hex()
    assert made.pages >= 2


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_writes_it():
    item = decide(make_world())
    decision = decision_of(item)

    made = at_once(2, evidencing.make, [decision.pk, decision.pk])

    assert sorted(each is None for each in made) == [False, True]
    assert story(item).count("evidence.made") == 1


def test_the_database_takes_no_second_evidence_of_a_decision(world):
    item = decide(world)
    evidencing.make_missing()
    made = Evidence.objects.get(item=item)

    again = Evidence(item=item, decision=made.decision, record_id=made.record_id, pdf_id=made.pdf_id,
                     record_sha256=made.record_sha256, pdf_sha256=made.pdf_sha256, pages=1)  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_one_bad_record_keeps_no_other_waiting_and_is_tried_again_later(world, superuser, caplog):
    bad, good = decide(world), decide(world)
    with superuser() as cursor:
        cursor.execute(
            "UPDATE audit_exhibit SET ciphertext = '\\x01' WHERE id ="
            " (SELECT exhibit_id FROM reviews_revision WHERE item_id = %s)",
            [bad.pk],
        )

    assert evidencing.make_missing() == 1
    assert Evidence.objects.filter(item=good).exists()
    assert "could not be written; next try in 60 s" in caplog.text
    caplog.clear()
    assert evidencing.make_missing() == 0
    assert caplog.text == ""  # its pause is not over
    cache.delete(evidencing._pause(decision_of(bad).pk))
    evidencing.make_missing()
    assert "next try in 120 s" in caplog.text


def test_whoever_sees_the_item_takes_its_evidence_and_is_noted(world, ana):
    item = decide(world)
    evidencing.make_missing()

    exported = evidencing.export(ItemId(item.pk), Format.PDF, by=ana.user)

    said = ledger.story(item.pk)[-1]
    assert exported.content.startswith(b"%PDF-1.7")
    assert exported.filename == f"countersign-{item.external_id}-approved.pdf"
    assert (said.kind, said.actor.ref, said.pub["format"]) == ("evidence.exported", ana.user.pk, "pdf")
    assert said.pub["sha256"] == canonical.sha256(exported.content).hex()


def test_who_may_not_see_the_item_finds_no_evidence(world):
    item = decide(world)
    evidencing.make_missing()
    stranger = make_person("carl", Role.COMPLIANCE_OFFICER)

    with pytest.raises(NotFound):
        evidencing.export(ItemId(item.pk), Format.JSON, by=stranger.user)
    assert story(item)[-1] == "evidence.made"


def test_a_name_for_a_file_has_only_plain_characters(world):
    item = decide(world, external_id='../../Ä "b"\r\n.exe')

    assert evidencing.filename(item, "approved", Format.JSON) == "countersign-b-.exe-approved.json"


def test_no_process_that_serves_pages_imports_the_printer():
    said = (
        "import sys, django; django.setup(); import portal.wsgi, portal.urls, reviews.tasks;"
        "sys.exit(any(name.split('.')[0] in ('weasyprint', 'pydyf') for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", said], cwd=ROOT, check=False).returncode == 0


def test_a_person_looks_at_the_evidence_in_a_frame_of_ours(world, ana):
    item, desk = decide(world), browser(ana.user)
    evidencing.make_missing()

    pdf = desk.get(f"/items/{item.pk}/evidence.pdf")
    record = desk.get(f"/items/{item.pk}/evidence.json")

    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    assert "frame-ancestors 'self'" in pdf["Content-Security-Policy"]
    assert pdf["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in pdf["Cache-Control"]
    assert record["Content-Disposition"].startswith("attachment;")
    assert json.loads(record.content)["typ"] == "countersign.record"


def test_who_is_not_signed_in_is_sent_to_sign_in(world):
    item = decide(world)
    evidencing.make_missing()

    assert Client().get(f"/items/{item.pk}/evidence.pdf").status_code == 302
    assert story(item)[-1] == "evidence.made"
