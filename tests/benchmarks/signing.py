"""Signing: preparing and signing an item without the price of the password, told beside that price."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any
from uuid import UUID

from tests.benchmarks import staging
from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, percentile

_WARM = 6


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Sign items without files and with four, one after the other, all by one person in one signing period."""
    from portal.accounts.roles import Role
    from tests.factories import make_person

    bed.fresh("signing")
    yield Figure("password_check", _password_check(effort.amount(20, 2)), "ms")
    with staging.cheap_passwords():
        world, person = staging.world(), make_person("ana", Role.ADJUSTER)
        for count, turn in ((0, staging.NO_FILES), (4, staging.ALL_FILES)):
            items = _small(world, effort.amount(40, 2) + _WARM, turn)
            both = [_signed(person, item) for item in items][_WARM:]
            prepared, signed = zip(*both, strict=True)
            said = f"{count} files: prepare {median(prepared):.1f} ms, sign {median(signed):.1f} ms"
            print(said, file=sys.stderr)
            whole = [sum(each) for each in both]
            yield Figure(f"sign_{count}_files_p50", median(whole), "ms")
            yield Figure(f"sign_{count}_files_p95", percentile(whole, 95), "ms")


def _password_check(count: int) -> float:
    """Give the median milliseconds of one check of a password at the real price."""
    from django.contrib.auth.hashers import check_password, make_password

    kept = make_password("a password like others")
    return median(_timed(lambda: check_password("a password like others", kept))[0] for _ in range(count))


def _small(world: Any, count: int, turn: int) -> Sequence[UUID]:
    """Give items that one adjuster's signature decides."""
    from reviews.models import Item

    posted = staging.post(world, count * 2, turn=turn)
    alone = list(Item.objects.filter(pk__in=posted, rule="small").values_list("pk", flat=True))
    assert len(alone) >= count, f"only {len(alone)} of {len(posted)} items need one signature"
    return alone[:count]


def _signed(person: Any, item: UUID) -> tuple[float, float]:
    """Take an item and open its files, then give the milliseconds of preparing and of signing."""
    from reviews.actions import signing
    from reviews.models import Item
    from reviews.words import Verdict
    from tests.factories import open_all, take

    open_all(take(Item(pk=item), person), person)
    seen, session = Item.objects.get(pk=item).version, person.session
    factors = person.factors()
    prepare, intent = _timed(
        lambda: signing.prepare(item, by=person.user, session_ref=session, seen=seen, verdict=Verdict.APPROVE)
    )
    sign, _ = _timed(lambda: signing.sign(intent.pk, by=person.user, session_ref=session, factors=factors))
    return prepare, sign


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    given = act()
    return (time.perf_counter() - began) * 1000, given
