"""What the tests of substitutes and emergencies share: naming one, taking one, and a word on what a signature says."""

from datetime import timedelta
from typing import Any

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import breaking_glass, signing, substituting, taking
from reviews.models import BreakGlass, Item, Queue, SignIntent, Substitution
from reviews.words import Verdict
from tests.factories import SEEDER, Person, make_person

WEEK = timedelta(days=7)


def away(absent: Person, substitute: Person, *, by: Person | None = None, **given: Any) -> Substitution:
    """Name a substitute for a week from now on."""
    moment = now()
    times = {"starts": moment, "ends": moment + WEEK}
    return substituting.name(absent.user, substitute.user, by=(by or absent).user, **times | given)


def emergency(person: Person, queue: Queue, role: Role = Role.SENIOR_ADJUSTER, **given: Any) -> BreakGlass:
    """Take a role on a queue in an emergency, with a whole ceremony."""
    given = {"reason": "Everybody is ill.", "factors": person.factors(), "session_ref": person.session} | given
    return breaking_glass.break_glass(role, queue, by=person.user, **given)


def make_officer() -> Person:
    """Add a compliance officer, whom emergencies are told to."""
    return make_person("olga", Role.COMPLIANCE_OFFICER)


def make_manager(queue: Queue) -> Person:
    """Add somebody who manages a queue."""
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", queue, by=SEEDER)
    accounts.grant_access(Role.QUEUE_MANAGER, "see_queue", queue, by=SEEDER)
    return make_person("mara", Role.QUEUE_MANAGER)


def about_to_sign(item: Item, person: Person, verdict: Verdict = Verdict.APPROVE, **given: Any) -> SignIntent:
    """Take an item and freeze what the person would sign."""
    taking.take(ItemId(item.pk), by=person.user)
    seen = Item.objects.get(pk=item.pk).version
    return signing.prepare(
        ItemId(item.pk), by=person.user, session_ref=person.session, seen=seen, verdict=verdict, **given
    )
