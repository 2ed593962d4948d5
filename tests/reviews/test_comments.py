"""Comments: sealed words about an item, for those inside the same wall, which decide nothing."""

import pytest
from django.urls import reverse

from audit import exhibits
from audit.sealing import sequencer
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId, new_id
from reviews import files
from reviews.actions import commenting, evidencing, walling
from reviews.models import Comment, Item
from tests.factories import SEEDER, make_item, make_person, open_all, refused, sign, story, take
from tests.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world):
    """A reviewer inside the wall of counsel."""
    person = make_person("mia", Role.ADJUSTER)
    walls.grant_wall(person.user, "counsel", by=SEEDER)
    return person


def say(item, person, text, wall="ordinary"):
    return commenting.comment(ItemId(item.pk), text, by=person.user, wall=wall)


def page(item, person, query=""):
    return browser(person.user).get(reverse("desk:item", args=[item.pk]) + query).content.decode()


def test_a_comment_is_sealed_told_in_the_story_and_moves_nothing(world, ana):
    item = make_item(world)

    made = say(item, ana, "  Called the claimant.\r\nShe agrees. ")

    kept = Comment.objects.get(pk=made.pk)
    assert exhibits.open(kept.text_id) == b"Called the claimant.\nShe agrees."
    assert story(item)[-1] == "item.commented"
    assert Item.objects.get().version == item.version


def test_everybody_who_may_see_the_item_reads_an_ordinary_comment(world, ana, ben):
    item = make_item(world)
    say(item, ana, "Called the claimant.")

    html = page(item, ben)

    assert "Called the claimant." in html
    assert "Only Counsel" not in html


def test_a_comment_behind_a_wall_is_read_inside_and_leaves_no_trace_outside(world, ana, mia):
    item, untouched = make_item(world), make_item(world)
    before = len(page(item, ana))
    made = say(item, mia, "Privileged: settle before trial.", "counsel")

    outside, inside = page(item, ana, "?story=all"), page(item, mia)

    assert "Privileged" in inside
    assert "Only Counsel" in inside
    for trace in ("Privileged", str(made.pk), "commented", "counsel", "Counsel", "Mia"):
        assert trace not in outside, trace
    assert abs(len(outside) - before) < 40
    assert "commented" not in page(untouched, ana)


def test_nobody_comments_to_those_inside_a_wall_they_are_outside_of(world, ana):
    item = make_item(world)

    with refused("outside_wall"):
        say(item, ana, "Let me in.", "counsel")
    with refused("wall_unknown"):
        say(item, ana, "Where?", "moat")


def test_who_may_not_see_the_item_may_not_comment_and_learns_nothing(world, ana, mia):
    item = make_item(world)
    walling.put_behind(ItemId(item.pk), "counsel", by=mia.user, seen=item.version)

    for person, item_id in ((ana, item.pk), (ana, new_id()), (make_person("stranger"), item.pk)):
        with refused("not_found"):
            commenting.comment(ItemId(item_id), "Hello?", by=person.user)


def test_an_auditor_reads_comments_and_makes_none(world, ana):
    auditor = make_person("ida", Role.AUDITOR)
    item = make_item(world)
    say(item, ana, "Called the claimant.")

    html = page(item, auditor)

    assert "Called the claimant." in html
    assert reverse("desk:comment", args=[item.pk]) not in html
    with refused("no_permission"):
        say(item, auditor, "Interesting.")


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001])
def test_an_empty_comment_and_a_document_are_refused(world, ana, text):
    with refused("comment_invalid"):
        say(make_item(world), ana, text)


def test_a_comment_is_sent_from_the_page_without_a_script(world, ana):
    item = make_item(world)
    client = browser(ana.user)

    answer = client.post(reverse("desk:comment", args=[item.pk]), {"text": "<b>Bold</b> \N{RIGHT-TO-LEFT OVERRIDE}x"})

    assert answer["Location"] == f"/items/{item.pk}/#comment-{Comment.objects.get().pk}"
    html = page(item, ana)
    assert "&lt;b&gt;Bold&lt;/b&gt; [U+202E]x" in html


def test_who_is_inside_a_wall_chooses_who_reads_a_comment_and_others_are_not_asked(world, ana, mia):
    item = make_item(world)

    assert 'name="wall"' in page(item, mia)
    assert 'name="wall"' not in page(item, ana)


def test_an_erased_comment_is_told_as_erased(world, ana, superuser):
    item = make_item(world)
    made = say(item, ana, "Called the claimant.")
    with superuser():
        exhibits.destroy_key(Comment.objects.select_related("text").get(pk=made.pk).text.dek_id)

    assert "[erased]" in page(item, ana)


def test_comments_are_no_part_of_the_evidence(world, ana, mia):
    item = make_item(world)
    say(item, mia, "Privileged.", "counsel")
    say(item, ana, "Called.")
    sign(take(item, ana), ana)
    sequencer.seal_once()
    evidencing.make_missing()

    record = evidencing.export(ItemId(item.pk), evidencing.Format.JSON, by=ana.user).content

    assert b"item.commented" not in record
    assert b"Called." not in record


def test_what_was_opened_behind_a_wall_is_not_told_outside(world, ana, mia):
    named = [world.upload(b"words %d" % n, f"secret-{n}.txt") for n in range(2)]
    spans = [{"path": "/output/pay", "value": "1", "sources": [{"attachment": "secret-1.txt"}]}]
    snapshot = {"output": {"pay": "500.00"}, "extractions": spans}
    item = make_item(world, attachments=named, snapshot=snapshot)
    open_all(item, mia)
    second = files.attachments(item, ana.user)[1].upload
    walling.file(ItemId(item.pk), second, "counsel", by=mia.user)

    outside, inside = page(item, ana, "?story=all"), page(item, mia, "?story=all")

    assert "secret-1.txt" in inside
    for trace in ("secret-1.txt", str(second), "behind the wall", "counsel"):
        assert trace not in outside, trace
    assert "secret-0.txt" in outside
    assert "Somebody else must sign this item." in outside
