"""Configuring: every change leaves an entry with its row, and the database takes no other."""

import pytest
from django.db.models import F

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import configuring
from reviews.models import ApiKey, Endpoint, Flow, Policy, Queue, WebhookSecret
from reviews.policies.document import PolicyInvalid
from tests.factories import POLICY, SEEDER, make_person, make_world, refused, story
from tests.reviews.cheating import APP, OWNER, copied, refuses, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def test_a_flows_whole_life_is_told(world):
    flow = world.flow

    configuring.apply_contract(flow, {"type": "object"}, by=SEEDER)
    configuring.suspend_flow(flow, by=SEEDER)
    configuring.resume_flow(flow, by=SEEDER)
    configuring.revoke_key(ApiKey.objects.get(flow=flow), by=SEEDER)
    configuring.retire_secret(WebhookSecret.objects.get(flow=flow), by=SEEDER)
    configuring.register_endpoint(flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)

    assert story(flow) == [
        "flow.registered", "flow.key_issued", "flow.secret_issued", "flow.contract_applied", "flow.suspended",
        "flow.resumed", "flow.key_revoked", "flow.secret_retired", "flow.endpoint_registered",
    ]  # fmt: skip
    assert Flow.objects.get(pk=flow.pk).config_version == 8


def test_a_third_secret_is_refused_until_one_is_retired(world):
    configuring.issue_secret(world.flow, by=SEEDER)

    with refused("too_many_secrets"):
        configuring.issue_secret(world.flow, by=SEEDER)
    configuring.retire_secret(WebhookSecret.objects.filter(flow=world.flow).first(), by=SEEDER)
    configuring.issue_secret(world.flow, by=SEEDER)


UNKNOWN = {
    "unknown_queue": (("queue: exceptions", "queue: nowhere"), "4", "There is no queue “nowhere”."),
    "unknown_role": (("role: senior-adjuster", "role: senoir-adjuster"), "6", "Did you mean “senior-adjuster”?"),
    "unknown_calendar": (("fallback:", "calendar: gulf\nfallback:"), "3", "There is no calendar “gulf”."),
}


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_policy_that_names_what_is_not_there_is_told_where_and_not_half_applied(code):
    (right, wrong), line, told = UNKNOWN[code]
    for slug in ("payouts", "exceptions"):
        configuring.open_queue(slug, slug, by=SEEDER)

    with pytest.raises(PolicyInvalid) as caught:
        configuring.apply_policy(POLICY.replace(right, wrong, 1), by=SEEDER)

    assert (caught.value.name, caught.value.errors[0]["line"]) == (code, line)
    assert told in caught.value.errors[0]["message"]
    assert not Policy.objects.filter(name="payouts").exists()


def test_each_version_of_a_policy_is_kept_and_the_last_is_in_force(world):
    text = world.flow.policy.in_force.text

    second = configuring.apply_policy(text.replace("needs nobody", "needs no one"), by=SEEDER)

    policy = Policy.objects.get(pk=world.flow.policy_id)
    assert (second.version, policy.in_force_id, second.changed_rules) == (2, second.pk, ["tiny"])
    assert story(policy) == ["policy.opened", "policy.applied", "policy.applied"]
    assert policy.versions.get(version=1).text == text


CHANGES = {
    "a flow": (Flow, {"posts_per_day": F("posts_per_day") + 1}),
    "a flow's suspension": (Flow, {"suspended_at": now()}),
    "a queue": (Queue, {"lease_minutes": 500}),
    "a policy": (Policy, {"name": "another"}),
    "an endpoint": (Endpoint, {"url": "https://evil.example"}),
}


@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.parametrize(("model", "changes"), CHANGES.values(), ids=CHANGES.keys())
def test_without_its_entry_nobody_changes(world, model, changes, as_role):
    configuring.register_endpoint(world.flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)

    with refuses(as_role=as_role):
        model.objects.update(**changes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("model", "changes"), [
    (Policy, {"in_force": None}), (Endpoint, {"wrapped_secret": b"x"}), (Flow, {"suspended_at": None}),
], ids=["a policy goes back", "a secret no history holds", "a flow changes nothing"])  # fmt: skip
def test_in_a_transaction_of_its_own_no_change_is_small_enough(world, model, changes):
    configuring.register_endpoint(world.flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)

    with refuses():
        model.objects.update(**changes)


def test_no_flow_appears_without_its_entry(world):
    with refuses():
        copied(world.flow, id=world.queue.pk, slug="another")


KEYS = {
    "another key": "digest = sha256('x')",
    "another flow": "flow_id = gen_random_uuid()",
    "another issuer": "issued_by_id = NULL",
    "an end without its entry": "revoked_at = now()",
}


@pytest.fixture
def issued(world):
    """A key a person issued."""
    ana = make_person("ana", Role.FLOW_OWNER)
    configuring.issue_key(world.flow, by=ana.user)
    return ApiKey.objects.get(issued_by=ana.user)


@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.parametrize("cheat", KEYS.values(), ids=KEYS.keys())
def test_a_key_is_not_given(issued, cheat, as_role):
    with refuses(as_role=as_role):
        run(f"UPDATE reviews_api_key SET {cheat} WHERE id = %s", issued.pk)


def test_a_revoked_key_does_not_come_back(issued):
    configuring.revoke_key(issued, by=SEEDER)

    with refuses():
        ApiKey.objects.filter(pk=issued.pk).update(revoked_at=None)


def test_a_retired_secret_does_not_come_back(world):
    secret = WebhookSecret.objects.get(flow=world.flow)
    configuring.retire_secret(secret, by=SEEDER)

    with refuses():
        WebhookSecret.objects.filter(pk=secret.pk).update(retired_at=None)


@pytest.mark.parametrize("cheat", ["wrapped = 'x'", "flow_id = gen_random_uuid()", "retired_at = now()"])
def test_a_secret_is_not_changed(world, cheat):
    with refuses():
        run(f"UPDATE reviews_webhook_secret SET {cheat}")


@pytest.mark.parametrize("table", ["reviews_api_key", "reviews_webhook_secret"])
@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.usefixtures("world")
def test_keys_and_secrets_are_not_deleted(table, as_role):
    with refuses(as_role=as_role):
        run(f"DELETE FROM {table}")


def test_a_key_without_its_entry_is_refused(issued):
    with refuses():
        ApiKey.objects.create(flow=issued.flow, digest=b"x" * 32, issued_by=issued.issued_by)


def test_a_key_says_who_issued_it(world, monkeypatch):
    ana = make_person("ana", Role.FLOW_OWNER)
    create = ApiKey.objects.create
    monkeypatch.setattr(ApiKey.objects, "create", lambda **given: create(**given | {"issued_by": None}))

    with refuses():
        configuring.issue_key(world.flow, by=ana.user)


def test_who_issued_a_key_stands_in_the_ledger(issued):
    told = ledger.story(issued.flow_id)[-1]

    assert (told.kind, told.actor.ref) == ("flow.key_issued", issued.issued_by_id)
    assert told.pub["key"] == str(issued.pk)


def test_a_queue_with_an_unknown_signing_profile_is_refused():
    with refused("unknown_profile"):
        configuring.open_queue("letters", "Letters", by=SEEDER, profile="casual")

    assert not Queue.objects.exists()
