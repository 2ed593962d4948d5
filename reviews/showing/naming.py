"""The names a story needs: people by their ids, the flow, the queue, and the labels of fields."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from audit import stories
from audit.actors import Actor, ActorType
from audit.stories import Told
from portal.accounts.models import User
from reviews.models import Item
from reviews.showing import labels, telling


def names(item: Item, schema: Any, told: Sequence[Told], *, known: Iterable[User]) -> telling.Names:
    """Give the names in these entries; one query for people not known yet, none otherwise."""
    people = {each.pk: each for each in known}
    missing = {each.actor.ref for each in told if each.actor.type is ActorType.USER} - people.keys()
    missing |= {UUID(each.pub["holder"]) for each in told if "holder" in each.pub} - people.keys()
    people |= User.objects.in_bulk(list(missing)) if missing else {}

    def actor(each: Actor) -> str:
        if each.type is ActorType.USER:
            return str(people.get(each.ref, "Somebody"))
        return item.flow.name if each.type is ActorType.FLOW else stories.nameless(each).capitalize()

    things = {str(key): str(person) for key, person in people.items()}
    things |= {str(item.flow_id): item.flow.name, str(item.queue_id): item.queue.name}
    return telling.Names(actor, things, lambda pointer: labels.label(schema, pointer))
