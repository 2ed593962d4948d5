"""Factors: a stage says which suffice; others are refused before anything is checked, and none is asked in vain."""

import pytest
from allauth.mfa.models import Authenticator

from portal.accounts import ceremony
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.roles import Role
from reviews.actions import intents, signing
from reviews.models import Item
from tests.factories import make_item, make_person, refused, sign, take
from tests.reviews.cheating import pasted, refuses
from tests.reviews.planned import make_planned, parallel, stage
from tests.reviews.registered import authority, may
from tests.reviews.standing import about_to_sign, away
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db):
    return make_person("ana", Role.ADJUSTER)


def item_of(*factors):
    """Make an item whose stage names these factors."""
    return make_item(make_planned(stage("a", factors=list(factors))))


def submit(intent, person, factors):
    """Sign what was frozen with these factors."""
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=factors)


def pending(intent, person):
    """Give what the page shows of an attempt."""
    return intents.pending(intent.pk, by=person.user, session_ref=person.session)


def with_passkey(person):
    """Give a person a passkey, as far as counting it goes."""
    Authenticator.objects.create(user=person.user, type=Authenticator.Type.WEBAUTHN, data={})


def test_where_a_code_is_needed_it_is_asked_for_at_every_signature(ana):
    first, second = make_item(make_planned(stage("a"))), item_of("password+totp")
    take(first, ana)
    sign(first, ana)
    intent = about_to_sign(second, ana)

    assert pending(intent, ana).needs_code
    assert pending(intent, ana).factors == ("password+totp",)
    with refused("ceremony_failed"):
        submit(intent, ana, Factors(ana.password))


def test_without_a_word_about_factors_every_one_suffices(ana):
    intent = about_to_sign(make_item(make_planned(stage("a"))), ana)

    assert pending(intent, ana).factors == ("passkey", "password", "password+totp")
    assert submit(intent, ana, ana.factors()).auth_method == "password+totp"


def test_where_the_password_suffices_the_code_that_opens_a_period_does_too(ana):
    first, second = item_of("password"), item_of("password")
    take(first, ana)
    assert sign(first, ana).auth_method == "password+totp"

    take(second, ana)
    assert sign(second, ana, factors=Factors(ana.password)).auth_method == "password"


def test_another_factor_is_refused_without_counting_as_an_attempt(ana):
    with_passkey(ana)
    intent = about_to_sign(item_of("passkey"), ana)

    with refused("factor_not_allowed"):
        submit(intent, ana, ana.factors())

    assert User.objects.get(pk=ana.user.pk).failed_ceremonies == 0
    assert pending(intent, ana).factors == ("passkey",)


def test_a_passkey_is_refused_where_only_a_code_suffices(ana):
    intent = about_to_sign(item_of("password+totp"), ana)

    with refused("factor_not_allowed"):
        submit(intent, ana, Factors(passkey={"id": "x"}))


def test_who_lacks_the_factor_learns_it_before_the_ceremony(ana):
    item = take(item_of("passkey"), ana)

    with refused("factor_missing"):
        sign(item, ana)


def test_the_factor_is_asked_for_the_place_that_would_be_signed(ana):
    sam = make_person("sam", Role.SENIOR_ADJUSTER)
    item = make_item(make_planned(parallel(stage("a", factors=["passkey"]), stage("s"))))
    authority(may(ana, "10"), may(sam, "10000"))
    away(sam, ana)

    assert sign(take(item, ana), ana).on_behalf_of == sam.user


def test_what_is_enrolled_counts_as_what_it_can_do(ana):
    assert ceremony.enrolled(ana.user) == {"password", "password+totp"}
    with_passkey(ana)
    assert ceremony.enrolled(ana.user) == ceremony.METHODS


def test_the_database_takes_no_signature_by_a_factor_that_does_not_suffice(ana):
    with_passkey(ana)
    intent = about_to_sign(item_of("passkey"), ana)
    ceremony_of(intent)

    with refuses(because="a factor that does not suffice"):
        pasted(intent)
    with refuses(because="a factor that does not suffice"):
        pasted(intent, auth_method="password")


def test_the_database_counts_the_code_on_top_of_a_password(ana):
    first = item_of("password")
    take(first, ana)
    sign(first, ana)

    assert Item.objects.get(pk=first.pk).state == "approved"
