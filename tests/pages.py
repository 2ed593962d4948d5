"""A person before a browser: a test client that asks for pages, signed in with password and second factor."""

import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

from portal.accounts.models import User

HTMX = {"HX-Request": "true"}


def visitor(**options: object) -> Client:
    """Give a browser in which nobody is signed in."""
    return Client(headers={"Accept": "text/html,application/xhtml+xml"}, **options)  # type: ignore[arg-type]


def browser(person: User, *, whole: bool = True) -> Client:
    """Give a browser in which the person is signed in; not `whole` means with the password alone."""
    client = visitor()
    # Read again: a sign-in may have hashed the password anew, and a session holds on to its hash.
    person = User.objects.get(pk=person.pk)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    methods = ["password", "mfa"] if whole else ["password"]
    session["account_authentication_methods_user"] = str(person.pk)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": each, "at": time.time()} for each in methods]
    session.save()
    return client
