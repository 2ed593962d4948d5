"""Verification finds what was changed, added or taken away of an item behind the rules: remarks, plans, revisions."""

import pytest
from django.db import transaction

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import commenting, opening, recusing, returning, versioning, walling
from reviews.models import Attachment, Item
from reviews.proposals import lists
from reviews.words import Verdict
from tests.factories import SEEDER, make_person, open_all, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.cheated import ANOTHER_EXHIBIT, ANOTHER_PERSON, copied, found, named_after
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import away, emergency, make_officer

pytestmark = pytest.mark.django_db
LICENCES = """person,kind,number,jurisdiction,line,from,to
{},claims-adjuster,TX-1,*,*,2020-01-01,
{},claims-adjuster,TX-2,*,*,2020-01-01,
"""
FIRST = "id = (SELECT min(id) FROM reviews_opening)"
ITEMS = {"PROJECTION_DIFFERS items"}
ANY_ENTRY = "(SELECT eid FROM audit_entry WHERE kind = 'item.taken' LIMIT 1)"


@pytest.fixture
def story():
    """Have people do with a few items whatever leaves a row of its own."""
    plan = (stage("a", name="review"), stage("s", name="approval", reject_to="review"))
    world = make_planned(*plan, contract=CONTRACT, licences=["claims-adjuster"], reading=[{"title": "G", "text": "T"}])
    ana, sam = make_person("ana", Role.ADJUSTER, Role.QUEUE_MANAGER), make_person("sam", Role.SENIOR_ADJUSTER)
    for queue in (world.queue, world.exceptions):
        accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", queue, by=SEEDER)
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    with transaction.atomic():
        text = LICENCES.format(ana.user.username, sam.user.username).encode()
        versioning.apply_register("licences", lists.read("licences", text, lists.FILES["licences"]), by=SEEDER)
    item = make_claim(world, attachments=[world.upload(b"one", "a.txt"), world.upload(b"two", "b.txt")])
    for each in (ana, sam):
        open_all(item, each)
        opening.read(item.pk, "G", by=each.user)
    sign(take(item, ana), ana, reason="It fits.")
    sign(take(item, sam), sam, Verdict.REJECT, "It does not.")
    sign(take(item, ana), ana)
    commenting.comment(ItemId(item.pk), "They called again.", by=ana.user)
    _others(world, ana, sam)
    first = Attachment.objects.filter(submission_id=item.pk).order_by("n")[0]
    walling.file(ItemId(item.pk), first.upload_id, "counsel", by=ana.user)
    return item


def _others(world, ana, sam):
    sent_back = make_claim(world)
    opening.read(sent_back.pk, "G", by=ana.user)
    returning.request_changes(ItemId(sent_back.pk), by=ana.user, seen=take(sent_back, ana).version, reason="A receipt.")
    changed = make_claim(world)
    opening.read(changed.pk, "G", by=ana.user)
    change(take(changed, ana), ana, building="450.00")
    seen = Item.objects.get(pk=changed.pk).version
    recusing.recuse(ItemId(changed.pk), by=sam.user, seen=seen, reason="Kin.")
    away(ana, sam)
    make_officer()
    emergency(make_person("nora", Role.ADJUSTER), world.queue)


