"""A decision through the browser: choose, sign, and what the pages say on the way."""

import re
from html import unescape

from django.urls import reverse

from reviews.models import Item, SignIntent


def at(name, item, *more):
    return reverse(f"desk:{name}", args=[item.pk, *more])


def decide(client, item, decision, reason="", **more):
    """Send the decision form as the page of this moment would."""
    changes = {f"change:{pointer}": text for pointer, text in more.pop("changes", {}).items()}
    seen = more.pop("seen", Item.objects.get(pk=item.pk).version)
    form = {"decision": decision, "reason": reason, "seen": seen, **changes}
    return client.post(at("decide", item), form, **more)


def sign_with(client, item, person, address, **changed):
    """Send the signing form with the right factors unless told otherwise."""
    form = {"consent": "on", "factor": "typed", "password": person.password, "totp": person.code()} | changed
    return client.post(address, {name: value for name, value in form.items() if value is not None})


def intent_of(address):
    return SignIntent.objects.get(pk=address.rstrip("/").rpartition("/")[2])


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
