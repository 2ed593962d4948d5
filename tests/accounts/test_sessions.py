"""Sessions: one name from sign-in to sign-out, what ends with it, and how long a confirmation holds."""

import pytest

from portal.accounts import sessions
from portal.accounts.models import SigningPeriod
from tests.accounts.entering import confirmed, entered, forget_attempts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_attempts_before():
    """Forget the attempts other tests made from this address."""
    forget_attempts()


def is_in(browser):
    """Tell whether a browser sees its person's account page."""
    return browser.get("/account/").status_code == 200


class TestSessions:
    """What signing calls a session."""

    def test_a_session_has_one_name_until_sign_out_and_another_after(self, ana, rf):
        names = []
        for browser in (entered(ana), entered(ana)):
            request = rf.get("/")
            request.session = browser.session
            names += [sessions.ref(request), sessions.ref(request)]

        assert names[0] == names[1] != names[2]
        assert len(names[0]) == 64
        assert names[0] != request.session.session_key

    def test_signing_out_ends_this_sessions_signing_period_alone(self, ana, rf):
        browser, request = entered(ana), rf.get("/")
        request.session = browser.session
        here = sessions.ref(request)
        for session in (here, "elsewhere"):
            SigningPeriod.objects.create(user=ana.user, session_ref=session)

        browser.post("/account/sign-out/")

        assert [each.session_ref for each in SigningPeriod.objects.filter(ended_at=None)] == ["elsewhere"]
        assert not is_in(browser)

    def test_a_link_signs_nobody_out(self, ana):
        browser = entered(ana)

        assert browser.get("/account/sign-out/").status_code == 405
        assert is_in(browser)

    def test_a_confirmation_holds_for_five_minutes(self, ana, clock):
        browser = confirmed(ana)
        open_then = browser.get("/account/factors/app/").status_code
        clock.shift(301)

        assert (open_then, browser.get("/account/factors/app/").status_code) == (200, 302)
