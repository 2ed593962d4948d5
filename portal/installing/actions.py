"""What `manage.py setup` does inside the database; each step that changes anything leaves an entry."""

import secrets
from base64 import b32encode
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.http import urlencode

from audit import ledger
from audit.actors import HasActor
from portal.accounts import actions as accounts
from portal.accounts import ceremony
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.installing.facts import InstallationOpened
from portal.kit.problems import Problem
from portal.models import Installation

STREAM = ledger.Stream("installation", uuid5(NAMESPACE_URL, "urn:countersign:installation"))
ISSUER = "Countersign"


class WeakPassword(Problem):
    """The password is one that is guessed; the detail says why."""

    code = "weak_password"
    status = 422
    title = "This password is too weak"


def installation() -> Installation | None:
    """Give whose installation this is, once it was opened."""
    return Installation.objects.first()


@transaction.atomic
def open_installation(organisation: str, *, by: HasActor) -> Installation:
    """Say whose installation this is; the table takes one row and never changes it."""
    written = ledger.append_next(InstallationOpened(organisation=organisation), stream=STREAM, by=by)
    return Installation.objects.create(organisation=organisation, opened_at=written.at, entry_id=written.eid)


@transaction.atomic
def open_roles() -> list[Role]:
    """Make the group of every role that has none yet; an empty group lets nobody do anything."""
    there = set(Group.objects.values_list("name", flat=True))
    missing = [role for role in Role if role.value not in there]
    for role in missing:
        Group.objects.create(name=role.value)
    return missing


def administrators() -> list[User]:
    """Give everybody who may administer now."""
    return list(User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR.value).order_by("username"))


def insist_on_strength(password: str, person: User) -> None:
    """Refuse a password that is short, common, or made of the person's own names."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


@transaction.atomic
def add_administrator(username: str, printed_name: str, email: str, password: str, *, by: HasActor) -> str:
    """Add an administrator and give the otpauth address of their authenticator app, to be shown once."""
    insist_on_strength(password, User(username=username, printed_name=printed_name, email=email))
    person = accounts.add_person(username, printed_name, password, by=by, email=email)
    secret = b32encode(secrets.token_bytes(20)).decode()
    accounts.enrol_totp(person, secret, by=by)
    accounts.grant_role(person, Role.ADMINISTRATOR, by=by)
    return _otpauth(username, secret)


def _otpauth(username: str, secret: str) -> str:
    said = urlencode({"secret": secret, "issuer": ISSUER, "digits": "6", "period": str(ceremony.STEP)})
    return f"otpauth://totp/{ISSUER}:{username}?{said}"
