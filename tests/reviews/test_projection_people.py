"""Verification finds who signed for whom, stepped aside or read what, where somebody changed it behind the rules."""

import pytest

from audit.sealing import sequencer, verification
from portal.kit.ids import ItemId
from reviews.actions import opening, recusing, versioning
from reviews.models import Item
from tests.audit.sealed import tamper
from tests.factories import SEEDER
from tests.reviews.planned import Cast, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast():
    """Give a sealed item that one person read, signed and another stepped aside from."""
    cast = Cast(stage("a"), stage("s"), reading=[{"title": "Guide", "text": "Read this."}])
    opening.read(cast.item.pk, "Guide", by=cast["a"].user)
    versioning.apply_policy(cast.item.flow.policy.in_force.text.replace("Read this.", "Read that."), by=SEEDER)
    assert cast.signs("a") == "in_review"
    item = Item.objects.get(pk=cast.item.pk)
    recusing.recuse(ItemId(item.pk), by=cast["s"].user, seen=item.version, reason="Kin.")
    sequencer.seal_once()
    return cast


@pytest.mark.usefixtures("cast")
def test_nothing_is_found_while_nobody_tampered():
    assert verification.verify_ledger().findings == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_signature SET on_behalf_of_id = (SELECT id FROM portal_user WHERE id <> signer_id LIMIT 1)",
        "UPDATE reviews_recusal SET person_id = (SELECT id FROM portal_user WHERE id <> person_id LIMIT 1)",
        "DELETE FROM reviews_recusal",
        "UPDATE reviews_reading_opened SET title = 'Another'",
        "UPDATE reviews_reading_opened SET policy_version_id = (SELECT id FROM reviews_policy_version"
        " WHERE id <> policy_version_id LIMIT 1)",
        "UPDATE reviews_reading_opened SET person_id = (SELECT id FROM portal_user WHERE id <> person_id LIMIT 1)",
    ],
)
def test_what_is_changed_behind_the_rules_is_named(cast, change):
    tamper(change)

    assert {each.where for each in verification.verify_ledger().findings} == {f"items {cast.item.pk}"}
