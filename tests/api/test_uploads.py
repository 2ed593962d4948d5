"""A flow uploads files: kept in sealed parts under their digest, or refused in a sentence."""

import base64
import hashlib
from typing import Any

import pytest

from reviews import files
from reviews.actions import configuring
from reviews.api import bodies
from reviews.models import Upload, UploadPart
from tests.api.asking import refusal
from tests.factories import SEEDER, World, make_world

pytestmark = pytest.mark.django_db

NOTICE = b"Water came in through the basement door."


@pytest.fixture
def world() -> World:
    return make_world()


def digest_of(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def test_a_file_is_kept_and_answered_with_the_name_items_know_it_by(world: World) -> None:
    answer = world.send_file(NOTICE, media_type="text/plain; charset=utf-8")

    told = answer.json()
    upload = Upload.objects.get()
    assert answer.status_code == 201
    assert told == {
        "upload": f"upl_{upload.pk.hex}",
        "sha256": hashlib.sha256(NOTICE).hexdigest(),
        "size": len(NOTICE),
        "media_type": "text/plain",
    }
    assert b"".join(files.content(upload.pk)) == NOTICE


def test_a_large_file_is_sealed_in_parts_and_no_part_shows_its_bytes(world: World) -> None:
    content = b"flood " * 400_000

    world.upload(content, "big.txt")

    parts = UploadPart.objects.order_by("n")
    assert [part.n for part in parts] == [0, 1, 2]
    assert not any(b"flood" in bytes(part.ciphertext) for part in parts)
    assert b"".join(files.content(Upload.objects.get().pk)) == content


def test_parts_in_each_others_place_do_not_open(world: World, superuser: Any) -> None:
    world.upload(b"a" * files.PART + b"b" * files.PART, "two.txt")
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_upload_part SET n = 9 WHERE n = 0")
        cursor.execute("UPDATE reviews_upload_part SET n = 0 WHERE n = 1")
        cursor.execute("UPDATE reviews_upload_part SET n = 1 WHERE n = 9")

    with pytest.raises(files.exhibits.Damaged, match="does not open"):
        list(files.content(Upload.objects.get().pk))


def test_a_missing_part_is_an_error_and_not_a_shorter_file(world: World) -> None:
    world.upload(b"a" * files.PART + b"b", "two.txt")
    UploadPart.objects.filter(n=1).delete()

    with pytest.raises(files.exhibits.Damaged, match="missing"):
        list(files.content(Upload.objects.get().pk))


@pytest.mark.parametrize("header", ["sha-512=:AAAA:, {}", "{}, unixsum=:AAAA:", "{};note=x"])
def test_other_digests_beside_the_one_we_know_do_not_matter(world: World, header: str) -> None:
    assert world.send_file(NOTICE, content_digest=header.format(digest_of(NOTICE))).status_code == 201


def test_an_upload_without_a_digest_is_refused(world: World) -> None:
    assert refusal(world.send_file(NOTICE, content_digest="")) == (400, "content_digest_missing")


@pytest.mark.parametrize("header", ["sha-512=:AAAA:", "sha-256=AAAA", "sha-256=:AAAA:", "SHA-256=::", "x"])
def test_a_digest_that_cannot_be_compared_is_refused(world: World, header: str) -> None:
    assert refusal(world.send_file(NOTICE, content_digest=header)) == (400, "content_digest_invalid")


def test_bytes_of_another_digest_are_not_kept(world: World) -> None:
    answer = world.send_file(NOTICE, content_digest=digest_of(b"something else"))

    assert refusal(answer) == (422, "content_digest_mismatch")
    assert not Upload.objects.exists()
    assert not UploadPart.objects.exists()


def test_an_empty_file_is_refused(world: World) -> None:
    assert refusal(world.send_file(b"")) == (422, "upload_empty")


def test_a_file_over_the_bound_is_too_large(world: World, settings: Any) -> None:
    settings.UPLOAD_LIMIT = len(NOTICE) - 1

    assert refusal(world.send_file(NOTICE)) == (413, "body_too_large")


def test_more_bytes_than_were_announced_do_not_pass_the_bound(rf: Any) -> None:
    request = rf.post("/", NOTICE, content_type="text/plain")
    request.META["CONTENT_LENGTH"] = "5"

    with pytest.raises(bodies.BodyTooLarge):
        list(bodies.parts(request, 10, 4))


def test_a_compressed_file_is_not_taken(world: World) -> None:
    assert refusal(world.send_file(NOTICE, content_encoding="gzip")) == (415, "media_type_unsupported")


def test_an_unknown_flow_and_a_wrong_key_get_one_answer(world: World) -> None:
    wrong = world.send_file(NOTICE, authorization="Bearer csk_wrong")
    world.flow.slug = "nobody-knows-this-flow"
    unknown = world.send_file(NOTICE)

    assert refusal(wrong) == refusal(unknown) == (401, "key_invalid")
    assert wrong.json()["detail"] == unknown.json()["detail"]


def test_a_key_of_another_flow_uploads_nothing(world: World) -> None:
    answer = world.send_file(NOTICE, authorization=f"Bearer {make_world().key}")

    assert refusal(answer) == (401, "key_invalid")


def test_a_suspended_flow_uploads_nothing(world: World) -> None:
    configuring.suspend_flow(world.flow, by=SEEDER)

    assert refusal(world.send_file(NOTICE)) == (429, "flow_suspended")


def test_uploads_count_for_the_flood_brake() -> None:
    world = make_world(posts_per_minute=2)

    answers = [world.send_file(NOTICE).status_code for _ in range(4)]

    assert answers[:2] == [201, 201]
    assert 429 in answers[2:]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("IMAGE/PNG", "image/png"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\x0b<script>", "application/octet-stream"),
        ("a/" + "b" * 300, "application/octet-stream"),
    ],
)
def test_the_media_type_is_what_the_caller_says_if_it_is_one(world: World, said: str, kept: str) -> None:
    assert world.send_file(NOTICE, media_type=said).json()["media_type"] == kept


def test_nobody_reads_at_the_uploading_door(world: World) -> None:
    answer = world.get(f"/api/v1/flows/{world.flow.slug}/uploads")

    assert refusal(answer) == (405, "method_not_allowed")
