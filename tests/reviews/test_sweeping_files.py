"""The sweep of files nobody named: gone after a day, and never one that an item names."""

from functools import partial

import pytest
from django.db import connection

from reviews import files
from reviews.actions import uploading
from reviews.models import Attachment, Upload, UploadPart
from reviews.tasks import sweep_uploads
from tests.factories import a_document, make_world
from tests.reviews.cheating import at_once
from tests.reviews.filed import NOTICE, item_with

pytestmark = pytest.mark.django_db


# --- the sweep --------------------------------------------------------------------------------------------


def age(**interval: int) -> None:
    """Let every upload be older than it is."""
    hours = interval["hours"]
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE reviews_upload SET created_at = created_at - make_interval(hours => %s)", [hours])
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("RESET ROLE")


def test_files_nobody_named_go_after_a_day(world):
    world.upload(NOTICE, "notice.txt")
    age(hours=25)

    sweep_uploads()

    assert not Upload.objects.exists()
    assert not UploadPart.objects.exists()


def test_files_nobody_named_stay_for_a_day(world):
    world.upload(NOTICE, "notice.txt")
    age(hours=23)

    assert uploading.sweep() == 0
    assert UploadPart.objects.count() == 1


def test_files_an_item_names_never_go(world):
    item_with(world, NOTICE)
    world.upload(b"unused", "unused.txt")
    age(hours=9000)

    sweep_uploads()

    assert [bytes(upload.sha256) for upload in Upload.objects.all()] == [
        bytes(row.sha256) for row in Attachment.objects.all()
    ]


def test_the_sweep_takes_a_few_at_a_time(world, monkeypatch):
    for n in range(3):
        world.upload(b"%d" % n, "n.txt")
    age(hours=25)
    monkeypatch.setattr(uploading, "_SWEPT_AT_ONCE", 2)

    assert [uploading.sweep(), uploading.sweep(), uploading.sweep()] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_meets_an_item_loses_neither_the_item_nor_its_file():
    for _ in range(4):
        world = make_world()
        documents = [a_document(attachments=[world.upload(b"%d" % n, "n.txt")]) for n in range(6)]
        age(hours=25)

        answers = at_once([sweep_uploads, *(partial(world.post, each) for each in documents)])[1:]

        assert {answer.status_code for answer in answers} <= {202, 422}
        for answer in answers:
            if answer.status_code == 202:
                row = Attachment.objects.get(submission_id=answer.json()["id"])
                assert b"".join(files.content(row.upload_id))
            else:
                assert answer.json()["code"] == "attachment_unknown"
