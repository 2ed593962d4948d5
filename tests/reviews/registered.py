"""Registers for tests, put in force by the installation itself, row by row as a test names them."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from audit import exhibits, ledger
from reviews import facts
from reviews.models import Entitlement, Licence, Register
from tests.factories import SEEDER, Person

START = date(2020, 1, 1)


def authority(*rows: Entitlement) -> Register:
    """Put a register of authority in force."""
    return _applied("authority", rows)


def licences(*rows: Licence) -> Register:
    """Put a register of licences in force."""
    return _applied("licences", rows)


def may(person: Person, up_to: str, **given: Any) -> Entitlement:
    """Give a row of the register of authority: everywhere, in dollars, unless told otherwise."""
    named = {"effects": "*", "line": "*", "jurisdiction": "*", "currency": "USD", "alone": up_to, "starts": START}
    amounts = {"up_to", "alone", "per_subject", "per_period"}
    told = named | {"up_to": up_to} | given
    return Entitlement(
        person=person.user, **{name: Decimal(each) if name in amounts else each for name, each in told.items()}
    )


def licence(person: Person, kind: str, number: str, **given: Any) -> Licence:
    """Give a row of the register of licences: everywhere and open, unless told otherwise."""
    return Licence(
        person=person.user, kind=kind, number=number,
        **{"jurisdiction": "*", "line": "*", "starts": START} | given,
    )  # fmt: skip


@transaction.atomic
def _applied(kind: str, rows: Any) -> Register:
    content = exhibits.seal(repr([vars(row) for row in rows]).encode(), scope="configuration")
    digest = hashlib.sha256(kind.encode()).digest()
    version = Register.objects.filter(kind=kind).count() + 1
    register = Register.objects.create(kind=kind, version=version, content=content, digest=digest)
    for row in rows:
        row.register = register
        row.save(force_insert=True)
    fact = facts.RegisterApplied(register=register.pk, of=kind, version=version, digest=digest)
    ledger.append_next(fact, stream=ledger.Stream("register", register.pk), by=SEEDER)
    return register
