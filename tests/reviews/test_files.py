"""Files of an item: shown without harm, opened once by each person, and not signed unseen."""

import zlib
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.template.loader import render_to_string
from django.test import Client
from PIL import Image

from audit import exhibits
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from portal.kit.problems import Refused
from reviews import files
from reviews.actions import opening, uploading, walling
from reviews.models import Attachment, Item, Opening, Upload, UploadPart
from reviews.tasks import sweep_uploads
from reviews.web.viewing import kinds, lines, mails
from reviews.web.viewing.kinds import Kind
from tests.factories import (
    SEEDER,
    Person,
    a_document,
    make_item,
    make_person,
    make_world,
    open_all,
    refused,
    sign,
    story,
    take,
)
from tests.pages import browser
from tests.reviews.cheating import at_once, refuses

pytestmark = pytest.mark.django_db

NOTICE = b"Water came in through the basement door.\n"
HOSTILE = b"<script>alert(1)</script><img src=x onerror=alert(2)>"
MAIL = b"""From: Ana <ana@example.com>
To: claims@example.com
Subject: Water
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Water <b>came</b> in.</p><img src="https://spy.example.com/x.png"><script>steal()</script>
--b
Content-Type: application/pdf; name=inner.pdf
Content-Disposition: attachment; filename=inner.pdf

%PDF-1.7
--b--
"""


def a_picture(form: str = "PNG", size: tuple[int, int] = (900, 600)) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, "teal").save(made, form)
    return made.getvalue()


def item_with(world: Any, content: bytes, name: str = "notice.txt", media_type: str = "text/plain") -> Item:
    return make_item(world, attachments=[world.upload(content, name, media_type)])


def look(person: Person, item: Item, door: str = "", n: int = 1) -> Any:
    """Ask for a file of an item, as its page or at another of its doors."""
    upload = Attachment.objects.get(submission_id=item.pk, n=n).upload_id
    return browser(person.user).get(f"/items/{item.pk}/files/{upload}/{door}")


def openings(item: Item) -> int:
    assert story(item).count("attachment.opened") == Opening.objects.filter(submission_id=item.pk).count()
    return Opening.objects.filter(submission_id=item.pk).count()


# --- what a person has opened -----------------------------------------------------------------------------


def test_a_text_shown_whole_is_opened_and_told_once(world, ana):
    item = item_with(world, NOTICE)

    first, _ = look(ana, item), look(ana, item)

    assert "Water came in" in first.text
    assert "Opened by you" in first.text
    assert openings(item) == 1


def test_each_person_opens_for_themselves(world, ana, ben):
    item = item_with(world, NOTICE)
    look(ana, item)

    assert files.attachments(item, ana.user)[0].opened_at is not None
    assert files.attachments(item, ben.user)[0].opened_at is None


def test_a_list_of_files_is_one_query_and_so_is_their_count(world, ana, django_assert_num_queries):
    attached = [world.upload(b"%d" % n, f"{n}.txt") for n in range(4)]
    item = make_item(world, attachments=attached)
    opening.opened(item.pk, files.attachments(item, ana.user)[2].upload, by=ana.user)

    with django_assert_num_queries(1):
        listed = files.attachments(item, ana.user)
    with django_assert_num_queries(1):
        left = files.unopened(item, ana.user)

    assert [file.name for file in listed] == ["0.txt", "1.txt", "2.txt", "3.txt"]
    assert [file.opened_at is not None for file in listed] == [False, False, True, False]
    assert left == (3, 4, True)


@pytest.mark.django_db(transaction=True)
def test_of_many_tabs_that_open_a_file_at_once_one_tells_it():
    world = make_world()
    ana, item = make_person("ana", Role.ADJUSTER), item_with(world, NOTICE)
    upload = files.attachments(item, ana.user)[0].upload

    results = at_once([lambda: opening.opened(item.pk, upload, by=ana.user)] * 6)

    assert sorted(results) == [False] * 5 + [True]
    assert openings(item) == 1


