"""Access: one question a request, answered from groups, and no longer than it is true."""

import pytest

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.factories import SEEDER, make_person, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER).user


def test_everything_a_person_may_do_is_one_query(world, ana, django_assert_num_queries):
    with django_assert_num_queries(1):
        granted = access.of(ana)
        assert granted.may("review_in_queue", "queue", world.queue.pk)
        assert not granted.may("own_flow", "flow", world.flow.pk)
        assert world.queue.pk in granted.where("review_in_queue", "queue")
        assert granted.roles == {"adjuster"}


def test_a_grant_counts_for_its_permission_its_kind_and_its_object_alone(world, ana):
    granted = access.of(ana)

    assert not granted.may("see_queue", "queue", world.queue.pk)
    assert not granted.may("review_in_queue", "flow", world.queue.pk)
    assert not granted.may("review_in_queue", "queue", world.flow.pk)


def test_a_role_that_is_withdrawn_takes_its_grants_along_at_once(world, ana):
    accounts.withdraw_role(ana, Role.ADJUSTER, by=SEEDER)

    assert access.of(ana) == access.Access(frozenset(), frozenset())


def test_a_grant_that_is_withdrawn_ends_at_once(world, ana):
    accounts.withdraw_access(Role.ADJUSTER, "review_in_queue", world.queue, by=SEEDER)

    assert not access.of(ana).may("review_in_queue", "queue", world.queue.pk)
    assert access.of(ana).may("review_in_queue", "queue", world.exceptions.pk)


def test_a_deactivated_person_may_do_nothing_however_old_the_callers_copy_is(world, ana):
    accounts.deactivate(User.objects.get(pk=ana.pk), by=SEEDER)

    assert ana.is_active
    assert access.of(ana) == access.Access(frozenset(), frozenset())


def test_django_superusers_may_do_nothing_by_that(world):
    root = make_person("root").user
    User.objects.filter(pk=root.pk).update(is_superuser=True, is_staff=True)

    assert not access.of(User.objects.get(pk=root.pk)).grants
