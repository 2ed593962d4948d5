"""What the tests of the database's rules share: forging with the application's rights, and being refused."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import F, Model

from audit import ledger
from audit.facts import Fact
from reviews import facts, lifecycle
from reviews.models import Item, Signature, SignIntent, Submission
from tests.audit.saying import role, run
from tests.factories import SEEDER, World, a_document

__all__ = ["APP", "OWNER", "at_once", "copied", "forge", "pasted", "refuses", "run", "unrouted"]

APP, OWNER = "countersign_app", "countersign_owner"
NO_RIGHT, RULE, NO_SUCH_ROW, DUPLICATE, CHECK = "42501", "23000", "23503", "23505", "23514"


@contextmanager
def refuses(*sqlstates: str, as_role: str = APP, because: str = "") -> Iterator[None]:
    """Expect the database to refuse the block, at once or when its deferred rules are asked."""
    with pytest.raises(DatabaseError) as caught, role(as_role):  # noqa: PT012  the block is the caller's
        yield
        connection.check_constraints()
    assert getattr(caught.value.__cause__, "sqlstate", None) in (sqlstates or (RULE,)), caught.value
    assert because in str(caught.value)


def forge(item: Item, to: str, fact: Fact | None = None, *, record: bool = True, **changes: Any) -> None:
    """Move an item past MOVES and every guard, entry and history in order: what stolen rights can write."""
    (_, prev), fact = ledger.last(item.pk) or (0, b""), fact or facts.PutBack()
    Item.objects.filter(pk=item.pk).update(version=F("version") + 1, state=to, **changes)
    item.refresh_from_db()
    ledger.append(
        fact, stream=lifecycle.stream(item.pk), by=SEEDER, version=item.version, state=to, prev=prev,
        rows=[item] if record else [], key=lifecycle.subject_key(item) if fact.personal() else None,
    )  # fmt: skip


def unrouted(world: World) -> Submission:
    """Post a document and leave it unrouted."""
    return Submission.objects.get(pk=world.post(a_document()).json()["id"])


def copied(row: Model, **changes: Any) -> None:
    """Insert a copy of a row with some columns put differently."""
    names = [field.attname for field in row._meta.concrete_fields]
    type(row)(**{name: getattr(row, name) for name in names} | changes).save(force_insert=True)


def pasted(intent: SignIntent, **changes: Any) -> None:
    """Insert the signature an intent asks for, without the ceremony."""
    given = {
        "item_id": intent.item_id, "revision": intent.item_rev, "signer_id": intent.user_id, "role": intent.role,
        "meaning": intent.meaning, "verdict": intent.verdict, "intent_id": intent.pk,
        "intent_sha256": intent.challenge, "action_sha256": intent.action_sha256,
        "shown_sha256": intent.shown_sha256, "auth_method": "password+totp", "assurance": "server-attested",
    }  # fmt: skip
    Signature(**given | changes).save(force_insert=True)


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run acts in threads that start together; give what each returned or raised, in order."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run_one(place: int) -> None:
        barrier.wait()
        try:
            results[place] = acts[place]()
        except Exception as error:  # noqa: BLE001  the test looks at it
            results[place] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run_one, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
