"""A flow names uploads in its items: its own, under their digest, in posts, batches, events and revisions."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from reviews import documents
from reviews.actions import attaching
from reviews.models import Attachment, Quarantine, Submission, Upload, UploadPart
from tests.api.asking import pointers, refusal
from tests.factories import World, a_document, make_item, make_world

pytestmark = pytest.mark.django_db

NOTICE = b"Water came in through the basement door."


@pytest.fixture
def world() -> World:
    return make_world()


# --- items that name uploads ------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_an_item_attaches_its_flows_uploads(world: World, prefix: str) -> None:
    notice = world.upload(NOTICE, "notice.txt")
    notice["sha256"] = prefix + notice["sha256"]

    item = make_item(world, attachments=[notice, world.upload(b"%PDF-", "estimate.pdf", "application/pdf")])

    rows = Attachment.objects.filter(submission_id=item.pk).order_by("n")
    assert [(row.n, row.revision, row.name) for row in rows] == [(1, 1, "notice.txt"), (2, 1, "estimate.pdf")]


def test_the_digest_of_an_item_covers_its_files(world: World) -> None:
    document = a_document(attachments=[world.upload(NOTICE, "notice.txt")])

    told = world.post(document).json()["digest"]

    assert told == f"sha256:{documents.digest(document).hex()}"
    assert told != f"sha256:{documents.digest(document | {'attachments': []}).hex()}"


def refused_item(world: World, *attachments: dict[str, Any]) -> Any:
    """Post an item with these files and insist that it was kept in quarantine and nowhere else."""
    answer = world.post(a_document(attachments=list(attachments)))
    assert not Submission.objects.exists()
    assert not Attachment.objects.exists()
    assert Quarantine.objects.get().code == answer.json()["code"]
    return answer


def test_an_item_cannot_name_an_upload_of_another_flow(world: World) -> None:
    answer = refused_item(world, make_world().upload(NOTICE, "notice.txt"))

    assert refusal(answer) == (422, "attachment_unknown")
    assert pointers(answer) == ["/attachments/0/upload"]


def test_an_item_cannot_name_an_upload_by_another_digest(world: World) -> None:
    right, wrong = world.upload(b"right", "a.txt"), world.upload(NOTICE, "b.txt")

    answer = refused_item(world, right, wrong | {"sha256": "0" * 64})

    assert refusal(answer) == (422, "attachment_digest_mismatch")
    assert pointers(answer) == ["/attachments/1/sha256"]


def test_two_files_of_an_item_cannot_have_one_name(world: World) -> None:
    answer = refused_item(world, world.upload(b"one", "a.txt"), world.upload(b"two", "a.txt"))

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/attachments/1/name"]


@pytest.mark.parametrize("said", [{"size": 1}, {"media_type": "image/png"}])
def test_what_an_item_says_of_a_file_must_be_so(world: World, said: dict[str, Any]) -> None:
    answer = refused_item(world, world.upload(NOTICE, "notice.txt") | said)

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == [f"/attachments/0/{next(iter(said))}"]


def test_what_an_item_says_rightly_of_a_file_is_taken(world: World) -> None:
    notice = world.upload(NOTICE, "notice.txt") | {"size": len(NOTICE), "media_type": "text/plain"}

    assert world.post(a_document(attachments=[notice])).status_code == 202


def test_a_dry_run_looks_at_files_too(world: World) -> None:
    unknown = {"name": "a.txt", "upload": "upl_" + "0" * 32, "sha256": "0" * 64}
    known = world.upload(NOTICE, "notice.txt")

    refused = world.post(a_document(attachments=[unknown]), query="?dry_run=true")
    fine = world.post(a_document(attachments=[known]), query="?dry_run=true")

    assert refusal(refused) == (422, "attachment_unknown")
    assert fine.status_code == 200
    assert not Attachment.objects.exists()
    assert not Quarantine.objects.exists()


def test_each_item_of_a_batch_answers_for_its_own_files(world: World) -> None:
    known = a_document(attachments=[world.upload(NOTICE, "notice.txt")]) | {"id": "b-1"}
    unknown = a_document(attachments=[make_world().upload(NOTICE, "x.txt")]) | {"id": "b-2"}
    raw = json.dumps({"items": [known, unknown]}).encode()
    headers = world.headers(raw)

    answer = Client().post(
        f"/api/v1/flows/{world.flow.slug}/items/batch", raw, content_type=headers.pop("content-type"), headers=headers
    )

    assert [result["status"] for result in answer.json()["results"]] == [202, 422]
    assert answer.json()["results"][1]["problem"]["code"] == "attachment_unknown"
    assert Attachment.objects.count() == 1


def test_an_event_answers_for_its_files_as_an_item_does(world: World) -> None:
    item = a_document(attachments=[make_world().upload(NOTICE, "x.txt")])
    event = {"specversion": "1.0", "id": "e-1", "source": "/flow", "type": "item", "data": item}
    raw = json.dumps(event).encode()
    headers = world.headers(raw) | {"content-type": "application/cloudevents+json"}
    kind = headers.pop("content-type")

    answer = Client().post(f"/api/v1/flows/{world.flow.slug}/items", raw, content_type=kind, headers=headers)

    assert refusal(answer) == (422, "attachment_unknown")
    assert Quarantine.objects.get().code == "attachment_unknown"


def test_a_file_swept_between_check_and_insert_is_a_refusal_and_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = world.upload(NOTICE, "notice.txt")
    columns = attaching.columns

    def swept_meanwhile(attachments: list[dict[str, Any]]) -> dict[str, Any]:
        UploadPart.objects.all().delete()
        Upload.objects.all().delete()
        return columns(attachments)

    monkeypatch.setattr(attaching, "columns", swept_meanwhile)

    assert refusal(refused_item(world, notice)) == (422, "attachment_unknown")


def test_a_replay_answers_200_also_when_its_files_are_named(world: World) -> None:
    raw = json.dumps(a_document(attachments=[world.upload(NOTICE, "notice.txt")])).encode()

    first, second = world.post(raw, webhook_id="m-1"), world.post(raw, webhook_id="m-1")

    assert (first.status_code, second.status_code) == (202, 200)
    assert Attachment.objects.count() == 1


# --- what the database refuses ----------------------------------------------------------------------------


def test_the_database_refuses_a_file_of_another_flow(world: World) -> None:
    item = make_item(world)
    make_world().upload(NOTICE, "notice.txt")
    upload = Upload.objects.get()

    with pytest.raises(IntegrityError, match="reviews_attachment_is_the_upload"):
        Attachment.objects.create(
            submission_id=item.pk, revision=2, n=1, name="x", flow=world.flow, upload=upload, sha256=upload.sha256
        )


def test_the_database_keeps_a_file_an_item_names(world: World) -> None:
    make_item(world, attachments=[world.upload(NOTICE, "notice.txt")])

    with pytest.raises(IntegrityError, match="a file an item names stays"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM reviews_upload_part")


def test_the_database_refuses_to_change_a_file(world: World) -> None:
    world.upload(NOTICE, "notice.txt")

    with pytest.raises(IntegrityError, match="reviews_upload"), connection.cursor() as cursor:
        cursor.execute("UPDATE reviews_upload SET media_type = 'text/html'")


def test_a_later_revision_attaches_in_its_own_transaction(world: World) -> None:
    item = make_item(world, attachments=[world.upload(NOTICE, "notice.txt")])
    document = a_document(attachments=[world.upload(b"more", "more.txt")])

    attaching.insist(world.flow.pk, document)
    attaching.attach(item.pk, 2, world.flow.pk, document)

    assert Attachment.objects.get(revision=2).name == "more.txt"


def test_a_later_revision_cannot_attach_what_was_removed(world: World) -> None:
    item = make_item(world)
    document = a_document(attachments=[world.upload(NOTICE, "notice.txt")])
    UploadPart.objects.all().delete()
    Upload.objects.all().delete()

    with pytest.raises(documents.AttachmentUnknown):
        attaching.attach(item.pk, 2, world.flow.pk, document)
