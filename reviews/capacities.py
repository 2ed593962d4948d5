"""Capacities: as what a person may act on a queue: as themselves, for somebody who is away, or in an emergency."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from portal.accounts.access import Access, Lent
from portal.accounts.models import User
from portal.kit.problems import Refusal
from portal.kit.wording import money


@dataclass(frozen=True, slots=True)
class Capacity:
    """Roles a person may act in on one queue; `lent` says by whose absence or which emergency, if by any."""

    roles: frozenset[str]
    lent: Lent | None = None

    @property
    def absent(self) -> UUID | None:
        """Give the id of the person in whose name it is."""
        return self.lent.absent if self.lent else None

    @property
    def on_behalf_of(self) -> User | None:
        """Give the person in whose name it is, with id and printed name read."""
        if self.lent is None or self.lent.absent is None:
            return None
        return User.from_db(DEFAULT_DB_ALIAS, ["id", "printed_name"], [self.lent.absent, self.lent.name])

    @property
    def emergency(self) -> UUID | None:
        """Give the id of the emergency access by which it is."""
        return self.lent.id if self.lent and self.lent.absent is None else None

    def why_not_cover(self, queue_id: UUID, amount: Decimal | None, currency: str) -> Refusal | None:
        """Tell why it does not reach as far as this queue and amount; only what is lent has bounds of its own."""
        lent = self.lent
        if lent is None:
            return None
        if str(queue_id) not in lent.queues:
            return Refusal("stand_in_queue", "This would go to a queue that you do not stand in for. Put it back.")
        if lent.up_to is None or amount is None or (amount <= lent.up_to and currency == lent.currency):
            return None
        limit = money(lent.up_to, lent.currency)
        return Refusal("stand_in_limit", f"You sign for {lent.name} up to {limit}; this is more. Put it back.")


@dataclass(frozen=True, slots=True)
class Capacities:
    """Everything a person may act as, by queue."""

    granted: Access

    def on(self, queue_id: UUID) -> list[Capacity]:
        """Give what the person may act as on a queue: their own roles first, then for others, then in emergencies."""
        granted = self.granted
        own = [Capacity(granted.roles)] if granted.owns("review_in_queue", "queue", queue_id) else []
        there = [Capacity(each.roles, each) for each in granted.lent if str(queue_id) in each.queues]
        return own + sorted(there, key=lambda each: each.absent is None)

    @property
    def holders(self) -> list[UUID]:
        """Give those in whose names the person may sign."""
        return sorted({each.absent for each in self.granted.lent if each.absent is not None})

    def by_queue(self) -> dict[UUID, frozenset[str]]:
        """Give the roles a person may act in, by queue, whatever gives them."""
        queues = self.granted.where("review_in_queue", "queue")
        return {queue: frozenset().union(*(each.roles for each in self.on(queue))) for queue in queues}


def of(granted: Access) -> Capacities:
    """Give what somebody with this access may act as; it was read with the access, so nothing more is asked."""
    return Capacities(granted)
