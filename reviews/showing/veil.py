"""The veil: while somebody may still sign blind, what the others said shows to nobody who could be that signer."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from audit.actors import ActorType
from audit.stories import Told
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.accounts.roles import Role
from reviews import capacities, plans
from reviews.models import Item, SignoffSlot
from reviews.words import State

_SAYS = frozenset({"verdict", "reason"})
_WATCHES = frozenset({Role.AUDITOR, Role.COMPLIANCE_OFFICER})


def covers(person: User, granted: Access, item: Item, slots: Sequence[SignoffSlot]) -> bool:
    """Tell whether verdicts and reasons of others are kept from a person; `slots` are those of the revision.

    Anybody might stand in or break the glass tomorrow, so it is lifted only for who cannot sign blind any more, and
    for auditors and compliance officers without the role.
    """
    if item.state != State.IN_REVIEW:
        return False
    blind = [slot for slot in plans.standing(slots) if slot.blind and slot.signature_id is None]
    if not any(_could_fill(person, slot, slots) for slot in blind):
        return False
    held = capacities.of(granted).by_queue().get(item.queue_id, frozenset())
    watches = not _WATCHES.isdisjoint(granted.roles)
    return not watches or any(held.intersection(slot.roles) for slot in blind)


def story(told: Iterable[Told], person: User) -> list[Told]:
    """Give a story without what others said when they signed or tried to, and without the returns it led to.

    Why a signature was refused may tell what it would have said: only an approval is beyond an authority.
    """
    return [_kept(each, person) for each in told if _is_told(each, person)]


def _is_told(each: Told, person: User) -> bool:
    return each.kind != "item.returned" and (each.kind != "signature.refused" or _is_of(each, person))


def _is_of(each: Told, person: User) -> bool:
    return each.actor.type is ActorType.USER and each.actor.ref == person.pk


def _kept(each: Told, person: User) -> Told:
    if each.kind != "signature.executed" or _is_of(each, person):
        return each
    pub, personal = ({name: said for name, said in part.items() if name not in _SAYS}
                     for part in (each.pub, each.personal))  # fmt: skip
    return replace(each, pub=pub, personal=personal, sentence="")


def _could_fill(person: User, slot: SignoffSlot, slots: Sequence[SignoffSlot]) -> bool:
    mine = [each for each in slots if each.signer_id == person.pk]
    return not any(each.stage != slot.stage or each.round == slot.round for each in mine)
