"""A signature by passkey, from what was frozen to what is kept: the device signs the digest of the statement."""

import json

import pytest
from fido2.utils import websafe_decode

from audit import exhibits
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import signing
from reviews.models import Item, Signature
from reviews.words import State, Verdict
from tests.accounts.device import PRESENT
from tests.accounts.entering import with_passkey
from tests.factories import make_item, make_person, make_world, refused, story, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def device(ana):
    return with_passkey(ana)


@pytest.fixture
def item(ana):
    return take(make_item(make_world()), ana)


def prepare(item, person):
    """Freeze what a person is about to sign."""
    whose = {"by": person.user, "session_ref": person.session, "seen": item.version}
    return signing.prepare(ItemId(item.pk), **whose, verdict=Verdict.APPROVE)


def submit(intent, person, answer):
    """Sign what was frozen with a passkey's answer."""
    factors = Factors(passkey=answer)
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=factors)


def test_the_device_signs_the_digest_of_the_intent_and_its_answer_is_kept(item, ana, device):
    intent = prepare(item, ana)

    signature = submit(intent, ana, device.answer(bytes(intent.challenge)))

    kept = json.loads(exhibits.open(signature.assertion_id))
    client = json.loads(websafe_decode(kept["clientDataJSON"]))
    assert (signature.auth_method, signature.assurance) == ("passkey", "device-signed")
    assert websafe_decode(client["challenge"]) == bytes(signature.intent_sha256)
    assert Item.objects.get(pk=item.pk).state == State.APPROVED


def test_an_answer_to_one_intent_does_not_sign_another(item, ana, device):
    first, second = prepare(item, ana), prepare(item, ana)

    with refused("ceremony_failed"):
        submit(second, ana, device.answer(bytes(first.challenge)))
    assert not Signature.objects.exists()
    assert story(item)[-1] == "signature.refused"
    assert User.objects.get(pk=ana.user.pk).failed_ceremonies == 1


def test_an_intent_is_signed_once_whoever_holds_its_answer(item, ana, device):
    intent = prepare(item, ana)
    answer = device.answer(bytes(intent.challenge))
    submit(intent, ana, answer)

    with refused("intent_spent"):
        submit(intent, ana, answer)


def test_a_refused_answer_leaves_the_passkey_fit_to_sign(item, ana, device):
    intent = prepare(item, ana)
    with refused("ceremony_failed"):
        submit(intent, ana, device.answer(bytes(intent.challenge), flags=PRESENT))

    again = prepare(item, ana)

    assert submit(again, ana, device.answer(bytes(again.challenge)))
