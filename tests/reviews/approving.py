"""What the tests of authority and licences share: items with an amount, a place and a line, and approving them."""

from typing import Any

from django.test import Client

from audit import exhibits
from portal.kit.ids import ItemId
from reviews import authority
from reviews.actions import returning, routing, signing
from reviews.authority import Left
from reviews.models import Item, SignIntent, Submission
from reviews.words import Verdict
from tests.factories import Person, World, a_document, make_item, sign, take


def payout(world: World, amount: str = "500.00", *, line: str = "", **action: Any) -> Item:
    """Post a payout of an amount, of a line of business where one is named."""
    told = {"metadata": {"line_of_business": line}} if line else {}
    return make_item(world, action={"amount": amount, "amount_at_stake": amount} | action, **told)


def lacking(world: World, *names: str, effect: str = "pay") -> Item:
    """Post an action in which these members are not named."""
    document = a_document(action={"effect": effect})
    for name in names:
        del document["action"][name]
    answer = world.post(document)
    assert answer.status_code == 202, answer.content
    routing.route_now(ItemId(answer.json()["id"]))
    return Item.objects.get(pk=answer.json()["id"])


def without_amount(world: World) -> Item:
    """Post a letter, which is about no money."""
    return lacking(world, "amount", "amount_at_stake", "currency", effect="letter")


def prepared(item: Item, person: Person, **given: Any) -> SignIntent:
    """Freeze an approval of an item the person holds."""
    seen = Item.objects.get(pk=item.pk).version
    told = {"verdict": Verdict.APPROVE} | given
    return signing.prepare(ItemId(item.pk), by=person.user, session_ref=person.session, seen=seen, **told)


def finished(intent: SignIntent, person: Person) -> Any:
    """Sign what was frozen."""
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=person.factors())


def approved(world: World, person: Person, amount: str = "500.00", **given: Any) -> Item:
    """Post a payout, take it and approve it."""
    item = payout(world, amount, **given)
    sign(take(item, person), person)
    return item


def send_back(item: Item, person: Person) -> None:
    """Take an item and ask its flow for changes."""
    seen = take(item, person).version
    returning.request_changes(ItemId(item.pk), by=person.user, seen=seen, reason="Ask for the bill.")


def revise(world: World, item: Item) -> None:
    """Post the same again as the flow's answer to a request for changes."""
    submission = Submission.objects.get(pk=item.pk)
    raw = exhibits.open(submission.exhibit_id)
    headers = world.headers(raw)
    content_type = headers.pop("content-type")
    answer = Client().post(f"/api/v1/items/{item.pk}/revisions", raw, content_type=content_type, headers=headers)
    assert answer.status_code in (200, 202), answer.content


def left(person: Person, item: Item) -> Left:
    """Give what is left of a person's authority on an item."""
    found = authority.left(person.user, Item.objects.get(pk=item.pk))
    assert found is not None
    return found
