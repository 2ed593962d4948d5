"""Standard Webhooks in both directions, with the public implementation as peer."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from portal.kit import clock, webhooks

BODY = '{"title": "Zahlung für Müller"}'.encode()
NOW = datetime(2026, 11, 3, 12, 0, 0, tzinfo=UTC)
OURS, NEXT, FOREIGN = (webhooks.Secret(bytes([number]) * 32) for number in (1, 2, 3))


def headers(moment=NOW, id="msg_1", keys=(OURS.key,), **changes):
    signed = webhooks.signed_headers(id, moment, BODY, list(keys))
    return signed | {name.replace("_", "-"): value for name, value in changes.items()}


def refusal(given, body=BODY, keys=(OURS.key,)):
    with pytest.raises(webhooks.Problem) as refused:
        webhooks.verify(given, body, list(keys), NOW)
    assert refused.value.status == 401
    return refused.value.name


def test_what_the_peer_signs_we_verify():
    moment = clock.now().replace(microsecond=0)
    signature = Webhook(OURS.reveal()).sign("msg_1", moment, BODY.decode())
    given = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }

    assert webhooks.verify(given, BODY, [OURS.key], moment) == webhooks.Verified("msg_1", moment)


def test_what_we_sign_the_peer_verifies():
    given = headers(clock.now())

    assert Webhook(OURS.reveal()).verify(BODY, given)["title"] == "Zahlung für Müller"
    with pytest.raises(WebhookVerificationError):
        Webhook(FOREIGN.reveal()).verify(BODY, given)


def test_during_rotation_either_secret_verifies_on_either_side():
    both = headers(keys=(OURS.key, NEXT.key))

    assert webhooks.verify(both, BODY, [NEXT.key], NOW).id == "msg_1"
    assert webhooks.verify(headers(keys=(NEXT.key,)), BODY, [OURS.key, NEXT.key], NOW).id == "msg_1"
    assert webhooks.verify(headers(), BODY, [OURS.key, NEXT.key], NOW).id == "msg_1"
    assert webhooks.verify(both, BODY, [OURS.key], NOW).id == "msg_1"
    Webhook(NEXT.reveal()).verify(BODY, headers(clock.now(), keys=(OURS.key, NEXT.key)))


def test_header_names_are_read_in_any_case():
    given = {name.title(): value for name, value in headers().items()}

    assert webhooks.verify(given, BODY, [OURS.key], NOW).timestamp == NOW


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_request_without_one_of_the_headers_is_not_signed(name):
    given = headers()
    given.pop(name)

    assert refusal(given) == "signature_missing"
    assert refusal(given | {name: ""}) == "signature_missing"


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": "msg_2"},
        {"webhook_timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "nonsense"},
        {"webhook_signature": "v1," + base64.b64encode(bytes(32)).decode()},
        {"webhook_signature": "v1,é\ud800"},
        {"webhook_signature": headers()["webhook-signature"].replace("v1,", "v2,")},
        {"webhook_signature": headers()["webhook-signature"].removeprefix("v1,")},
    ],
)
def test_a_signature_that_does_not_fit_is_refused(changes):
    assert refusal(headers(**changes)) == "signature_invalid"


def test_a_changed_body_or_a_foreign_secret_is_refused():
    assert refusal(headers(), body=BODY + b" ") == "signature_invalid"
    assert refusal(headers(keys=(FOREIGN.key,))) == "signature_invalid"
    assert refusal(headers(), keys=()) == "signature_invalid"


@pytest.mark.parametrize("written", ["1793707200.5", "+1793707200", " 1793707200", "1e9", "٣", "-1", "9" * 40])
def test_only_whole_seconds_are_a_timestamp(written):
    assert refusal(headers(webhook_timestamp=written)) == "signature_invalid"


@pytest.mark.parametrize("id", ["", "a b", "é", "a\n", "x" * 256])
def test_an_id_is_up_to_255_printable_characters(id):
    with pytest.raises(webhooks.Problem):
        webhooks.verify(headers() | {"webhook-id": id}, BODY, [OURS.key], NOW)
    assert webhooks.verify(headers(id="x" * 255), BODY, [OURS.key], NOW).id == "x" * 255


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**10])
def test_a_right_signature_of_another_time_is_refused(seconds):
    assert refusal(headers(NOW + timedelta(seconds=seconds))) == "timestamp_out_of_tolerance"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_tolerated(seconds):
    webhooks.verify(headers(NOW + timedelta(seconds=seconds)), BODY, [OURS.key], NOW)


def test_a_forger_learns_nothing_about_our_clock():
    assert refusal(headers(NOW - timedelta(days=1), keys=(FOREIGN.key,))) == "signature_invalid"


def test_the_ninth_signature_is_not_tried():
    right, wrong = headers()["webhook-signature"], "v1," + base64.b64encode(bytes(32)).decode()

    webhooks.verify(headers(webhook_signature=" ".join([wrong] * 7 + [right])), BODY, [OURS.key], NOW)
    assert refusal(headers(webhook_signature=" ".join([wrong] * 8 + [right]))) == "signature_invalid"


def test_a_secret_is_written_and_read_back_and_never_printed():
    secret = webhooks.Secret.generate()

    assert webhooks.Secret.parse(secret.reveal()) == secret
    assert secret != webhooks.Secret.generate()
    assert repr(secret) == "Secret()"


@pytest.mark.parametrize("length", [24, 64])
def test_secrets_of_24_to_64_bytes_are_read(length):
    written = "whsec_" + base64.b64encode(bytes(length)).decode()

    assert len(webhooks.Secret.parse(written).key) == length


@pytest.mark.parametrize(
    "written",
    ["", "whsec_", "whsec_é", "whsec_" + "A" * 31, OURS.reveal().removeprefix("whsec_"), OURS.reveal() + "\n",
     "whsec_" + base64.b64encode(bytes(23)).decode(), "whsec_" + base64.b64encode(bytes(65)).decode()],
)  # fmt: skip
def test_what_is_not_a_secret_is_refused(written):
    with pytest.raises(webhooks.SecretInvalid):
        webhooks.Secret.parse(written)


def test_signing_needs_a_secret_and_a_clean_id():
    with pytest.raises(ValueError):
        webhooks.sign("msg_1", NOW, BODY, [])
    with pytest.raises(ValueError):
        webhooks.sign("msg\n1", NOW, BODY, [OURS.key])
