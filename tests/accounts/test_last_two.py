"""One person alone never makes it impossible that two of them change the configuration."""

from functools import partial

import pytest

from portal.accounts import administering
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.factories import make_person, refused, story
from tests.reviews.cheating import at_once

pytestmark = pytest.mark.django_db


def deactivate(person, by):
    administering.deactivate(person.user.pk, by=by.user)


def withdraw(person, role, by):
    administering.withdraw(person.user.pk, role, "They change teams.", by=by.user)


def is_active(person):
    return User.objects.get(pk=person.user.pk).is_active


@pytest.fixture
def tom(db):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR])
def test_an_administrator_does_not_deactivate_the_only_other_who_signs_changes(tom, role):
    first, second = make_person("helen", role), make_person("carl", role)

    deactivate(first, tom)
    with refused("last_two") as told:
        deactivate(second, tom)

    assert "Have somebody else made compliance officer or administrator first" in told.value.detail
    assert (is_active(first), is_active(second)) == (False, True)
    assert "person.deactivated" not in story(second.user)


def test_nor_is_the_role_by_which_they_sign_taken_from_them(tom):
    helen = make_person("helen", Role.COMPLIANCE_OFFICER, Role.QUEUE_MANAGER)

    with refused("last_two"):
        withdraw(helen, "compliance-officer", tom)
    withdraw(helen, "queue-manager", tom)

    assert [group.name for group in helen.user.groups.all()] == ["compliance-officer"]


def test_who_keeps_another_such_role_may_lose_one(tom):
    helen = make_person("helen", Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR)

    withdraw(helen, "administrator", tom)

    assert [group.name for group in helen.user.groups.all()] == ["compliance-officer"]


@pytest.mark.parametrize("roles", [(Role.ADMINISTRATOR, Role.AUDITOR), (Role.QUEUE_MANAGER,), (Role.FLOW_OWNER,)])
def test_who_could_not_take_their_place_does_not_count(tom, roles):
    helen = make_person("helen", Role.COMPLIANCE_OFFICER)
    make_person("third", *roles)

    with refused("last_two"):
        deactivate(helen, tom)


def test_of_those_who_are_left_one_must_be_verified_to_sign():
    ada = make_person("ada", Role.ADMINISTRATOR, verified=False)
    helen = make_person("helen", Role.COMPLIANCE_OFFICER)
    make_person("carl", Role.COMPLIANCE_OFFICER, verified=False)

    with refused("last_two"):
        deactivate(helen, ada)


def test_who_is_not_verified_may_still_propose_what_another_signs(tom):
    helen = make_person("helen", Role.COMPLIANCE_OFFICER)
    make_person("carl", Role.COMPLIANCE_OFFICER, verified=False)

    deactivate(helen, tom)

    assert not is_active(helen)


def test_a_shop_where_two_never_could_works_as_before(tom):
    ana = make_person("ana", Role.ADJUSTER)

    withdraw(ana, "adjuster", tom)
    deactivate(ana, tom)

    assert not is_active(ana)


@pytest.mark.parametrize("role", [Role.ADJUSTER, Role.AUDITOR])
def test_who_signs_no_changes_goes_at_any_time(tom, role):
    make_person("helen", Role.COMPLIANCE_OFFICER)
    ana = make_person("ana", role)

    deactivate(ana, tom)

    assert not is_active(ana)


@pytest.mark.django_db(transaction=True)
def test_two_steps_at_once_that_are_each_allowed_alone_leave_two_people():
    tom, tim = make_person("tom", Role.ADMINISTRATOR), make_person("tim", Role.ADMINISTRATOR)
    helen = make_person("helen", Role.COMPLIANCE_OFFICER)

    got = at_once([partial(deactivate, helen, tom), partial(withdraw, tim, "administrator", tim)])

    assert sorted(type(each).__name__ for each in got) == ["LastTwo", "NoneType"]
    assert User.objects.filter(is_active=True, groups__isnull=False).distinct().count() == 2
