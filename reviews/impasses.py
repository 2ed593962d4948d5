"""Impasses: open items whose missing signatures the people there are cannot give, told when they arise and end."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction

from audit.actors import SystemJob
from portal.accounts.access import Access
from portal.kit.ids import ItemId
from reviews import capable, facts, lifecycle, plans
from reviews.capable import Ability, Candidate
from reviews.models import Impasse, Item, SignoffSlot
from reviews.words import State, Wall

_BATCH = 200
_LARGEST = 50
_MOST = 2000
SWEEPING = "impasses:sweeping"
_LONGEST = 120
"""Seconds after which a sweep counts as dead: two at once do no harm, and only the work twice."""
_PLACE = "impasses:after"
MANY = 12
"""So many people of a role on a queue, and an item there is looked at for its amount alone."""

# What open items still ask for, each role on each queue and behind each wall once, with how many people hold it there.
_ASKED = """
SELECT asked.queue, asked.role, asked.wall, asked.special, (
    SELECT count(DISTINCT m.user_id) FROM portal_user_groups m
      JOIN portal_user u ON u.id = m.user_id AND u.is_active AND u.identity_verified_at IS NOT NULL
      JOIN auth_group g ON g.id = m.group_id AND g.name = ANY (string_to_array(asked.role, ' '))
     WHERE EXISTS (SELECT FROM guardian_groupobjectpermission o
                     JOIN auth_permission p ON p.id = o.permission_id AND p.codename = 'review_in_queue'
                     JOIN portal_user_groups x ON x.group_id = o.group_id AND x.user_id = m.user_id
                    WHERE o.object_pk = asked.queue::text))
  FROM (SELECT DISTINCT i.queue_id AS queue, s.role, i.wall, i.licences <> '[]'::jsonb AS special
          FROM reviews_item i JOIN reviews_signoff_slot s ON (s.item_id, s.revision) = (i.id, i.revision)
         WHERE i.state = 'in_review' AND s.signature_id IS NULL) asked
"""
_THERE = """
SELECT i.id FROM reviews_item i
 WHERE i.state = 'in_review' AND i.queue_id = %(queue)s::uuid AND i.wall = %(wall)s
   AND (i.licences <> '[]'::jsonb) = %(special)s AND {}
   AND EXISTS (SELECT FROM reviews_signoff_slot s
                WHERE (s.item_id, s.revision) = (i.id, i.revision) AND s.signature_id IS NULL AND s.role = %(role)s)
 ORDER BY {} LIMIT %(limit)s
