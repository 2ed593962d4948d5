"""Signing in: a password opens nothing, a second factor opens the portal, and nobody learns who has an account."""

import json
import re

import pytest
from django.test import Client
from fido2.utils import websafe_decode

from portal.accounts import actions, ceremony
from portal.accounts.ceremony import PROFILES
from portal.accounts.models import User
from portal.kit.clock import now
from tests.accounts.device import PRESENT
from tests.accounts.entering import (
    CONFIRM,
    SECOND,
    SIGN_IN,
    entered,
    forget_attempts,
    give_code,
    give_password,
    half_entered,
    with_passkey,
    without_app,
)
from tests.factories import SEEDER, make_person, refused

pytestmark = pytest.mark.django_db

CLAIMS = PROFILES["claims"]


@pytest.fixture(autouse=True)
def no_attempts_before():
    """Forget the attempts other tests made from this address."""
    forget_attempts()


def is_in(browser):
    """Tell whether a browser sees its person's account page."""
    return browser.get("/account/").status_code == 200


def asked(browser, path):
    """Give the challenge a page asks passkeys with."""
    found = re.search(r'data-challenge="([^"]+)"', browser.get(path).content.decode())
    assert found
    return websafe_decode(found[1])


def says(answer):
    """Give what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_password_and_code_open_the_portal(ana):
    browser = Client()
    first = give_password(ana, browser=browser)
    second = give_code(browser, ana.code())

    assert (first.status_code, first.url) == (302, SECOND)
    assert (second.status_code, second.url) == (302, "/")
    assert is_in(browser)


def test_sign_in_leads_to_where_one_was_going_and_nowhere_else(ana, clock):
    for asked_for, leads_to in [("/account/factors/", "/account/factors/"), ("https://example.net/", "/")]:
        browser = Client()
        give_password(ana, browser=browser, next=asked_for)

        assert give_code(browser, ana.code()).url == leads_to
        clock.shift(30)


def test_the_password_alone_opens_nothing(ana):
    browser = Client()
    give_password(ana, browser=browser)

    assert browser.get("/account/").url.startswith(SIGN_IN)


def test_a_passkey_serves_as_second_factor(ana):
    device, browser = with_passkey(ana), Client()
    give_password(ana, browser=browser)
    answer = device.answer(asked(browser, SECOND))

    assert browser.post(SECOND, {"passkey": json.dumps(answer), "factor": "passkey"}).status_code == 302
    assert is_in(browser)


@pytest.mark.parametrize("bent", [{"flags": PRESENT}, {"origin": "https://example.net"}, {"counts": 0}])
def test_a_passkey_at_sign_in_is_held_to_what_it_is_held_to_at_signing(ana, bent):
    device, browser = with_passkey(ana), Client()
    give_password(ana, browser=browser)
    answer = device.answer(asked(browser, SECOND), **bent)

    browser.post(SECOND, {"passkey": json.dumps(answer)})

    assert not is_in(browser)


def test_a_challenge_at_sign_in_is_answered_once(ana):
    device, browser = with_passkey(ana), Client()
    give_password(ana, browser=browser)
    challenge = asked(browser, SECOND)
    browser.post(SECOND, {"passkey": json.dumps(device.answer(challenge, flags=PRESENT))})

    browser.post(SECOND, {"passkey": json.dumps(device.answer(challenge))})

    assert not is_in(browser)


@pytest.mark.parametrize("sent", ["", "x", "[]", "[" * 9000, '{"id": 1}'])
def test_what_no_passkey_says_is_told_in_a_sentence(ana, sent):
    with_passkey(ana)
    browser = Client()
    give_password(ana, browser=browser)

    browser.get(SECOND)

    answer = browser.post(SECOND, {"passkey": sent})

    assert answer.status_code == 200
    assert re.search("No passkey answered|cannot be read", says(answer))


def test_wrong_password_wrong_name_and_a_deactivated_account_are_answered_alike(ana):
    ben = make_person("ben")
    actions.deactivate(ben.user, by=SEEDER)
    nobody = make_person("nobody")
    nobody.user.username = "nobody.at.all"

    told = {says(give_password(person, password=typed)).replace(person.user.username, "X") for person, typed in [
        (ana, "wrong"), (nobody, "wrong"), (ben, "wrong"), (ben, ben.password),
    ]}  # fmt: skip

    assert len(told) == 1
    assert "The user name or the password is not right." in told.pop()


def test_somebody_deactivated_is_out_at_once(ana):
    browser = entered(ana)
    actions.deactivate(ana.user, by=SEEDER)

    assert not is_in(browser)


@pytest.mark.parametrize("known", [True, False])
def test_after_five_wrong_passwords_the_right_one_waits_too(ana, known):
    if not known:
        ana.user.username = "nobody.at.all"
    for _ in range(5):
        give_password(ana, password="wrong")

    assert "Wait five minutes" in says(give_password(ana))


def test_after_five_wrong_codes_the_right_one_waits_too(ana):
    browser = Client()
    give_password(ana, browser=browser)
    for _ in range(5):
        give_code(browser, "wrong")

    give_code(browser, ana.code())

    assert not is_in(browser)


def test_the_limit_counts_by_the_caller_behind_the_proxies(ana, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    for serial in range(3):
        Client().post(SIGN_IN, {"login": f"x{serial}", "password": "wrong"}, headers={"x-forwarded-for": "192.0.2.7"})

    typed = {"login": ana.user.username, "password": ana.password}
    from_there = Client().post(SIGN_IN, typed, headers={"x-forwarded-for": "192.0.2.7"})
    elsewhere = Client().post(SIGN_IN, typed, headers={"x-forwarded-for": "192.0.2.8"})

    assert (from_there.status_code, elsewhere.status_code) == (200, 302)


class TestCodes:
    """A code works once, wherever."""

    def test_a_code_that_signed_in_does_not_sign(self, ana, clock):
        browser, code = Client(), ana.code()
        give_password(ana, browser=browser)
        give_code(browser, code)

        with refused("ceremony_failed"):
            ceremony.prove(ana.user, ana.factors(), session_ref="x", profile=CLAIMS)

    def test_a_code_that_signed_does_not_sign_in(self, ana, clock):
        ceremony.prove(ana.user, ana.factors(), session_ref="x", profile=CLAIMS)
        browser = Client()
        give_password(ana, browser=browser)

        answer = give_code(browser, ana.code())

        assert "was used already. Wait for the next" in says(answer)
        assert not is_in(browser)

    def test_the_next_code_signs(self, ana, clock):
        browser = Client()
        give_password(ana, browser=browser)
        give_code(browser, ana.code())
        clock.shift(30)

        assert ceremony.prove(ana.user, ana.factors(), session_ref="x", profile=CLAIMS).method == "password+totp"

    def test_a_code_typed_with_a_space_is_the_same_code(self, ana, clock):
        browser, code = Client(), ana.code()
        give_password(ana, browser=browser)

        give_code(browser, f"{code[:3]} {code[3:]}")

        assert is_in(browser)


class TestHalf:
    """Who has no second factor yet enrols one and does nothing else."""

    @pytest.fixture
    def newcomer(self):
        person = make_person("new")
        User.objects.get(pk=person.user.pk).authenticator_set.all().delete()
        return person

    def test_a_newcomer_is_led_to_enrolment(self, newcomer):
        browser = Client()
        give_password(newcomer, browser=browser)

        assert browser.get("/account/").url.startswith("/account/factors/")
        assert "Enrol your second factor" in says(browser.get("/account/factors/"))

    def test_an_hour_after_the_password_a_first_factor_needs_it_again(self, newcomer):
        browser = half_entered(newcomer, at=now().timestamp() - 3600)

        assert browser.get("/account/factors/app/").url == SIGN_IN

    def test_a_password_opens_no_enrolment_to_who_has_a_factor(self, ana):
        browser = half_entered(ana)

        for page in ("/account/factors/", "/account/factors/app/", "/account/factors/passkey/"):
            assert browser.get(page).url.startswith(CONFIRM)
        assert not is_in(browser)

    def test_a_password_changes_no_password(self, ana):
        assert half_entered(ana).get("/account/password/").status_code == 302


def test_who_has_only_a_passkey_is_not_asked_for_a_code(ana):
    with_passkey(ana)
    without_app(ana)
    browser = Client()
    give_password(ana, browser=browser)

    shown = browser.get(SECOND).content.decode()

    assert 'name="code"' not in shown
    assert 'value="passkey"' in shown


@pytest.mark.parametrize("path", [
    "login/", "signup/", "password/reset/", "email/", "reauthenticate/", "2fa/", "totp/activate/", "inactive/",
    "webauthn/add/", "recovery-codes/generate/", "password/set/",
])  # fmt: skip
def test_no_page_of_allauths_that_writes_past_the_ledger_is_there(ana, path):
    assert entered(ana).get(f"/account/{path}").status_code == 404
