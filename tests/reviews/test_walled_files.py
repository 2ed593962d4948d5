"""Files behind a wall: nobody outside finds, counts or signs them, and evidence is for those inside."""

import pytest

from audit.sealing import sequencer
from portal.accounts import access
from portal.accounts.models import User
from portal.kit.ids import ItemId
from reviews import files
from reviews.actions import evidencing, opening, taking, walling
from reviews.models import FileWall, Item
from tests.factories import make_item, open_all, refused, sign, take
from tests.reviews.walled import mia as mia
from tests.reviews.walled import put_behind

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed():
    """Seal the log and write the evidence that is missing."""

    def sealing():
        sequencer.seal_once()
        evidencing.make_missing()

    return sealing


def with_files(world, count=2):
    named = [world.upload(b"words %d" % n, f"{n}.txt") for n in range(count)]
    item = make_item(world, attachments=named)
    return item, [each.upload for each in files.attachments(item, User())]


def test_a_file_behind_a_wall_is_not_there_for_those_outside(world, ana, mia):
    item, (_, second) = with_files(world, 2)
    walling.file(ItemId(item.pk), second, "counsel", by=mia.user)

    outside, inside = (files.seen(item, each.user, access.of(each.user)) for each in (ana, mia))

    assert [file.name for file in outside.files] == ["0.txt"]
    assert [file.name for file in inside.files] == ["0.txt", "1.txt"]
    assert (outside.is_whole, inside.is_whole) == (False, True)
    for attempt in (
        lambda: opening.opened(item.pk, second, by=ana.user),
        lambda: files.attached(item.pk, second, ana.user, access.of(ana.user)),
    ):
        with refused("not_found"):
            attempt()


def test_files_that_are_left_out_leave_no_gap_in_the_numbers(world, ana, mia):
    item, uploads = with_files(world, 3)
    numbers = [file.n for file in files.attachments(item, ana.user)]
    walling.file(ItemId(item.pk), uploads[1], "counsel", by=mia.user)

    assert [file.n for file in files.attachments(item, ana.user, access.of(ana.user))] == numbers[:2]


def test_nobody_signs_an_item_with_a_file_they_cannot_see(world, ana, mia):
    item, (first, second) = with_files(world, 2)
    open_all(item, ana)
    walling.file(ItemId(item.pk), second, "counsel", by=mia.user)

    with refused("outside_file_wall"):
        taking.take(ItemId(item.pk), by=ana.user)
    with refused("nothing_to_take"):
        taking.take_next(by=ana.user)
    for upload in (first, second):
        opening.opened(item.pk, upload, by=mia.user)
    sign(take(item, mia), mia)

    assert Item.objects.get().state == "approved"


def test_who_took_it_before_the_file_went_behind_a_wall_cannot_sign(world, ana, mia):
    item, (_, second) = with_files(world, 2)
    open_all(item, ana)
    take(item, ana)
    walling.file(ItemId(item.pk), second, "counsel", by=mia.user)

    with refused("outside_file_wall"):
        sign(item, ana)


def test_the_newest_wall_of_a_file_counts(world, ana, mia):
    item, (_, second) = with_files(world, 2)
    walling.file(ItemId(item.pk), second, "counsel", by=mia.user)
    walling.file(ItemId(item.pk), second, "ordinary", by=mia.user)

    assert len(files.attachments(item, ana.user, access.of(ana.user))) == 2
    assert FileWall.objects.count() == 2


def test_a_file_goes_behind_a_wall_only_by_who_may_and_never_out_of_sight_unasked(world, ana, mia):
    item, (first, _) = with_files(world, 2)

    with refused("no_permission"):
        walling.file(ItemId(item.pk), first, "counsel", by=ana.user, accepts_loss=True)
    with refused("sight_lost"):
        walling.file(ItemId(item.pk), first, "restricted-person", by=mia.user)
    with refused("not_found"):
        walling.file(ItemId(item.pk), item.pk, "counsel", by=mia.user)


def test_the_evidence_of_an_item_with_a_walled_file_is_for_those_inside(world, ana, mia, sealed):
    item, uploads = with_files(world, 2)
    for upload in uploads:
        opening.opened(item.pk, upload, by=mia.user)
    sign(take(item, mia), mia)
    sealed()
    walling.file(ItemId(item.pk), uploads[0], "counsel", by=mia.user)

    with refused("outside_file_wall"):
        evidencing.export(ItemId(item.pk), evidencing.Format.JSON, by=ana.user)
    assert evidencing.export(ItemId(item.pk), evidencing.Format.JSON, by=mia.user).content


def test_evidence_says_the_wall_and_only_those_inside_get_it(world, ana, mia, sealed):
    item = make_item(world)
    put_behind(item, "counsel", mia)
    sign(take(item, mia), mia)
    sealed()

    with refused("not_found"):
        evidencing.export(ItemId(item.pk), evidencing.Format.JSON, by=ana.user)
    record = evidencing.export(ItemId(item.pk), evidencing.Format.JSON, by=mia.user).content
    assert b'"wall":"counsel"' in record
