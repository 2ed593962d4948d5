"""What the database refuses of roles, permissions and forbidden pairs that one person alone would give or take."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from audit import ledger
from portal.accounts import actions as accounts
from portal.accounts import facts as personal
from portal.accounts import pairs
from portal.accounts.models import ForbiddenPair
from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.proposals import kinds
from tests.factories import SEEDER, make_person
from tests.reviews.cheating import refuses, run
from tests.reviews.forging import BOTH, Anything, enforcing_instead, entered, forged_intent, pasted
from tests.reviews.four_eyes import propose, sign

pytestmark = pytest.mark.django_db


@BOTH
def test_no_role_by_raw_sql(helen, as_role):
    Group.objects.get_or_create(name="adjuster")

    with refuses(as_role=as_role, because="its last entry does not tell"):
        run(
            "INSERT INTO portal_user_groups (user_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'adjuster'",
            helen.user.pk,
        )
    with refuses(as_role=as_role, because="its last entry does not tell"):
        run("DELETE FROM portal_user_groups WHERE user_id = %s", helen.user.pk)


def test_no_role_by_an_entry_one_person_writes_alone(tom, helen):
    with refuses(because="its last entry does not tell"):
        helen.user.groups.add(Group.objects.get_or_create(name="queue-manager")[0])
        entered(personal.RoleGranted(role="queue-manager"), ledger.Stream("person", helen.user.pk), tom.user)


def given(role, person, by, proposal):
    """Give a role as the program does, with an entry that names a proposal."""
    accounts.grant_role(person.user, role, by=by, proposal=proposal)


def test_a_signed_role_gives_that_role_to_that_person_once(tom, helen):
    ana, ben = make_person("ana"), make_person("ben")
    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)
    sign(proposal, helen)

    for role, person in (("senior-adjuster", ana), ("adjuster", ben)):
        with refuses(because="its last entry does not tell"):
            given(role, person, helen.user, proposal.pk)
    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=tom.user)
    with refuses(because="its last entry does not tell"):
        given("adjuster", ana, helen.user, proposal.pk)


@pytest.mark.parametrize("who", ["tom", "ana"])
def test_a_signed_role_is_given_by_its_signer_alone(tom, helen, monkeypatch, who):
    ana = make_person("ana")
    people = {"tom": tom, "ana": ana}

    def put(proposal, change, *, by):
        given("adjuster", ana, people[who].user, proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="its last entry does not tell"):
        sign(propose("role", {"person": ana.user.username, "role": "adjuster"}, tom), helen)


def test_a_forged_kind_gives_no_role(tom, helen, monkeypatch):
    content = f'{{"person":"{tom.user.pk}","role":"auditor"}}'
    monkeypatch.setitem(kinds.KINDS, "access-review", Anything())

    def put(proposal, change, *, by):
        given("auditor", tom, by, proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="its last entry does not tell"):
        sign(propose("access-review", content, tom), helen)


def test_a_role_is_not_signed_by_who_gets_it(tom, helen):
    proposal = propose("role", {"person": helen.user.username, "role": "queue-manager"}, tom)

    with refuses(because="or gains by it"):
        pasted(forged_intent(proposal, helen, "compliance-officer"))


def granting(model, columns, who):
    return (
        f"INSERT INTO guardian_{model}objectpermission (object_pk, content_type_id, permission_id, {columns})"
        f" SELECT q.id::text, c.id, p.id, {who} FROM reviews_queue q, django_content_type c"
        " JOIN auth_permission p ON p.content_type_id = c.id WHERE c.model = 'queue' AND p.codename = 'review_in_queue'"
    )


@BOTH
def test_no_permission_by_raw_sql(rules, helen, as_role):
    group = Group.objects.get(name="compliance-officer")

    with refuses(as_role=as_role, because="its last entry does not tell"):
        run(granting("group", "group_id", "%s"), group.pk)
    with refuses(as_role=as_role, because="refused on guardian_userobjectpermission"):
        run(granting("user", "user_id", "%s"), helen.user.pk)


def test_a_signed_permission_is_that_permission_once(rules, tom, helen):
    queue = configuring.open_queue("other", "Other", by=SEEDER)
    asked = {"role": "adjuster", "permission": "see_queue", "target": "queue", "target_id": "desk"}
    proposal = propose("access", asked, tom)
    sign(proposal, helen)

    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "see_queue", queue, by=helen.user, proposal=proposal.pk)
    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "review_in_queue", _desk(), by=helen.user, proposal=proposal.pk)
    accounts.withdraw_access(Role.ADJUSTER, "see_queue", _desk(), by=tom.user)
    with refuses(because="its last entry does not tell"):
        accounts.grant_access(Role.ADJUSTER, "see_queue", _desk(), by=helen.user, proposal=proposal.pk)


def _desk():
    return configuring.Queue.objects.get(slug="desk")


@BOTH
def test_roles_and_permissions_keep_their_names(helen, as_role):
    content_type = ContentType.objects.get(model="queue")

    with refuses(as_role=as_role):
        run("UPDATE auth_group SET name = 'administrator' WHERE name = 'compliance-officer'")
    with refuses(as_role=as_role):
        run("DELETE FROM auth_group WHERE name = 'compliance-officer'")
    with refuses(as_role=as_role):
        Permission.objects.filter(content_type=content_type, codename="see_queue").update(codename="manage_in_queue2")


@BOTH
def test_two_forbidden_roles_never_meet_in_one_person(helen, as_role):
    pairs.forbid("adjuster", "compliance-officer", "x", by=SEEDER)

    with refuses(as_role=as_role, because="nobody may hold together"):
        helen.user.groups.add(Group.objects.get_or_create(name="adjuster")[0])


@BOTH
def test_a_forbidden_pair_is_not_forgotten(tom, as_role):
    pair = pairs.forbid("adjuster", "compliance-officer", "x", by=SEEDER)

    with refuses("23000", as_role=as_role):
        run("DELETE FROM portal_forbidden_pair")
    with refuses("23000", as_role=as_role):
        run("UPDATE portal_forbidden_pair SET ended_at = now()")
    with refuses(as_role=as_role, because="one person alone decided about"):
        pairs.allow(pair, by=tom.user)
    assert ForbiddenPair.objects.get().ended_at is None


def test_nobody_forbids_a_pair_alone(tom):
    with refuses(because="one person alone decided about"):
        pairs.forbid("adjuster", "compliance-officer", "x", by=tom.user)


def test_a_signed_pair_is_that_pair(tom, helen, monkeypatch):
    def put(proposal, change, *, by):
        pairs.forbid("auditor", "flow-owner", "x", by=by, proposal=proposal.pk)

    enforcing_instead(monkeypatch, put)
    with refuses(because="one person alone decided about"):
        sign(propose("role-pair", {"first": "adjuster", "second": "auditor", "forbidden": True}, tom), helen)
