"""Verification finds rows that somebody with the database's own password changed, whichever they are."""

import pytest
from django.db import transaction

from audit.sealing import sequencer, verification
from portal.accounts.roles import Role
from reviews.actions import configuring, versioning
from reviews.models import Flow
from reviews.proposals import lists
from tests.audit.sealed import tamper
from tests.factories import SEEDER, make_item, make_person, make_world, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim

pytestmark = pytest.mark.django_db(transaction=True)
AUTHORITY = """person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to
{person},pay deny,*,US-TX,USD,25000.00,10000.50,,60000,30,2026-01-01,2026-12-31
"""
LICENCES = """person,kind,number,jurisdiction,line,from,to
{person},claims-adjuster,TX-1,US-TX,*,2026-01-01,
"""


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
        ("reviews_signoff_slot SET signer_id = (SELECT id FROM portal_user WHERE id <> signer_id LIMIT 1)", "items"),
        ("reviews_signoff_slot SET signer_id = NULL, signature_id = NULL", "items"),
        ("reviews_signoff_slot SET stage = 2, step = 2", "items"),
        ("reviews_signoff_slot SET role = 'senior-adjuster'", "items"),
        ("reviews_signoff_slot SET meaning = 'Something else'", "items"),
        ("reviews_policy_version SET text = text || '# more'", "configuration"),
        ("reviews_policy_version SET digest = sha256('other'), text = 'other'", "configuration"),
        ("reviews_policy_version SET version = 2", "configuration"),
        ("reviews_policy_version SET changed_rules = to_jsonb(ARRAY['another'])", "configuration"),
    ],
)
@pytest.mark.usefixtures("item")
def test_a_row_changed_behind_the_rules_is_named(change, where):
    tamper(f"UPDATE {change}")

    found = verification.verify_ledger().findings
    assert {(each.code, each.where.split()[0]) for each in found} == {("PROJECTION_DIFFERS", where)}


@pytest.mark.parametrize(
    "change",
    [
        "reviews_decision SET prompt_version = 'another'",
        "reviews_decision SET policy_version_id = gen_random_uuid()",
        "reviews_decision SET item_id = gen_random_uuid()",
    ],
)
@pytest.mark.usefixtures("item")
def test_a_decision_names_what_its_item_was_made_with_and_ruled_by(change):
    tamper(f"UPDATE {change}")

    assert {each.where.split()[0] for each in verification.verify_ledger().findings} == {"items"}


@pytest.mark.usefixtures("item")
def test_a_leaf_that_is_no_json_any_more_hides_nothing_else():
    tamper("UPDATE audit_entry SET leaf_bytes = leaf_bytes || '\\xff' WHERE kind = 'signature.executed'")
    tamper("DELETE FROM portal_user_groups")

    report = verification.verify_ledger()
    assert {"LEAF_HASH_MISMATCH", "PROJECTION_DIFFERS"} <= report.codes
    assert {"history", "items", "access"} <= {each.where.split()[0] for each in report.findings}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM reviews_historicalflow WHERE history_id = {newest}",
        "UPDATE reviews_historicalflow SET history_id = history_id - 1000 WHERE history_id = {newest};"
        "UPDATE audit_history_link SET history_id = history_id - 1000 WHERE history_id = {newest}"
        " AND model = 'reviews.flow'",
    ],
)
@pytest.mark.usefixtures("item")
def test_a_flow_put_back_to_what_it_was_with_its_history_is_found(change):
    flow = Flow.objects.get()
    configuring.suspend_flow(flow, by=SEEDER)
    sequencer.seal_once()
    newest = Flow.history.latest().history_id

    tamper("UPDATE reviews_flow SET suspended_at = NULL, config_version = config_version - 1")
    for each in change.format(newest=newest).split(";"):
        tamper(each)
    if change.startswith("DELETE"):
        tamper(f"DELETE FROM audit_history_link WHERE model = 'reviews.flow' AND history_id = {newest}")  # noqa: S608

    assert verification.verify_ledger().codes == {"HISTORY_UNLINKED"}


@pytest.mark.usefixtures("item")
def test_an_older_version_of_a_flow_linked_once_more_is_found():
    configuring.suspend_flow(Flow.objects.get(), by=SEEDER)
    sequencer.seal_once()
    newest = Flow.history.latest().history_id

    tamper("UPDATE reviews_flow SET suspended_at = NULL, config_version = config_version - 1")
    tamper(
        "INSERT INTO reviews_historicalflow"
        " SELECT (jsonb_populate_record(h, jsonb_build_object('history_id', %s::int))).*"
        " FROM reviews_historicalflow h WHERE history_id = (SELECT max(history_id) FROM reviews_historicalflow"
        " WHERE history_id < %s)",
        newest + 1, newest,
    )  # fmt: skip
    tamper(
        "INSERT INTO audit_history_link SELECT (jsonb_populate_record(l,"
        " jsonb_build_object('id', 700000, 'history_id', %s::int))).* FROM audit_history_link l"
        " WHERE model = 'reviews.flow' AND history_id = (SELECT max(history_id) FROM audit_history_link"
        " WHERE model = 'reviews.flow' AND history_id < %s)",
        newest + 1, newest,
    )  # fmt: skip

    assert verification.verify_ledger().codes == {"HISTORY_UNLINKED"}


@pytest.fixture
def registers():
    """Put a register of authority and one of licences in force, sealed."""
    person = make_person("ana", Role.ADJUSTER).user.username
    with transaction.atomic():
        for kind, row in (("authority", AUTHORITY), ("licences", LICENCES)):
            entries = lists.read(kind, row.format(person=person).encode(), lists.FILES[kind])
            versioning.apply_register(kind, entries, by=SEEDER)
    sequencer.seal_once()


@pytest.mark.usefixtures("registers")
def test_registers_as_they_were_put_in_force_are_found_right():
    assert verification.verify_ledger().findings == ()


@pytest.mark.parametrize(
    "change",
    [
        "reviews_entitlement SET up_to = 1000000",
        "reviews_entitlement SET ends = NULL",
        "reviews_entitlement SET person_id = (SELECT id FROM portal_user WHERE id <> person_id LIMIT 1)",
        "reviews_licence SET number = 'TX-2'",
        "reviews_register SET digest = sha256('other')",
        "reviews_register SET version = 7",
    ],
)
@pytest.mark.usefixtures("registers")
def test_a_register_changed_behind_the_rules_is_named(change):
    tamper(f"UPDATE {change}")

    found = verification.verify_ledger().findings
    assert {(each.code, each.where.split()[0]) for each in found} == {("PROJECTION_DIFFERS", "configuration")}


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