@pytest.mark.usefixtures("story")
def test_nothing_is_found_while_nobody_tampered():
    assert found() == set()


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE reviews_comment SET author_id = {ANOTHER_PERSON.format('author_id')}",
        f"UPDATE reviews_comment SET text_id = {ANOTHER_EXHIBIT.format('text_id')}",
        "UPDATE audit_exhibit SET ciphertext = ciphertext || '0' WHERE id IN (SELECT text_id FROM reviews_comment)",
        "UPDATE reviews_comment SET wall = 'counsel'",
        "UPDATE reviews_comment SET item_id = (SELECT id FROM reviews_item i WHERE i.id <> item_id LIMIT 1)",
        "UPDATE reviews_comment SET at = at - interval '1 day'",
        "DELETE FROM reviews_comment",
        copied("reviews_comment", entry_id=ANY_ENTRY),
        "UPDATE reviews_file_wall SET wall = 'ordinary'",
        "UPDATE reviews_file_wall SET upload_id = (SELECT id FROM reviews_upload u WHERE u.id <> upload_id LIMIT 1)",
        "DELETE FROM reviews_file_wall",
        copied(
            "reviews_file_wall", id="(SELECT max(id) + 1 FROM reviews_file_wall)", entry_id=ANY_ENTRY, wall="'ordinary'"
        ),
        f"UPDATE reviews_recusal SET reason_id = {ANOTHER_EXHIBIT.format('reason_id')}",
        f"UPDATE reviews_recusal SET person_id = {ANOTHER_PERSON.format('person_id')}",
        "DELETE FROM reviews_recusal",
        f"UPDATE reviews_change_request SET reason_id = {ANOTHER_EXHIBIT.format('reason_id')}",
        "DELETE FROM reviews_change_request",
        f"DELETE FROM reviews_opening WHERE {FIRST}",
        f"UPDATE reviews_opening SET person_id = {ANOTHER_PERSON.format('person_id')} WHERE {FIRST}",
        "DELETE FROM reviews_reading_opened WHERE id = (SELECT min(id) FROM reviews_reading_opened)",
    ],
)
@pytest.mark.usefixtures("story")
def test_what_people_left_on_an_item_is_compared_with_its_entry(change):
    assert named_after(change) >= ITEMS


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_signature SET licence = 'another'",
        "UPDATE reviews_signature SET licence = ''",
        "UPDATE reviews_signature SET signed_at = signed_at - interval '1 day'",
        f"UPDATE reviews_signature SET on_behalf_of_id = {ANOTHER_PERSON.format('signer_id')}",
        "UPDATE reviews_signature SET break_glass_id = (SELECT id FROM reviews_break_glass LIMIT 1)",
        f"UPDATE reviews_signature SET reason_id = {ANOTHER_EXHIBIT.format('reason_id')}",
        "UPDATE reviews_signature SET reason_id = NULL WHERE reason_id IS NOT NULL",
        "DELETE FROM reviews_signature WHERE id = (SELECT id FROM reviews_signature ORDER BY id LIMIT 1)",
        copied("reviews_signature", intent_id="gen_random_uuid()"),
        "UPDATE reviews_signoff_slot SET name = 'else' WHERE stage = 1",
        "UPDATE reviews_signoff_slot SET factors = 'password' WHERE stage = 1",
        "UPDATE reviews_signoff_slot SET blind = true WHERE stage = 2",
        "UPDATE reviews_signoff_slot SET back_to = NULL",
        "UPDATE reviews_signoff_slot SET step = 3 - stage",
        "UPDATE reviews_signoff_slot SET meaning = 'Nothing' WHERE round = 2 AND stage = 2",
        "DELETE FROM reviews_signoff_slot WHERE round = 2",
        copied(
            "reviews_signoff_slot",
            id="2000000000",
            round="3",
            stage="1",
            step="1",
            signer_id="NULL",
            signature_id="NULL",
        ),
    ],
)
@pytest.mark.usefixtures("story")
def test_signatures_and_their_plan_are_compared_with_their_entries(change):
    assert named_after(change) >= ITEMS


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_revision SET digest = sha256('other') WHERE revision = 1",
        "UPDATE reviews_revision SET digest = sha256('other')",
        "UPDATE reviews_revision SET contract_id = NULL",
        f"UPDATE reviews_revision SET exhibit_id = {ANOTHER_EXHIBIT.format('exhibit_id')} WHERE revision = 1",
        copied("reviews_submission", idempotency_id="'another'"),
        f"UPDATE reviews_revision SET exhibit_id = {ANOTHER_EXHIBIT.format('exhibit_id')} WHERE revision = 2",
        f"UPDATE reviews_revision SET overrides_id = {ANOTHER_EXHIBIT.format('overrides_id')} WHERE revision = 2",
        "UPDATE reviews_revision SET prompt_version = 'another' WHERE revision = 2",
        "DELETE FROM reviews_revision WHERE revision = 2",
        copied("reviews_revision", id="2000000000", revision="7", posted_as="7"),
        "UPDATE reviews_submission SET body_sha256 = sha256('other')",
        "UPDATE reviews_submission SET received_at = received_at - interval '1 day'",
        "DELETE FROM reviews_submission",
        "DELETE FROM reviews_item",
    ],
)
@pytest.mark.usefixtures("story")
def test_revisions_and_posts_are_compared_with_their_entries(change):
    assert named_after(change) >= ITEMS


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM reviews_substitution",
        copied("reviews_substitution"),
        f"UPDATE reviews_substitution SET substitute_id = {ANOTHER_PERSON.format('absent_id')}",
        "DELETE FROM reviews_break_glass",
        copied("reviews_break_glass"),
        "UPDATE reviews_break_glass SET ends_at = ends_at + interval '1 hour'",
        "UPDATE reviews_break_glass SET role = 'release-approver'",
    ],
)
@pytest.mark.usefixtures("story")
def test_standing_in_is_compared_with_its_entries(change):
    assert named_after(change) >= ITEMS
