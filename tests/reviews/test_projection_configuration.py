"""Verification finds proposals, contracts, calendars, rules and keys that were changed, added or taken away."""

import pytest

from reviews.actions import configuring, proposing
from reviews.models import ApiKey
from tests.factories import SEEDER, make_world
from tests.reviews import four_eyes
from tests.reviews.cheated import ANOTHER_EXHIBIT, ANOTHER_PERSON, copied, found, named_after
from tests.reviews.four_eyes import CHANGED, HOURS, propose, sign

pytestmark = pytest.mark.django_db
CONFIGURATION = {"PROJECTION_DIFFERS configuration"}
PROPOSAL = {"PROJECTION_DIFFERS configuration", "PROJECTION_DIFFERS reviews.proposal"}


@pytest.fixture
def configured():
    """Put rules, a contract and a calendar in force by two people, and refuse and withdraw other changes."""
    tom, helen = four_eyes.tom(), four_eyes.helen()
    world = make_world(contract={"type": "object"})
    four_eyes.rules_in_force()
    sign(propose("policy", CHANGED, tom), helen)
    sign(propose("contract", {"type": "object", "title": "x", "maxProperties": 1e2}, tom, target=world.flow.pk), helen)
    sign(propose("calendar", HOURS, tom), helen)
    refused = propose("policy", CHANGED.replace("20.0", "30.0"), tom)
    proposing.refuse(refused.pk, by=helen.user, reason="Too much.")
    proposing.withdraw(propose("policy", CHANGED.replace("20.0", "40.0"), tom).pk, by=tom.user)
    propose("policy", CHANGED.replace("20.0", "50.0"), tom)
    configuring.issue_key(world.flow, by=SEEDER)
    configuring.revoke_key(ApiKey.objects.order_by("issued_at")[0], by=SEEDER)
    configuring.register_endpoint(world.flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)


@pytest.mark.usefixtures("configured")
def test_nothing_is_found_while_nobody_tampered():
    assert found() == set()


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE reviews_proposal_signature SET signer_id = {ANOTHER_PERSON.format('signer_id')}",
        "UPDATE reviews_proposal_signature SET proposal_id = (SELECT id FROM reviews_proposal WHERE state = 'open')"
        " WHERE proposal_id = (SELECT proposal_id FROM reviews_proposal_signature ORDER BY id LIMIT 1)",
        "UPDATE reviews_proposal_signature SET content_sha256 = sha256('other')",
        "UPDATE reviews_proposal_signature SET signed_at = signed_at - interval '1 day'",
        "UPDATE reviews_proposal_signature SET role = 'administrator'",
        "UPDATE reviews_proposal_signature SET meaning = 'Something else'",
        "UPDATE reviews_proposal_signature SET assurance = 'device-signed'",
        "DELETE FROM reviews_proposal_signature WHERE id = (SELECT id FROM reviews_proposal_signature LIMIT 1)",
        copied(
            "reviews_proposal_signature", intent_id="gen_random_uuid()",
            proposal_id="(SELECT id FROM reviews_proposal WHERE state = 'open')",
        ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("configured")
def test_signatures_of_proposals_are_compared_with_their_entries(change):
    assert named_after(change) == CONFIGURATION


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_proposal SET state = 'withdrawn' WHERE state = 'refused'",
        "UPDATE reviews_proposal SET state = 'open', decided_by_id = NULL, decided_at = NULL WHERE state = 'refused'",
        f"UPDATE reviews_proposal SET proposed_by_id = {ANOTHER_PERSON.format('proposed_by_id')} WHERE state = 'open'",
        f"UPDATE reviews_proposal SET content_id = {ANOTHER_EXHIBIT.format('content_id')} WHERE state = 'open'",
        "DELETE FROM reviews_proposal WHERE state = 'open'",
        copied("reviews_proposal", target="gen_random_uuid()"),
    ],
)
@pytest.mark.usefixtures("configured")
def test_proposals_are_compared_with_their_history_and_their_entries(change):
    assert named_after(change) == PROPOSAL


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE reviews_contract SET schema = '{"type": "array"}'""",
        """UPDATE reviews_contract SET digest = sha256('{"type":"array"}'), schema = '{"type": "array"}'""",
        "UPDATE reviews_contract SET version = version + 5",
        "UPDATE reviews_contract SET earlier_until = now()",
        "DELETE FROM reviews_contract WHERE version = 2",
        copied("reviews_contract", version="7", proposal_id="NULL"),
        "UPDATE reviews_contract SET proposal_id = NULL WHERE version = 2",
        "UPDATE reviews_calendar_version SET text = replace(text, '12:00', '18:00')",
        "UPDATE reviews_calendar_version SET text = 'other', digest = sha256('other')",
        "UPDATE reviews_calendar_version SET version = 2",
        "UPDATE reviews_calendar_version SET proposal_id = NULL",
        "DELETE FROM reviews_calendar_version",
        "DELETE FROM reviews_policy_version WHERE version = 2",
        "UPDATE reviews_policy_version SET proposal_id = NULL, changed_rules = '[]' WHERE version = 2",
        "UPDATE reviews_policy_version SET proposal_id = (SELECT id FROM reviews_proposal WHERE state = 'open')"
        " WHERE version = 2",
        copied("reviews_api_key", digest="'\\x00'"),
        "UPDATE reviews_api_key SET digest = sha256('mine') WHERE revoked_at IS NULL",
        "UPDATE reviews_api_key SET revoked_at = NULL WHERE revoked_at IS NOT NULL",
        "DELETE FROM reviews_webhook_secret",
    ],
)
@pytest.mark.usefixtures("configured")
def test_what_is_in_force_is_compared_with_its_entries(change):
    assert named_after(change) == CONFIGURATION


@pytest.mark.parametrize("table", ["flow", "queue", "endpoint", "calendar"])
@pytest.mark.usefixtures("configured")
def test_what_was_opened_and_is_gone_is_missed(table):
    assert f"PROJECTION_DIFFERS reviews.{table}" in named_after(f"DELETE FROM reviews_{table}")  # noqa: S608
