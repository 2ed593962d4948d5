"""Verification finds who was given a role, a permission or an account behind the rules, or had one taken away."""

import pytest

from portal import casting
from portal.accounts import actions as accounts
from portal.accounts import administering, pairs
from portal.accounts.roles import Role
from tests.factories import SEEDER, make_person, make_world
from tests.reviews import four_eyes
from tests.reviews.cheated import ANOTHER_PERSON, copied, found, named_after

pytestmark = pytest.mark.django_db
ROLE = "(SELECT id FROM auth_group WHERE name = '{}')"
MANAGE = "(SELECT id FROM auth_permission WHERE codename = 'manage_in_queue')"


@pytest.fixture
def people():
    """Give people roles, by the installation and by a signed proposal, and take some away again."""
    world, tom, helen = make_world(), four_eyes.tom(), four_eyes.helen()
    ana, ben = make_person("ana", Role.ADJUSTER, Role.QUEUE_MANAGER), make_person("ben", Role.ADJUSTER)
    four_eyes.sign(four_eyes.propose("role", {"person": ana.user.username, "role": "senior-adjuster"}, tom), helen)
    administering.withdraw(ana.user.pk, Role.QUEUE_MANAGER, "Other work.", by=tom.user)
    accounts.grant_access(Role.QUEUE_MANAGER, "see_queue", world.queue, by=SEEDER)
    accounts.withdraw_access(Role.QUEUE_MANAGER, "see_queue", world.queue, by=SEEDER)
    administering.deactivate(ben.user.pk, by=tom.user)
    pairs.forbid("adjuster", "auditor", "Nobody audits themselves.", by=SEEDER)
    pairs.allow(pairs.forbid("adjuster", "release-approver", "Two hats.", by=SEEDER), by=SEEDER)


@pytest.mark.usefixtures("people")
def test_nothing_is_found_while_nobody_tampered():
    assert found() == set()


def test_nothing_is_found_of_the_whole_cast_of_the_demonstration():
    casting.seed({"claims-triage": "http://127.0.0.1:9/"})

    assert found() == set()


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO portal_user_groups (user_id, group_id) SELECT u.id, g.id FROM portal_user u, auth_group g"
        " WHERE u.printed_name = 'Verifier' AND g.name = 'administrator' LIMIT 1",
        f"INSERT INTO portal_user_groups (user_id, group_id) SELECT id, {ROLE.format('queue-manager')}"
        " FROM portal_user WHERE printed_name = 'Ana'",
        f"DELETE FROM portal_user_groups WHERE group_id = {ROLE.format('senior-adjuster')}",
        f"UPDATE portal_user_groups SET group_id = {ROLE.format('queue-manager')}"
        f" WHERE group_id = {ROLE.format('senior-adjuster')}",
        "UPDATE auth_group SET name = 'auditor' WHERE name = 'adjuster'",
        copied("guardian_groupobjectpermission", id="2000000000", permission_id=MANAGE),
        copied("guardian_groupobjectpermission", id="2000000000", group_id=ROLE.format("queue-manager")),
        "DELETE FROM guardian_groupobjectpermission WHERE id = (SELECT min(id) FROM guardian_groupobjectpermission)",
        "UPDATE guardian_groupobjectpermission SET object_pk = (SELECT id::text FROM reviews_flow LIMIT 1)"
        " WHERE id = (SELECT min(id) FROM guardian_groupobjectpermission)",
        "UPDATE auth_permission SET codename = 'other' WHERE codename = 'review_in_queue'",
        "INSERT INTO guardian_userobjectpermission (object_pk, content_type_id, permission_id, user_id)"
        " SELECT object_pk, content_type_id, permission_id, (SELECT id FROM portal_user LIMIT 1)"
        " FROM guardian_groupobjectpermission LIMIT 1",
        "UPDATE portal_user SET identity_verified_at = now(), identity_verified_by_id = id"
        " WHERE identity_verified_at IS NULL",
        f"UPDATE portal_user SET identity_verified_by_id = {ANOTHER_PERSON.format('identity_verified_by_id')}"
        " WHERE identity_verified_by_id IS NOT NULL",
        "UPDATE portal_user SET is_active = true WHERE NOT is_active",
        "UPDATE portal_user SET is_active = false WHERE printed_name = 'Helen'",
        copied("portal_user", username="'mallory'"),
        "DELETE FROM portal_user WHERE printed_name = 'Ben'",
    ],
)
@pytest.mark.usefixtures("people")
def test_what_people_may_do_is_compared_with_the_newest_entry_about_it(change):
    assert named_after(change) == {"PROJECTION_DIFFERS access"}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM portal_forbidden_pair WHERE ended_at IS NULL",
        "UPDATE portal_forbidden_pair SET ended_at = now() WHERE ended_at IS NULL",
        "UPDATE portal_forbidden_pair SET second = 'queue-manager'",
        copied("portal_forbidden_pair", first="'a'"),
    ],
)
@pytest.mark.usefixtures("people")
def test_forbidden_pairs_are_compared_with_their_history_and_their_entries(change):
    assert named_after(change) == {"PROJECTION_DIFFERS access", "PROJECTION_DIFFERS accounts.forbiddenpair"}
