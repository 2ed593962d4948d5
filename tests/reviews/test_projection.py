"""Verification finds rows that somebody with the database's own password changed, whichever they are."""

import pytest

from audit.sealing import sequencer, verification
from portal.accounts.roles import Role
from tests.audit.sealed import tamper
from tests.factories import make_item, make_person, make_world, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def item():
    """Give a decided, sealed item."""
    ana, item = make_person("ana", Role.ADJUSTER), make_item(make_world())
    sign(take(item, ana), ana)
    sequencer.seal_once()
    return item


@pytest.mark.usefixtures("item")
def test_nothing_is_found_while_nobody_tampered():
    assert verification.verify_ledger().findings == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("reviews_item SET amount = 9", "reviews.item"),
        ("reviews_item SET queue_id = (SELECT id FROM reviews_queue WHERE id <> queue_id LIMIT 1)", "reviews.item"),
        ("reviews_flow SET audience = 'somebody-else'", "reviews.flow"),
        ("reviews_signature SET verdict = 'reject'", "items"),
        ("reviews_signature SET signer_id = (SELECT id FROM portal_user WHERE id <> signer_id LIMIT 1)", "items"),
        ("reviews_decision SET outcome = 'rejected'", "items"),
        ("reviews_decision SET rule = 'another'", "items"),
    ],
)
@pytest.mark.usefixtures("item")
def test_a_row_changed_behind_the_rules_is_named(change, where):
    tamper(f"UPDATE {change}")

    found = verification.verify_ledger().findings
    assert {(each.code, each.where.split()[0]) for each in found} == {("PROJECTION_DIFFERS", where)}


@pytest.mark.parametrize(
    "what",
    [
        "action_sha256 = sha256('another act') WHERE revision = 1",
        "action_sha256 = sha256('another act') WHERE revision = 2",
        "changed_by_id = (SELECT id FROM portal_user WHERE id <> changed_by_id LIMIT 1) WHERE revision = 2",
    ],
)
def test_a_revision_changed_behind_the_rules_is_named(what):
    ana = make_person("ana", Role.ADJUSTER)
    change(take(make_claim(make_world(contract=CONTRACT)), ana), ana, building="450.00")
    sequencer.seal_once()
    assert verification.verify_ledger().findings == ()

    tamper(f"UPDATE reviews_revision SET {what}")

    assert {each.code for each in verification.verify_ledger().findings} == {"PROJECTION_DIFFERS"}
