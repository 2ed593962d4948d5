"""The pages of one's own factors: enrolling and removing, each change with its entry."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from fido2.utils import websafe_decode

from portal.accounts import ceremony, codes, enrolments
from portal.accounts.ceremony import PROFILES
from portal.kit.clock import now
from tests.accounts.device import Device
from tests.accounts.enrolling import APP, FACTORS, PASSKEY, attribute
from tests.accounts.enrolling import newcomer as newcomer
from tests.accounts.entering import CONFIRM, confirmed, entered, forget_attempts, half_entered, with_passkey
from tests.factories import make_person, refused, story

pytestmark = pytest.mark.django_db

CLAIMS = PROFILES["claims"]


@pytest.fixture(autouse=True)
def no_attempts_before():
    """Forget the attempts other tests made from this address."""
    forget_attempts()


def scan(browser):
    """Open the enrolment of an app and give the sealed secret and the app that scanned it."""
    page = browser.get(APP).content.decode()
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)[1]
    secret = re.search(r'class="mono secret">([^<]+)<', page)[1].replace(" ", "")
    return sealed, lambda: codes._code(secret, int(now().timestamp()) // codes.STEP).decode()


def make_passkey(browser, device, **bent):
    """Do what our script does on the enrolment page."""
    options = json.loads(attribute(browser, PASSKEY, "data-options"))
    made = device.register(websafe_decode(options["challenge"]), **bent)
    return browser.post(PASSKEY, {"name": "Work laptop", "passkey": json.dumps(made)})


def factors_of(person):
    return sorted(Authenticator.objects.filter(user=person.user).values_list("type", flat=True))


def test_a_first_app_is_enrolled_with_its_code_and_lets_the_person_in(newcomer, clock):
    browser = half_entered(newcomer)
    sealed, app = scan(browser)

    answer = browser.post(APP, {"sealed": sealed, "code": app()})

    assert answer.url == "/account/"
    assert browser.get("/account/").status_code == 200
    assert story(newcomer.user.pk)[-1] == "person.factor_enrolled"


def test_the_code_that_enrolled_an_app_does_not_sign(newcomer, clock):
    browser = half_entered(newcomer)
    sealed, app = scan(browser)
    browser.post(APP, {"sealed": sealed, "code": app()})

    with refused("ceremony_failed"):
        ceremony.prove(newcomer.user, ceremony.Factors(newcomer.password, app()), session_ref="x", profile=CLAIMS)


def test_a_wrong_code_enrols_nothing_and_the_same_secret_stays_on_the_page(newcomer):
    browser = half_entered(newcomer)
    sealed, _ = scan(browser)

    answer = browser.post(APP, {"sealed": sealed, "code": "no"})

    assert answer.status_code == 422
    assert sealed in answer.content.decode()
    assert 'aria-describedby="id_code_error"' in answer.content.decode()
    assert factors_of(newcomer) == []


def test_a_secret_sealed_for_somebody_else_or_too_long_ago_enrols_nothing(newcomer, ana, clock):
    theirs, mine = enrolments.offer(ana.user), enrolments.offer(newcomer.user)
    with refused("ceremony_failed"):
        enrolments.opened(newcomer.user, theirs)
    clock.shift(15 * 60 + 1)

    with refused("ceremony_failed"):
        enrolments.opened(newcomer.user, mine)


def test_a_secret_is_nowhere_in_clear(newcomer, clock):
    browser = half_entered(newcomer)
    sealed, app = scan(browser)
    browser.post(APP, {"sealed": sealed, "code": app()})
    kept = Authenticator.objects.get(user=newcomer.user)

    assert codes.secret_of(kept) not in json.dumps(kept.data)
    assert enrolments.opened(newcomer.user, sealed) not in sealed


def test_a_new_app_replaces_the_old_one_with_both_entries(ana, clock):
    browser, older = confirmed(ana), ana.code()
    sealed, app = scan(browser)
    browser.post(APP, {"sealed": sealed, "code": app()})
    clock.shift(30)

    assert story(ana.user.pk)[-2:] == ["person.factor_removed", "person.factor_enrolled"]
    assert factors_of(ana) == ["totp"]
    for code in (older, ana.code()):
        with refused("ceremony_failed"):
            codes.spend(ana.user, code, now())
    assert codes.spend(ana.user, app(), now())


def test_a_passkey_is_enrolled_beside_the_app(ana):
    browser = confirmed(ana)

    answer = make_passkey(browser, Device())

    assert answer.url == FACTORS
    assert factors_of(ana) == ["totp", "webauthn"]
    assert "Work laptop" in browser.get(FACTORS).content.decode()


def test_a_first_passkey_lets_the_person_in(newcomer):
    browser = half_entered(newcomer)

    make_passkey(browser, Device())

    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize("bent", [{"flags": 1}, {"origin": "https://example.net"}])
def test_a_passkey_that_does_not_hold_is_not_enrolled(ana, bent):
    answer = make_passkey(confirmed(ana), Device(), **bent)

    assert answer.status_code == 422
    assert factors_of(ana) == ["totp"]


def test_a_passkey_answers_the_challenge_of_its_page_once(ana):
    browser = confirmed(ana)
    options = json.loads(attribute(browser, PASSKEY, "data-options"))
    challenge = websafe_decode(options["challenge"])
    browser.post(PASSKEY, {"name": "x", "passkey": json.dumps(Device().register(challenge, flags=1))})

    answer = browser.post(PASSKEY, {"name": "x", "passkey": json.dumps(Device().register(challenge))})

    assert answer.status_code == 422


def test_removing_a_factor_leaves_an_entry(ana):
    with_passkey(ana)
    app = Authenticator.objects.get(user=ana.user, type="totp")

    confirmed(ana).post(f"{FACTORS}{app.pk}/remove/")

    assert factors_of(ana) == ["webauthn"]
    assert story(ana.user.pk)[-1] == "person.factor_removed"


def test_the_last_factor_is_not_removed_by_any_address(ana):
    app = Authenticator.objects.get(user=ana.user)

    assert confirmed(ana).post(f"{FACTORS}{app.pk}/remove/").status_code == 409
    assert factors_of(ana) == ["totp"]


def test_nobody_removes_what_is_not_theirs(ana):
    ben = make_person("ben")
    with_passkey(ben)
    theirs = Authenticator.objects.filter(user=ben.user).first()

    assert confirmed(ana).post(f"{FACTORS}{theirs.pk}/remove/").status_code == 404
    assert len(factors_of(ben)) == 2


@pytest.mark.parametrize("path", [APP, PASSKEY, f"{FACTORS}1/remove/", "/account/password/"])
def test_every_change_asks_first_who_it_is(ana, path):
    browser = entered(ana)

    answer = browser.post(path)

    assert answer.status_code == 302
    assert answer.url.startswith(CONFIRM)


@pytest.mark.parametrize("path", ["/account/", FACTORS, APP, PASSKEY, "/account/password/", CONFIRM])
def test_a_stranger_is_sent_to_the_sign_in(path, db):
    assert Client().get(path).url.startswith("/account/sign-in/")