def test_strangers_open_nothing(world):
    stranger, item = make_person("eve"), item_with(world, NOTICE)
    upload = Attachment.objects.get().upload_id

    with refused("not_found"):
        opening.opened(item.pk, upload, by=stranger.user)

    assert openings(item) == 0


def test_a_file_of_another_item_cannot_be_opened_here(world, ana):
    item, other = make_item(world), item_with(world, NOTICE)
    upload = Attachment.objects.get(submission_id=other.pk).upload_id

    with refused("not_found"):
        opening.opened(item.pk, upload, by=ana.user)


# --- nobody signs what they have not opened ---------------------------------------------------------------


def test_nobody_signs_before_every_file_is_opened(world, ana):
    attached = [world.upload(b"%d" % n, f"{n}.txt") for n in range(4)]
    item = take(make_item(world, attachments=attached), ana)
    for file in files.attachments(item, ana.user)[:2]:
        opening.opened(item.pk, file.upload, by=ana.user)

    with pytest.raises(Refused, match="2 of 4 files are not opened yet. Open them before you sign."):
        sign(item, ana)


def test_who_opened_every_file_signs(world, ana):
    item = take(item_with(world, NOTICE), ana)
    open_all(item, ana)

    sign(item, ana)

    assert "signature.executed" in story(item)


def test_what_a_colleague_opened_does_not_count(world, ana, ben):
    item = take(item_with(world, NOTICE), ana)
    open_all(item, ben)

    with refused("not_opened"):
        sign(item, ana)


# --- what the database refuses ----------------------------------------------------------------------------


def test_the_database_refuses_an_opening_nobody_told(world, ana):
    item = item_with(world, NOTICE)

    with refuses(because="a file opened without its entry"):
        Opening.objects.create(submission_id=item.pk, upload=Upload.objects.get(), person=ana.user)


def test_the_database_refuses_the_opening_of_one_person_by_the_entry_of_another(world, ana, ben):
    item = item_with(world, NOTICE)
    open_all(item, ben)

    with refuses(because="a file opened without its entry"):
        Opening.objects.create(submission_id=item.pk, upload=Upload.objects.get(), person=ana.user)


def test_the_database_refuses_a_signature_by_somebody_who_has_not_opened_every_file(world, ana, monkeypatch):
    item = take(item_with(world, NOTICE), ana)
    monkeypatch.setattr(files, "unopened", lambda item, person, granted: files.Unopened(0, 1))

    with pytest.raises(IntegrityError, match="not opened every file"):
        sign(item, ana)


def test_an_opening_is_never_taken_back(world, ana):
    item = item_with(world, NOTICE)
    open_all(item, ana)

    with refuses("42501"):
        Opening.objects.all().delete()


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


@pytest.mark.parametrize("media_type", ["text/plain", "text/html", "application/json", "text/csv; charset=utf-8"])
def test_hostile_html_stays_text(world, ana, media_type):
    page = look(ana, item_with(world, HOSTILE, "notice.txt", media_type)).text

    assert "<script>alert" not in page
    assert "onerror=alert(2)&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_bytes_of_a_text_are_only_ever_downloaded(world, ana):
    answer = look(ana, item_with(world, HOSTILE, "a.html", "text/html"), "content")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="a.html"'


def test_a_clipped_text_says_so_and_is_opened_only_by_its_download(world, ana):
    item = item_with(world, b"line\n" * 400_000)

    page = look(ana, item)

    assert "Only the beginning is shown." in page.text
    assert "Opened by you" not in page.text
    assert openings(item) == 0
    assert len(look(ana, item, "download").getvalue()) == 2_000_000
    assert openings(item) == 1


def test_a_download_that_was_broken_off_opens_nothing(world, ana):
    item = item_with(world, b"a" * files.PART + b"b")

    next(iter(look(ana, item, "download").streaming_content))

    assert openings(item) == 0


