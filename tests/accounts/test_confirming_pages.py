"""The pages of one's own account: confirming who one is, a new password, and what changes soon."""

import json

import pytest
from fido2.utils import websafe_decode

from portal.accounts import ceremony, codes
from portal.accounts.ceremony import PROFILES
from portal.accounts.models import User
from portal.kit.clock import now
from tests.accounts.enrolling import APP, FACTORS, attribute
from tests.accounts.enrolling import newcomer as newcomer
from tests.accounts.entering import (
    CONFIRM,
    confirmed,
    entered,
    forget_attempts,
    give_password,
    half_entered,
    with_passkey,
)
from tests.factories import Person, story

pytestmark = pytest.mark.django_db

CLAIMS = PROFILES["claims"]


@pytest.fixture(autouse=True)
def no_attempts_before():
    """Forget the attempts other tests made from this address."""
    forget_attempts()


class TestConfirming:
    """Password and second factor, asked afresh."""

    def test_with_a_code(self, ana):
        browser = entered(ana)

        answer = browser.post(CONFIRM, {"password": ana.password, "totp": ana.code(), "next": APP})

        assert answer.url == APP
        assert browser.get(APP).status_code == 200

    def test_with_a_passkey(self, ana):
        device, browser = with_passkey(ana), entered(ana)
        challenge = websafe_decode(attribute(browser, CONFIRM, "data-challenge"))

        browser.post(CONFIRM, {"password": ana.password, "passkey": json.dumps(device.answer(challenge))})

        assert browser.get(APP).status_code == 200

    @pytest.mark.parametrize("typed", [
        lambda ana: {"password": ana.password, "totp": ""},
        lambda ana: {"password": "wrong", "totp": ana.code()},
        lambda ana: {"password": "", "totp": ana.code()},
        lambda ana: {"password": ana.password, "totp": "wrong"},
        lambda ana: {"password": ana.password, "passkey": "{}"},
    ], ids=["no code", "wrong password", "no password", "wrong code", "empty passkey"])  # fmt: skip
    def test_not_with(self, ana, typed):
        browser = entered(ana)

        assert browser.post(CONFIRM, typed(ana)).status_code == 422
        assert browser.get(APP).status_code == 302

    def test_not_after_five_wrong_attempts(self, ana):
        browser = entered(ana)
        for _ in range(5):
            browser.post(CONFIRM, {"password": "wrong", "totp": "1"})

        answer = browser.post(CONFIRM, {"password": ana.password, "totp": ana.code()})

        assert "Wait five minutes" in answer.content.decode()

    def test_makes_a_half_session_whole(self, ana):
        browser = half_entered(ana)

        browser.post(CONFIRM, {"password": ana.password, "totp": ana.code()})

        assert browser.get("/account/").status_code == 200

    @pytest.mark.parametrize("elsewhere", ["https://example.net/", "//example.net/", "javascript:alert(1)"])
    def test_leads_nowhere_else(self, ana, elsewhere):
        answer = entered(ana).post(CONFIRM, {"password": ana.password, "totp": ana.code(), "next": elsewhere})

        assert answer.url == FACTORS


class TestPassword:
    """A new password."""

    @pytest.mark.parametrize(("typed", "again"), [("short", "short"), ("a long enough one", "another one"), ("", "")])
    def test_is_refused_when_it_is_weak_or_not_the_same_twice(self, ana, typed, again):
        answer = confirmed(ana).post("/account/password/", {"password": typed, "again": again})

        assert answer.status_code == 422
        assert User.objects.get(pk=ana.user.pk).check_password(ana.password)

    def test_is_taken_ends_signing_periods_and_all_other_sessions_and_leaves_an_entry(self, ana):
        ceremony.prove(ana.user, ana.factors(), session_ref="x", profile=CLAIMS)
        here, elsewhere = confirmed(ana), entered(ana)

        here.post("/account/password/", {"password": "seven blue herons", "again": "seven blue herons"})

        assert (here.get("/account/").status_code, elsewhere.get("/account/").status_code) == (200, 302)
        assert ceremony.needs_code(ana.user, session_ref="x", profile=CLAIMS)
        assert story(ana.user.pk)[-1] == "person.password_changed"
        changed = Person(ana.user, "seven blue herons", ana.totp_secret)
        assert give_password(changed).status_code == 302


class TestUpcoming:
    """What the demonstration's banner shows."""

    def test_the_code_of_the_moment_while_it_is_unused(self, ana, clock):
        assert codes.upcoming(ana.user, now()) == (ana.code(), 30)

    def test_none_once_it_is_used_and_the_seconds_until_the_next(self, ana, clock):
        codes.spend(ana.user, ana.code(), now())
        clock.shift(11)
        waiting = codes.upcoming(ana.user, now())
        clock.shift(19)

        assert waiting == (None, 19)
        assert codes.upcoming(ana.user, now()) == (ana.code(), 30)

    def test_none_without_an_app(self, newcomer):
        assert codes.upcoming(newcomer.user, now()) == (None, 0)
