"""What the tests of pages of changes and rules share: a change, asking for pages, and an attempt to sign."""

import re

from reviews.actions import proposing
from reviews.models import Policy
from tests.pages import browser


def changed(policy, to="Small payouts need one."):
    """Give the rules in force with another reason."""
    text = Policy.objects.get(pk=policy.pk).in_force.text
    return text.replace("reason: Small payouts need one adjuster.", f"reason: {to}")


def proposed(rules, by, **given):
    """Propose the changed rules."""
    return proposing.propose("policy", changed(rules), by=by.user, reason="Shorter.", **given)


def at(proposal, rest=""):
    """Give an address of a proposal."""
    return f"/changes/{proposal.pk}/{rest}"


def get(person, address):
    """Ask for a page as somebody."""
    return browser(person.user).get(address)


def post(person, address, /, **fields):
    """Send a form as somebody."""
    return browser(person.user).post(address, fields)


def body(answer):
    """Give what an answer says, on one line."""
    return re.sub(r"\s+", " ", answer.content.decode())


def attempt(person, proposal):
    """Begin to sign, and give the browser and the address of the attempt."""
    client = browser(person.user)
    return client, client.post(at(proposal, "prepare/")).headers["Location"]


def typed(person, **more):
    """Give the form of a whole ceremony."""
    return {"consent": "on", "factor": "typed", "password": person.password, "totp": person.code()} | more