def test_what_cannot_be_seen_is_spelled_out(world, ana):
    page = look(ana, item_with(world, "pay \u202e001\u202c now\u200b".encode(), "gpj\u202exe.txt")).text

    assert "pay [U+202E]001[U+202C] now[U+200B]" in page
    assert "Characters that cannot be seen" in page
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("content", "text", "guessed"),
    [
        ("naïve".encode(), "naïve", False),
        ("naïve".encode("utf-8-sig"), "naïve", False),
        ("naïve".encode("utf-16"), "naïve", False),
        ("naïve".encode("cp1252"), "naïve", True),
    ],
)
def test_texts_are_read_in_their_encoding(content, text, guessed):
    read = lines.read(content, more=False)

    assert (read.lines, read.is_guessed, read.is_cut) == ([text], guessed, False)


def test_a_text_cut_inside_a_character_is_no_other_encoding():
    read = lines.read("naï".encode()[:-1], more=True)

    assert (read.lines, read.is_guessed, read.is_cut) == (["na"], False, True)


def test_an_email_is_shown_as_words_and_loads_nothing(world, ana):
    item = item_with(world, MAIL, "mail.eml", "message/rfc822")

    page = look(ana, item).text

    assert "Ana &lt;ana@example.com&gt;" in page
    assert "Water came in." in page
    assert "spy.example.com" not in page
    assert "steal()" not in page
    assert "1 file inside this e-mail is not shown." in page
    assert "inner.pdf" in page


def test_an_email_with_a_file_inside_is_opened_only_by_its_download(world, ana):
    item = item_with(world, MAIL, "mail.eml", "message/rfc822")

    assert "Opened by you" not in look(ana, item).text
    assert openings(item) == 0
    assert look(ana, item, "download").getvalue() == MAIL
    assert openings(item) == 1


def test_an_email_that_is_all_words_is_opened_by_looking_at_it(world, ana):
    item = item_with(world, b"From: ana@example.com\nSubject: Water\n\nWater came in.\n", "mail.eml", "message/rfc822")

    assert "Opened by you" in look(ana, item).text
    assert openings(item) == 1


def test_an_email_with_two_versions_says_that_one_is_not_shown():
    mail = mails.read(
        b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nPay 10.\n--b\nContent-Type: text/html\n\n<p>Pay 90.</p>\n--b--\n"
    )

    assert mail.words.lines[0] == "Pay 10."
    assert (mail.from_html, mail.also_html) == (False, True)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"From:\n", b"Content-Type: multipart/mixed; boundary\n\n--", b"From: =?x?q?=ff?=\n\na"],
)
def test_a_broken_email_is_shown_as_its_source_or_as_a_mail_and_never_fails(world, ana, content):
    item = item_with(world, content or b" ", "mail.eml", "message/rfc822")

    assert look(ana, item).status_code == 200