"""
_NEXT = _THERE.format("i.id > %(after)s::uuid", "i.id")
_UTMOST = _THERE.format("true", "i.effective_amount DESC NULLS LAST, i.id")
_FIRST = UUID(int=0)


def able(item: Item, slots: Sequence[SignoffSlot]) -> Ability:
    """Tell how many of the signatures an item lacks the people there are could give."""
    return capable.able(item, slots)


def look(item: Item) -> None:
    """Note whether the plan of an item can still be completed; the item was locked or changed in this transaction."""
    if item.state != State.IN_REVIEW:
        Impasse.objects.filter(item_id=item.pk).delete()
        return
    slots = plans.of(item)
    _note(item, able(item, slots))


def sweep() -> int:
    """Look at the items whose roles few people hold, and at those that are stuck; give how many it looked at.

    There is one sweep at a time, and it is bounded: of very many items the next sweep goes on where this one stopped.
    """
    if not cache.add(SWEEPING, True, timeout=_LONGEST):
        return 0
    try:
        return _sweep()
    finally:
        cache.delete(SWEEPING)


def _sweep() -> int:
    Impasse.objects.exclude(item__state=State.IN_REVIEW).delete()
    after = cache.get(_PLACE) or _FIRST
    outstanding, few = _thin(after)
    stuck = Impasse.objects.filter(item__gt=after).order_by("item_id").values_list("item_id", flat=True)[:_MOST]
    others = sorted({*few, *stuck})
    cache.set(_PLACE, others[_MOST - 1] if len(others) >= _MOST else _FIRST)
    wanted = sorted({*outstanding, *others[:_MOST]})
    for place in range(0, len(wanted), _BATCH):
        _look_at(wanted[place : place + _BATCH])
    return len(wanted)


def for_manager(granted: Access, most: int = 100) -> list[Impasse]:
    """Give the impasses of the queues somebody manages, inside their walls, the oldest first and so many at most."""
    found = Impasse.objects.select_related("item__queue", "item__flow").filter(
        item__queue__in=granted.where("manage_in_queue", "queue"), item__state=State.IN_REVIEW,
        item__wall__in=granted.walls,
    )  # fmt: skip
    return list(found.order_by("since", "item_id")[:most])


def of(item: Item) -> Impasse | None:
    """Give the impasse an item is in, if it is in one."""
    return Impasse.objects.filter(item_id=item.pk).first()


def _thin(after: UUID) -> tuple[set[UUID], set[UUID]]:
    """Name the items worth a look: those of the largest amounts where many hold a role, and the next where few do."""
    largest: set[UUID] = set()
    following: set[UUID] = set()
    with connection.cursor() as cursor:
        cursor.execute(_ASKED)
        for queue, role, wall, special, people in cursor.fetchall():
            many = people >= MANY and wall == Wall.ORDINARY and not special
            given = {"queue": queue, "role": role, "wall": wall, "special": special, "after": after}
            cursor.execute(_UTMOST if many else _NEXT, given | {"limit": _LARGEST if many else _MOST})
            (largest if many else following).update(row[0] for row in cursor.fetchall())
    return largest, following


def _look_at(ids: Sequence[UUID]) -> None:
    """Judge many items with one question about their people and one a register; write down what changed of each."""
    items = list(Item.objects.filter(pk__in=ids, state=State.IN_REVIEW))
    slots: dict[UUID, list[SignoffSlot]] = defaultdict(list)
    numbers = {item.pk: item.revision for item in items}
    of_items = SignoffSlot.objects.select_related("signature").filter(item__in=items)
    for slot in of_items.order_by("stage", "round", "n"):
        if slot.revision == numbers[slot.item_id]:
            slots[slot.item_id].append(slot)
    roles = {role for each in slots.values() for slot in capable.missing(each) for role in slot.roles}
    known = capable.candidates(items, roles)
    noted = Impasse.objects.in_bulk([item.pk for item in items])
    for item in items:
        found = capable.able(item, slots[item.pk], _of_plan(known[item.pk], slots[item.pk]))
        if not _is_noted(found, noted.get(item.pk)):
            _look_again(ItemId(item.pk))


def _is_noted(found: Ability, noted: Impasse | None) -> bool:
    """Tell whether what was found of an item is what is written down about it."""
    if noted is None:
        return found.is_enough
    told = (found.role, found.asked, found.able, list(found.why))
    return not found.is_enough and told == (noted.role, noted.asked, noted.able, noted.why)


def _of_plan(known: Sequence[Candidate], slots: Sequence[SignoffSlot]) -> list[Candidate]:
    roles = {role for slot in capable.missing(slots) for role in slot.roles}
    return [each for each in known if each.roles & roles]


@transaction.atomic
def _look_again(item_id: ItemId) -> None:
    """Look once more under the item's lock: between the question and the note somebody may have come."""
    item = lifecycle.row(item_id)
    if item is not None:
        look(item)


def _note(item: Item, found: Ability) -> None:
    """Write or remove the row of an impasse, with an entry when it begins and when it ends."""
    if found.is_enough:
        if Impasse.objects.filter(item_id=item.pk).delete()[0]:
            lifecycle.note(item, facts.Unstuck(), by=SystemJob.WATCHER)
        return
    told = {"role": found.role, "asked": found.asked, "able": found.able, "why": list(found.why)}
    _, is_new = Impasse.objects.update_or_create(item_id=item.pk, defaults=told)
    if is_new:
        fact = facts.Stuck(role=found.role, asked=found.asked, able=found.able)
        lifecycle.note(item, fact, by=SystemJob.WATCHER)
