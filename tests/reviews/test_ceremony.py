"""The ceremony: which factors a signature asks for, and what happens to who cannot give them."""

from datetime import timedelta

import pytest
import time_machine

from audit import ledger
from portal.accounts import actions as accounts
from portal.accounts import ceremony
from portal.accounts.ceremony import PROFILES, Factors
from portal.accounts.models import SigningPeriod, User
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.models import Item, Signature
from tests.factories import SEEDER, make_item, make_person, make_world, refused, sign, story, take

pytestmark = pytest.mark.django_db
CLAIMS = PROFILES["claims"]


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def clock():
    """A clock that stands still until a test shifts it, in the middle of a code's window."""
    start = int(now().timestamp()) // 30 * 30 + 60
    with time_machine.travel(start, tick=False) as traveller:
        yield traveller


def signed(world, person, **given):
    """Take and sign a fresh item."""
    return sign(take(make_item(world), person), person, **given)


def password_only(person):
    return Factors(person.password)


def test_the_first_signature_of_a_period_takes_password_and_code_the_next_the_password(world, ana, clock):
    assert ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)

    first = signed(world, ana)
    clock.shift(60)
    second = signed(world, ana, factors=password_only(ana))

    assert (first.auth_method, second.auth_method) == ("password+totp", "password")
    assert first.assurance == second.assurance == "server-attested"
    assert not ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)


@pytest.mark.parametrize("factors", [
    lambda ana: Factors("", ""),
    lambda ana: Factors("", ana.code()),
    lambda ana: Factors("wrong", ana.code()),
    lambda ana: Factors(ana.password, ""),
    lambda ana: Factors(ana.password, "000000" if ana.code() != "000000" else "000001"),
    lambda ana: Factors(ana.password, "⁶"),
], ids=["nothing", "code alone", "wrong password", "password alone", "wrong code", "not a code"])  # fmt: skip
def test_the_first_signature_is_refused_with(world, ana, factors):
    item = take(make_item(world), ana)

    with refused("ceremony_failed"):
        sign(item, ana, factors=factors(ana))
    assert story(item) == ["item.received", "item.taken", "signature.refused"]
    assert Item.objects.get(pk=item.pk).version == 1
    assert User.objects.get(pk=ana.user.pk).failed_ceremonies == 1


def test_a_bare_click_within_a_period_is_refused(world, ana):
    signed(world, ana)

    with refused("ceremony_failed"):
        signed(world, ana, factors=Factors(""))


ENDS = {
    "after 30 minutes of idling": lambda ana, clock: clock.shift(30 * 60 + 1),
    "in another session": lambda ana, clock: setattr(ana, "session", "elsewhere"),
    "after a role was given": lambda ana, clock: accounts.grant_role(ana.user, Role.QUEUE_MANAGER, by=SEEDER),
    "after a factor was enrolled": lambda ana, clock: ceremony.end_periods(ana.user),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_all_factors_are_asked_again(world, ana, clock, end):
    signed(world, ana)
    clock.shift(60)
    end(ana, clock)

    with refused("ceremony_failed"):
        signed(world, ana, factors=password_only(ana))
    assert signed(world, ana).auth_method == "password+totp"


def test_all_factors_are_asked_again_after_four_hours_however_busy(world, ana, clock):
    signed(world, ana)
    for _ in range(8):
        clock.shift(29 * 60)
        signed(world, ana, factors=password_only(ana))
    clock.shift(9 * 60)

    with refused("ceremony_failed"):
        signed(world, ana, factors=password_only(ana))


def test_a_role_that_was_withdrawn_ends_the_period(world, ana):
    signed(world, ana)

    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=SEEDER)

    assert not SigningPeriod.objects.filter(user=ana.user, ended_at=None).exists()


@pytest.mark.parametrize("later", [0, 30])
def test_a_code_is_used_once_even_while_it_is_still_shown_somewhere(world, ana, clock, later):
    factors = ana.factors()
    signed(world, ana, factors=factors)
    ceremony.end_periods(ana.user)
    clock.shift(later)

    with refused("ceremony_failed"):
        signed(world, ana, factors=factors)


def test_an_older_code_is_not_taken_after_a_newer_one(world, ana, clock):
    older = ana.factors()
    clock.shift(30)
    signed(world, ana)
    ceremony.end_periods(ana.user)

    with refused("ceremony_failed"):
        signed(world, ana, factors=older)


def test_a_code_of_the_step_before_is_taken_and_of_the_one_before_that_not(world, ana, clock):
    factors = ana.factors()
    clock.shift(60)
    with refused("ceremony_failed"):
        signed(world, ana, factors=factors)

    factors = ana.factors()
    clock.shift(30)

    assert signed(world, ana, factors=factors).auth_method == "password+totp"


def fail(world, ana, times):
    item = take(make_item(world), ana)
    for _ in range(times):
        with refused("ceremony_failed"):
            sign(item, ana, factors=Factors("wrong"))
    return item


def test_five_failures_in_a_row_lock_signing_and_leave_an_entry(world, ana):
    signed(world, ana)
    item = fail(world, ana, 5)

    with refused("signing_locked"):
        sign(item, ana)
    assert story(ana.user.pk)[-1] == "person.signing_locked"
    assert not SigningPeriod.objects.filter(user=ana.user, ended_at=None).exists()
    assert story(item).count("signature.refused") == 6


def test_a_success_forgets_the_failures_before_it(world, ana):
    item = fail(world, ana, 4)

    sign(item, ana)
    fail(world, ana, 4)

    assert User.objects.get(pk=ana.user.pk).signing_locked_at is None


def test_failures_of_one_person_lock_nobody_else(world, ana):
    fail(world, ana, 5)

    assert signed(world, make_person("ben", Role.ADJUSTER))


def test_a_deactivated_person_does_not_sign(world, ana):
    item = take(make_item(world), ana)
    accounts.deactivate(ana.user, by=SEEDER)

    with refused("not_found"):
        sign(item, ana)
    assert not Signature.objects.exists()


def test_without_an_authenticator_nobody_signs(world):
    user = accounts.add_person("bare", "Bare", "a long password", by=SEEDER)

    with pytest.raises(ceremony.CeremonyFailed, match="No authenticator"):
        ceremony.prove(user, Factors("a long password", "123456"), session_ref="x", profile=CLAIMS)


def test_nobody_verifies_themselves(ana):
    with refused("self_verification"):
        accounts.verify_identity(ana.user, by=ana.user)


def test_a_second_factor_enrolled_later_ends_the_period(world, ana):
    signed(world, ana)
    ana.user.authenticator_set.all().delete()

    accounts.enrol_totp(ana.user, "JBSWY3DPEHPK3PXP", by=SEEDER)

    assert ceremony.needs_code(ana.user, session_ref=ana.session, profile=CLAIMS)


def test_what_was_typed_is_never_printed(ana):
    assert ana.password not in f"{ana.factors()!r} {ana.factors()}"


def test_the_lock_is_told_in_english(world, ana):
    fail(world, ana, 5)

    assert ledger.story(ana.user.pk)[-1].sentence == "Signing was locked after 5 failed ceremonies."
    assert now() - User.objects.get(pk=ana.user.pk).signing_locked_at < timedelta(minutes=1)
