"""Required reading: the texts that an item's routing rule wants opened before anybody signs."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from portal.accounts.models import User
from reviews.models import Item, ReadingOpened
from reviews.policies.document import parse


@dataclass(frozen=True, slots=True)
class Required:
    """A text that must be opened, and when this person did."""

    title: str
    text: str
    opened_at: datetime | None


def readings(item: Item, person: User) -> list[Required]:
    """Give the texts an item requires, in the order of its rule, as one person has opened them."""
    if not item.reading:
        return []
    found, opened = texts(item), _opened(item, person)
    return [Required(title, found.get(title, ""), opened.get(title)) for title in item.reading]


def unread(item: Item, person: User) -> list[str]:
    """Name the texts a person has not opened yet; asks nothing where none are required."""
    if not item.reading:
        return []
    opened = _opened(item, person)
    return [title for title in item.reading if title not in opened]


def texts(item: Item) -> dict[str, str]:
    """Give the texts by title from the rules the item was routed by; its own rule's win."""
    version = item.policy_version
    by_rule = _written(version.pk, version.text)
    return {title: text for of_rule in by_rule.values() for title, text in of_rule.items()} | by_rule.get(item.rule, {})


def _opened(item: Item, person: User) -> dict[str, datetime]:
    """Give what was opened as the rules have it now: another version may say something else under the same title."""
    theirs = ReadingOpened.objects.filter(item=item, person=person, policy_version=item.policy_version_id)
    return dict(theirs.values_list("title", "at"))


@lru_cache(maxsize=64)
def _written(_version: UUID, text: str) -> dict[str, dict[str, str]]:
    """Read the texts of a policy version once a process; a version never changes."""
    return {rule.name: {each.title: each.text for each in rule.reading} for rule in parse(text).rules}
