"""The doors of a file: who gets its bytes, as what they are served, and that no browser runs or keeps them."""

import pytest
from django.test import Client

from audit import exhibits
from reviews import files
from reviews.models import Attachment, Upload
from reviews.web.viewing import kinds
from reviews.web.viewing.kinds import Kind
from tests.factories import make_item, make_person
from tests.pages import browser
from tests.reviews.filed import HOSTILE, NOTICE, a_picture, item_with, look, openings

pytestmark = pytest.mark.django_db


# --- the doors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["", "content", "download", "thumbnail"])
def test_strangers_find_nothing_at_any_door(world, door):
    stranger, item = make_person("eve"), item_with(world, a_picture(), "a.png", "image/png")

    assert look(stranger, item, door).status_code == 404
    assert openings(item) == 0


@pytest.mark.parametrize("door", ["", "content", "download", "thumbnail"])
def test_who_is_not_signed_in_goes_to_the_sign_in(world, door):
    item = item_with(world, a_picture(), "a.png", "image/png")
    upload = Attachment.objects.get().upload_id

    answer = Client().get(f"/items/{item.pk}/files/{upload}/{door}")

    assert answer.status_code == 302
    assert openings(item) == 0


@pytest.mark.parametrize("door", ["", "content", "download", "thumbnail"])
def test_the_doors_only_give(world, ana, door):
    item = item_with(world, NOTICE)
    upload = Attachment.objects.get().upload_id

    assert browser(ana.user).post(f"/items/{item.pk}/files/{upload}/{door}").status_code in (403, 405)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_shown_and_counts_as_opened_once_it_was_served_whole(world, ana, form):
    content = a_picture(form)
    item = item_with(world, content, "front.pic", f"image/{form.lower()}")
    assert openings(item) == 0

    page, answer = look(ana, item), look(ana, item, "content")
    assert openings(item) == 0

    assert answer.getvalue() == content
    assert '<img class="file-picture"' in page.text
    assert answer["Content-Type"] == f"image/{form.lower()}"
    assert answer["Content-Disposition"].startswith("inline")
    assert openings(item) == 1


def test_bytes_are_served_so_that_a_browser_runs_nothing(world, ana):
    answer = look(ana, item_with(world, a_picture(), "a.png", "image/png"), "content")

    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


def test_a_pdf_is_framed_by_our_page_alone(world, ana):
    item = item_with(world, b"%PDF-1.7 ...", "estimate.pdf", "application/pdf")

    page, answer = look(ana, item), look(ana, item, "content")

    assert '<iframe class="file-frame"' in page.text
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (HOSTILE, "a.png", "image/png"),
        (HOSTILE, "a.pdf", "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", "image/svg+xml"),
        (a_picture(), "a.txt", "text/plain"),
        (b"MZ\x90\x00", "setup.exe", "application/x-msdownload"),
        (b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"a\x00b", "a.txt", "text/plain"),
    ],
)
def test_what_is_not_what_it_says_or_cannot_be_shown_is_a_download(world, ana, content, name, media_type):
    item = item_with(world, content, name, media_type)

    page, answer = look(ana, item), look(ana, item, "content")

    assert "file-none" in page.text
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert openings(item) == 0
    assert answer.getvalue() == content
    assert openings(item) == 1


def test_a_download_that_was_broken_off_opens_nothing(world, ana):
    item = item_with(world, b"a" * files.PART + b"b")

    next(iter(look(ana, item, "download").streaming_content))

    assert openings(item) == 0


@pytest.mark.parametrize(
    ("head", "said", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "application/octet-stream", "a", Kind.PICTURE),
        (b"\xff\xd8\xff", "image/png", "a.png", Kind.PICTURE),
        (b"RIFF0000WEBP", "image/webp", "a.webp", Kind.PICTURE),
        (b"RIFF0000WAVE", "image/webp", "a.webp", Kind.OTHER),
        (b" %PDF-", "application/pdf", "a.pdf", Kind.OTHER),
        (b"%PDF-", "text/html", "a.html", Kind.OTHER),
        (b"{}", "application/octet-stream", "a.JSON", Kind.TEXT),
        (b"{}", "application/octet-stream", "a.bin", Kind.OTHER),
        (b"From: a", "application/octet-stream", "a.eml", Kind.MAIL),
    ],
)
def test_a_file_is_what_its_bytes_are(head, said, name, kind):
    assert kinds.of(head, said, name).kind is kind


def test_no_browser_keeps_a_file_or_the_page_around_it(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")

    kept = {look(ana, item, door)["Cache-Control"] for door in ("", "content", "download")}

    assert kept == {"no-store, private"}


def test_an_erased_file_says_so_at_every_door(world, ana, superuser):
    item = item_with(world, a_picture(), "a.png", "image/png")
    with superuser():
        exhibits.destroy_key(Upload.objects.get().dek_id)

    assert {look(ana, item, door).status_code for door in ("", "content", "download", "thumbnail")} == {410}


def test_changed_bytes_are_an_error_and_never_shown(world, ana, superuser):
    item = item_with(world, NOTICE)
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_upload SET sha256 = sha256('x')")

    with pytest.raises(exhibits.Damaged, match="does not match its digest"):
        look(ana, item)

    assert openings(item) == 0


def test_the_page_leads_to_the_files_around_it(world, ana):
    item = make_item(world, attachments=[world.upload(b"%d" % n, f"{n}.txt") for n in range(3)])
    first, second, third = (file.upload for file in files.attachments(item, ana.user))

    page = look(ana, item, n=2).text

    assert f'rel="prev" href="/items/{item.pk}/files/{first}/"' in page
    assert f'rel="next" href="/items/{item.pk}/files/{third}/"' in page
    assert "File 2 of 3" in page
    assert f"/items/{item.pk}/files/{second}/download" in page
