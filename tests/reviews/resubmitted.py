"""What the tests of resubmitting share: a refused post, who owns its flow, and rules that let it in."""

from typing import Any

from audit import ledger
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.models import Quarantine
from tests.factories import SEEDER, Person, World, a_document, make_person

STRICT = {"properties": {"output": {"required": ["zone"]}}}


def owner_of(world: World) -> Person:
    """Add somebody who owns the flow of a world."""
    olga = make_person("olga", Role.FLOW_OWNER)
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    return olga


def kept(world: World, document: dict[str, Any] | bytes | None = None, **signed: Any) -> Quarantine:
    """Post what the contract refuses, and give what was kept of it."""
    before = set(Quarantine.objects.values_list("pk", flat=True))
    assert world.post(document or a_document(), **signed).status_code == 422
    return Quarantine.objects.exclude(pk__in=before).get()


def loosen(world: World) -> None:
    """Let the flow's contract ask for nothing."""
    configuring.apply_contract(world.flow, {}, by=SEEDER)


def kinds(row: Quarantine) -> list[str]:
    """Give what is told of a refused post."""
    return [told.kind for told in ledger.story(row.pk)]