def test_every_part_of_an_email_that_is_not_shown_is_named():
    alone = mails.read(b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: application/pdf; name=x.pdf\n\n%PDF-")
    invited = mails.read(
        b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nCome.\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b--\n"
    )

    assert [(each.name, each.media_type) for each in alone.enclosed] == [("x.pdf", "application/pdf")]
    assert [each.media_type for each in invited.enclosed] == ["text/calendar"]


def test_a_tag_nobody_closed_swallows_no_words():
    assert mails.words_of("<html><head><title>Offer</title><body><template><p>Pay 90") == "Offer\nPay 90"


def test_hidden_words_of_html_are_shown():
    assert mails.words_of('<p>Pay</p><div style="display:none">not<!-- a --></div><style>x</style>') == "Pay\nnot"


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


def test_a_thumbnail_is_small_and_opens_nothing(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")

    answer = look(ana, item, "thumbnail")

    with Image.open(BytesIO(answer.content)) as small:
        assert (small.format, small.size) == ("JPEG", (480, 320))
    assert "sandbox" in answer["Content-Security-Policy"]
    assert openings(item) == 0


def asked_again(person: Person, item: Item, kept: Any) -> Any:
    """Ask for a thumbnail as a browser does that kept it."""
    upload = Attachment.objects.get(submission_id=item.pk).upload_id
    address = f"/items/{item.pk}/files/{upload}/thumbnail"
    return browser(person.user).get(address, headers={"if-none-match": kept["ETag"]})


def test_a_browser_that_kept_a_thumbnail_asks_before_each_use(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")
    kept = look(ana, item, "thumbnail")

    again = asked_again(ana, item, kept)

    assert (again.status_code, again.content) == (304, b"")
    assert {kept["Cache-Control"], again["Cache-Control"]} == {"private, no-cache"}
    assert again["ETag"] == kept["ETag"]


@pytest.mark.parametrize("walled", ["item", "file"])
def test_a_thumbnail_is_gone_from_a_browser_that_kept_it_once_a_wall_stands_around_it(world, ana, walled):
    item, mia = item_with(world, a_picture(), "a.png", "image/png"), make_person("mia", Role.ADJUSTER)
    walls.grant_wall(mia.user, "counsel", by=SEEDER)
    kept = look(ana, item, "thumbnail")

    if walled == "item":
        walling.put_behind(ItemId(item.pk), "counsel", by=mia.user, seen=item.version)
    else:
        walling.file(ItemId(item.pk), Attachment.objects.get().upload_id, "counsel", by=mia.user)

    assert asked_again(ana, item, kept).status_code == 404
    assert asked_again(mia, item, kept).status_code == 304


def test_a_thumbnail_of_an_erased_file_is_gone_from_a_browser_that_kept_it(world, ana, superuser):
    item = item_with(world, a_picture(), "a.png", "image/png")
    kept = look(ana, item, "thumbnail")

    with superuser():
        exhibits.destroy_key(Upload.objects.get().dek_id)

    assert asked_again(ana, item, kept).status_code == 410


def test_no_browser_keeps_a_file_or_the_page_around_it(world, ana):
    item = item_with(world, a_picture(), "a.png", "image/png")

    kept = {look(ana, item, door)["Cache-Control"] for door in ("", "content", "download")}

    assert kept == {"no-store, private"}


def a_bomb() -> bytes:
    """Give a tiny file that says it is a picture of 60,000 by 60,000."""
    picture = bytearray(a_picture(size=(1, 1)))
    picture[16:24] = (60_000).to_bytes(4, "big") * 2
    picture[29:33] = zlib.crc32(picture[12:29]).to_bytes(4, "big")
    return bytes(picture)


@pytest.mark.parametrize("content", [a_bomb(), HOSTILE, a_picture()[:60], b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_or_a_bomb_has_no_thumbnail(world, ana, content):
    assert look(ana, item_with(world, content, "a.png", "image/png"), "thumbnail").status_code == 404


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


def test_the_list_says_of_each_file_whether_this_person_opened_it(world, ana):
    pictures = [world.upload(a_picture(), "front.png", "image/png"), world.upload(NOTICE, "<b>notice.txt")]
    item = make_item(world, attachments=pictures)
    first, second = files.attachments(item, ana.user)
    opening.opened(item.pk, second.upload, by=ana.user)

    told = {"item": item, "attachments": files.attachments(item, ana.user)}
    listed = render_to_string("files/_list.html", told)

    assert listed.count("Not opened yet") == listed.count("opened by you") == 1
    assert f"/items/{item.pk}/files/{first.upload}/thumbnail" in listed
    assert f"/items/{item.pk}/files/{second.upload}/thumbnail" not in listed
    assert "&lt;b&gt;notice.txt" in listed
    assert "/content" not in listed


def test_an_item_without_files_has_no_list(world, ana):
    item = make_item(world)

    assert files.attachments(item, ana.user) == []
    assert render_to_string("files/_list.html", {"item": item, "attachments": []}).strip() == ""
