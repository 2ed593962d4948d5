"""The public `standardwebhooks` package as peer: it signs for our intake and verifies our callbacks."""

import json
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook, WebhookVerificationError

from audit import exhibits, keyring
from portal.kit import webhooks
from portal.kit.clock import now
from reviews.actions import configuring, returning
from reviews.models import ApiKey, Delivery
from tests.api.asking import refusal
from tests.factories import SEEDER, World, a_document, make_item, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def post_as_peer(world: World, secret: str, raw: str) -> Any:
    moment = now().replace(microsecond=0)
    headers = {
        "authorization": f"Bearer {world.key}",
        "webhook-id": "msg_peer",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_peer", moment, raw),
    }
    path = f"/api/v1/flows/{world.flow.slug}/items"
    return Client().post(path, raw.encode(), content_type="application/json", headers=headers)


def test_what_the_peer_signs_our_intake_takes(world: World) -> None:
    raw = json.dumps(a_document(external_id="Müller"), ensure_ascii=False)

    assert post_as_peer(world, world.secret, raw).status_code == 202


def test_what_the_peer_signs_with_another_secret_is_refused(world: World) -> None:
    stranger = webhooks.Secret.generate().reveal()

    assert refusal(post_as_peer(world, stranger, json.dumps(a_document()))) == (401, "signature_invalid")


def test_the_peer_verifies_our_callback(world: World) -> None:
    endpoint, secret = configuring.register_endpoint(
        world.flow, "https://flow.example/hook", by=SEEDER, allow_private=True
    )
    item = make_item(world)
    returning.cancel(item.pk, "posted twice", by=ApiKey.objects.get(flow=world.flow))
    delivery = Delivery.objects.get(endpoint=endpoint)
    body = exhibits.open(delivery.body_id)
    key = keyring.unwrap(bytes(endpoint.wrapped_secret), purpose="webhook-secret")

    headers = webhooks.signed_headers(str(delivery.pk), now(), body, [key])

    event = Webhook(secret).verify(body, headers)
    assert event["type"] == "countersign.item.cancelled.v1"
    assert event["subject"] == str(item.pk)
    assert "receipt" not in json.dumps(event)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
