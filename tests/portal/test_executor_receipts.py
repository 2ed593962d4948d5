"""What the executor accepts: receipts and callbacks of the portal, and nothing that was changed."""

import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks.webhooks import Webhook

from audit import canonical
from examples.checking import Refused, act_digest, check_callback, check_receipt
from portal.kit import webhooks
from portal.kit.clock import now
from tests.portal.receipts import ACT, AUDIENCE, ISSUER, JWKS, PUBLIC, SECRET, claims, receipt


def check(text, act=ACT, **given):
    known = {"jwks": JWKS, "issuer": ISSUER, "audience": AUDIENCE, "at": time.time()} | given
    return check_receipt(text, act, **known)


def test_a_genuine_receipt_is_accepted():
    assert check(receipt())["jti"] == "j"
    assert check(receipt(head={"alg": "Ed25519"}))["jti"] == "j"


def test_the_digest_is_the_portals_own():
    decomposed = ACT | {"subject": "claim/Zoe\u0308"}

    portal = canonical.prefixed(canonical.ACTION, canonical.strict_bytes(decomposed))

    assert act_digest(decomposed) == act_digest(ACT) == canonical.b64url(portal)


def with_the_public_key(signed):
    return hmac.digest(PUBLIC, signed, "sha256")


def a_while_ago(seconds):
    moment = int(time.time()) - seconds
    return {"iat": moment, "nbf": moment, "exp": moment + 900}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("alg_not_allowed", lambda: receipt(sign=lambda _: b"", head={"alg": "none"})),
        ("alg_not_allowed", lambda: receipt(sign=with_the_public_key, head={"alg": "HS256"})),
        ("typ_wrong", lambda: receipt(head={"typ": "JWT"})),
        ("typ_wrong", lambda: receipt(head={"crit": ["exp"]})),
        ("kid_unknown", lambda: receipt(head={"kid": "k2"})),
        ("signature_invalid", lambda: receipt(sign=Ed25519PrivateKey.generate().sign)),
        ("signature_invalid", lambda: receipt(sign=with_the_public_key)),
        ("issuer_wrong", lambda: receipt(iss="http://another.test")),
        ("audience_wrong", lambda: receipt(aud="letter-desk")),
        ("audience_wrong", lambda: receipt(aud=[AUDIENCE, "letter-desk"])),
        ("outside_its_time", lambda: receipt(**a_while_ago(900 + 31))),
        ("outside_its_time", lambda: receipt(**a_while_ago(-31))),
        ("outside_its_time", lambda: receipt(exp=int(time.time()) + 901)),
        ("outside_its_time", lambda: receipt(exp="never")),
        ("not_approved", lambda: receipt(dec="rejected")),
        ("act_differs", lambda: receipt(act=None)),
        ("not_a_receipt", lambda: "a.b"),
        ("not_a_receipt", lambda: "§.§.§"),
    ],
)
def test_anything_else_is_refused(code, text):
    with pytest.raises(Refused, match=code):
        check(text())


def test_one_byte_of_the_act_changed_is_refused():
    with pytest.raises(Refused, match="act_differs"):
        check(receipt(), ACT | {"amount": "18251.00"})
    with pytest.raises(Refused, match="act_differs"):
        check(receipt(), {name: value for name, value in ACT.items() if name != "payees"})


def test_a_changed_claim_breaks_the_signature():
    head, _, signature = receipt().split(".")
    raised = canonical.b64url(json.dumps(claims(dec="rejected")).encode())

    with pytest.raises(Refused, match="signature_invalid"):
        check(f"{head}.{raised}.{signature}")


def test_thirty_seconds_of_leeway_are_given():
    assert check(receipt(**a_while_ago(900 + 28)))
    assert check(receipt(**a_while_ago(-28)))


def test_callbacks_are_verified_as_the_public_implementation_does():
    body = b'{"subject": "x"}'
    headers = webhooks.signed_headers("msg_1", now(), body, [SECRET.key])

    assert Webhook(SECRET.reveal()).verify(body, headers)
    assert check_callback(headers, body, SECRET.reveal(), time.time()) == "msg_1"


@pytest.mark.parametrize(
    ("code", "change", "later"),
    [
        ("signature_invalid", {"webhook-id": "msg_2"}, 0),
        ("signature_invalid", {"webhook-signature": ""}, 0),
        ("signature_invalid", {"webhook-signature": "v1,ééé"}, 0),
        ("timestamp_out_of_tolerance", {}, 301),
        ("timestamp_out_of_tolerance", {}, -301),
    ],
)
def test_a_callback_that_is_not_the_portals_is_refused(code, change, later):
    headers = webhooks.signed_headers("msg_1", now(), b"{}", [SECRET.key]) | change

    with pytest.raises(Refused, match=code):
        check_callback(headers, b"{}", SECRET.reveal(), time.time() + later)
