"""What the tests of one's own account share: where its factors are, what a page says, and who has none yet."""

import html
import re

import pytest

from portal.accounts.models import User
from tests.factories import make_person

APP, PASSKEY, FACTORS = "/account/factors/app/", "/account/factors/passkey/", "/account/factors/"


@pytest.fixture
def newcomer():
    """Somebody who has no factor besides the password yet."""
    person = make_person("new")
    User.objects.get(pk=person.user.pk).authenticator_set.all().delete()
    return person


def attribute(browser, path, name):
    """Give an attribute of a page's form, as the browser reads it."""
    found = re.search(rf'{name}="([^"]*)"', browser.get(path).content.decode())
    assert found
    return html.unescape(found[1])
