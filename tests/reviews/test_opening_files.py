"""Opening the files of an item: told once for each person, and nobody signs what they have not opened."""

import pytest
from django.db import IntegrityError
from django.template.loader import render_to_string

from portal.accounts.roles import Role
from portal.kit.problems import Refused
from reviews import files
from reviews.actions import opening
from reviews.models import Attachment, Opening, Upload
from tests.factories import make_item, make_person, make_world, open_all, refused, sign, story, take
from tests.reviews.cheating import at_once, refuses
from tests.reviews.filed import NOTICE, a_picture, item_with, look, openings

pytestmark = pytest.mark.django_db


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
