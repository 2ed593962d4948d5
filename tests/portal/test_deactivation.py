"""Deactivation: at the next request there is no session, no permission, no hold and no signature."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from portal.accounts import access, ceremony
from portal.accounts import actions as accounts
from portal.accounts.ceremony import CeremonyFailed
from portal.accounts.models import SigningPeriod, User
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import signing, taking, watching
from reviews.models import ApiKey, Item, Lease
from reviews.words import Verdict
from tests.factories import SEEDER, make_item, make_person, make_world, refused, sign, take
from tests.pages import HTMX, browser, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


def leave(person):
    accounts.deactivate(User.objects.get(pk=person.user.pk), by=SEEDER)


def test_the_next_page_is_the_sign_in_page(world, ana):
    client, item = browser(ana.user), make_item(world)
    assert client.get("/").status_code == 200

    leave(ana)

    for address in ("/", f"/queues/{world.queue.slug}/", f"/items/{item.pk}/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/sign-in/")


@pytest.mark.parametrize("name", ["desk:changes", "desk:ready", "desk:done"])
def test_a_page_that_asks_for_news_by_itself_is_sent_to_the_sign_in_page(world, ana, name):
    client, item = browser(ana.user), take(make_item(world), ana)
    address = reverse(name, args=[item.pk])

    leave(ana)

    answer = client.get(address, headers=HTMX)
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/account/sign-in/")


def test_a_queue_that_is_open_in_a_browser_gives_no_more_rows(world, ana):
    client = browser(ana.user)
    make_item(world)
    leave(ana)

    answer = client.get(f"/queues/{world.queue.slug}/", headers=HTMX)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Redirect"].startswith("/account/sign-in/")


def test_no_form_of_theirs_does_anything_more(world, ana):
    client, item = browser(ana.user), take(make_item(world), ana)
    leave(ana)

    for name in ("desk:take", "desk:beat", "desk:put-back", "desk:decide", "desk:comment", "desk:wall"):
        address = reverse(name, args=[item.pk])
        answer = client.post(address, {"decision": "approve", "seen": item.version, "text": "x", "wall": "counsel"})
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/sign-in/"), name

    assert Item.objects.get(pk=item.pk).version == item.version


def test_a_session_of_theirs_counts_never_again_even_if_the_account_comes_back(world, ana):
    client = browser(ana.user)
    leave(ana)
    User.objects.filter(pk=ana.user.pk).update(is_active=True)

    assert Session.objects.exists()
    assert client.get("/")["Location"].startswith("/account/sign-in/")


def test_they_cannot_sign_in_again(world, ana):
    leave(ana)

    answer = visitor().post("/account/sign-in/", {"login": ana.user.username, "password": ana.password})

    assert answer.status_code == 200 or "inactive" in answer["Location"]
    assert Client().get("/").status_code == 302


def test_what_they_were_about_to_sign_is_refused_with_the_right_factors(world, ana):
    item = take(make_item(world), ana)
    intent = signing.prepare(
        ItemId(item.pk), by=ana.user, session_ref=ana.session, seen=item.version, verdict=Verdict.APPROVE
    )
    leave(ana)

    with refused("not_found"):
        signing.sign(intent.pk, by=ana.user, session_ref=ana.session, factors=ana.factors())
    assert Item.objects.get(pk=item.pk).state == "in_review"


def test_their_signing_period_ends(world, ana):
    sign(take(make_item(world), ana), ana)
    assert SigningPeriod.objects.filter(user=ana.user, ended_at=None).exists()

    leave(ana)

    assert not SigningPeriod.objects.filter(user=ana.user, ended_at=None).exists()


def test_they_are_permitted_nothing_and_take_nothing(world, ana):
    make_item(world)
    leave(ana)

    granted = access.of(ana.user)

    assert (granted.roles, granted.grants, granted.lent) == (frozenset(), frozenset(), ())
    with refused("nothing_to_take"):
        taking.take_next(by=ana.user)


def test_what_they_held_goes_to_the_others_within_a_minute(world, ana):
    ben = make_person("ben", Role.ADJUSTER)
    item = take(make_item(world), ana)
    leave(ana)

    watching.sweep()

    assert not Lease.objects.filter(item=item).exists()
    assert taking.take_next(by=ben.user).item_id == item.pk


def test_people_have_no_keys_of_their_own_that_could_stay_behind():
    owners = [field.name for field in ApiKey._meta.get_fields() if field.is_relation and field.many_to_one]

    assert "flow" in owners
    assert "user" not in owners


def test_the_password_they_had_proves_nothing(world, ana):
    leave(ana)

    with pytest.raises(CeremonyFailed):
        ceremony.prove(ana.user, ana.factors(), session_ref=ana.session, profile=ceremony.PROFILES["claims"])
