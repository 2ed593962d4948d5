"""What the tests of signing share: freezing, a whole ceremony, and an item nothing happened to."""

from portal.kit.ids import ItemId
from reviews.actions import signing
from reviews.models import Decision, Item, Signature
from reviews.words import State, Verdict


def prepare(item, person, verdict=Verdict.APPROVE, reason=""):
    """Freeze what a person is about to sign."""
    current = Item.objects.get(pk=item.pk)
    whose = {"by": person.user, "session_ref": person.session, "seen": current.version}
    return signing.prepare(ItemId(item.pk), **whose, verdict=verdict, reason=reason)


def submit(intent, person):
    """Sign what was frozen, with a whole ceremony."""
    return signing.sign(intent.pk, by=person.user, session_ref=person.session, factors=person.factors())


def untouched(item):
    """Tell whether nothing but notes happened to an item since it was received."""
    current = Item.objects.get(pk=item.pk)
    return (current.version, current.state) == (1, State.IN_REVIEW) and not (
        Signature.objects.filter(item=item).exists() or Decision.objects.filter(item=item).exists()
    )
