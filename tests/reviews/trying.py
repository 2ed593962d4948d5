"""Trying: people on whom everything is tried in an order drawn at random, each try held against the oracle."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import time_machine
from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine

from portal.kit.clock import now
from portal.kit.problems import Problem
from reviews.actions import admitting
from reviews.models import Item
from reviews.words import Verdict
from tests.factories import Person, World, sign, take
from tests.reviews.cheating import run
from tests.reviews.oracle import Entered
from tests.reviews.planned import WORDS
from tests.reviews.registered import may
from tests.reviews.weighing import Grant, Matter, Scope, Weighed

AUTHORITY = {"no_authority", "over_authority", "over_alone", "over_subject", "over_period"}
LICENCE = {"licence_missing", "licence_expired"}
_NEW = """
SELECT e.stream, e.kind, e.version, e.state, e.at, e.actor_ref, convert_from(e.leaf_bytes, 'UTF8')
  FROM unnest(%s::uuid[], %s::int[]) AS known(stream, version), audit_entry e
 WHERE e.stream = known.stream AND e.version > known.version
"""


def verb(often: int, **drawn: Any) -> Callable[[Any], Any]:
    """Mark what may be done at a step, how often it is drawn, and what is drawn for it."""

    def marked(act: Any) -> Any:
        act.often, act.drawn = often, drawn
        return act

    return marked


class Trying(RuleBasedStateMachine):
    """A world that is as it was when the run is over, with a clock of its own and an oracle beside it."""

    world: ClassVar[World]
    people: ClassVar[dict[str, Person]]
    manager: ClassVar[Person]
    verbs: ClassVar[list[Any]] = []
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.first = (now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
        self.clock = time_machine.travel(self.first, tick=False)
        self.traveller = self.clock.start()
        self.deck: list[Any] = []
        self.told = Weighed({each.user.pk: _roles(name) for name, each in self.people.items()})

    def teardown(self) -> None:
        self.seen.update(self.told.reached)
        self.clock.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        admitting.forget()

    def row(self, grant: Grant) -> Any:
        given = {"effects": grant.effect, "currency": grant.currency, "alone": grant.alone, "period_days": grant.days}
        totals = {"per_subject": grant.per_subject, "per_period": grant.per_period}
        given |= {name: each for name, each in totals.items() if each is not None} | self.placed(grant.scope)
        return may(self.person(grant.who), str(grant.up_to), **given)

    def signs(self, name: str, matter: Matter, verdict: str) -> str:
        """Let somebody take and sign; who acts for themselves alone is refused for what the oracle finds too."""
        person, who = self.people[name], self.id_of(name)

        def act() -> None:
            sign(take(self.item(matter), person), person, Verdict(verdict), "Because.")

        at = now() + timedelta(seconds=31)
        said = self.tried(act, "sign")
        found = self.told.broken(who, matter, at) | (LICENCE if self.told.unlicensed(who, matter, at) else set())
        if said in AUTHORITY | LICENCE and not self.told.lends(who, at):
            assert said in found, f"{said} is not so: {found}"
        if said == "not_found":
            self.seen[f"refused {'outside a wall' if who in self.told.active else 'when deactivated'}"] += 1
        self.seen["refused when all that was lent was over"] += said == "role_missing" and self.told.has_lapsed(who, at)
        return said

    def tried(self, act: Callable[[], Any], verb: str) -> str:
        """Do something for good or not at all, half a minute later; give yes or the refusal's code, and count it."""
        self.traveller.shift(timedelta(seconds=31))
        said = "yes"
        try:
            with transaction.atomic():
                act()
                connection.check_constraints()
        except Problem as problem:
            said = problem.name
        self.seen[f"{verb}: {said}"] += 1
        self.seen[f"refused {said}"] += 1
        self.read()
        return said

    def read(self) -> None:
        """Let the oracle read what is new in every item's story."""
        rows = run(_NEW, [each.id for each in self.told.matters], [each.version for each in self.told.matters])
        new = [(stream, Entered(*told, json.loads(leaf)["pub"])) for stream, *told, leaf in rows]
        for matter in self.told.matters:
            self.told.read(matter, [told for stream, told in new if stream == matter.id])

    @property
    def open(self) -> list[Matter]:
        return [each for each in self.told.matters if each.state in ("", "in_review")]

    def fitting(self, turned: int) -> list[tuple[str, Matter]]:
        """Give who may well approve what, by the oracle."""
        found = [(name, matter) for name, matter in self.placed_to_sign() if not self.lacks(name, matter)]
        start = turned % max(1, len(found))
        return found[start:] + found[:start]

    def beyond(self) -> list[tuple[str, Matter]]:
        """Give who would approve beyond what they may, those first whose refusal was seen least."""
        seen = [
            (min(self.seen[f"refused {code}"] for code in self.lacks(name, matter)), place, name, matter)
            for place, (name, matter) in enumerate(self.placed_to_sign()) if self.lacks(name, matter)
        ]  # fmt: skip
        return [(name, matter) for _, _, name, matter in sorted(seen, key=lambda each: each[:2])]

    def lacks(self, name: str, matter: Matter) -> set[str]:
        """Name what a person's own approval would be refused for, licences first."""
        who = self.id_of(name)
        return set(LICENCE) if self.told.unlicensed(who, matter, now()) else self.told.broken(who, matter, now())

    def placed_to_sign(self) -> list[tuple[str, Matter]]:
        """Give who is asked for what, authority and licences apart."""
        found = []
        for matter in self.open:
            step, gone = "as"[min(len(matter.approvals()), 1)], matter.aside | {each.who for each in matter.signed}
            for name, person in self.people.items():
                who = person.user.pk
                fits = step in name or self.told.lends(who, now())
                is_inside = matter.wall == "ordinary" or who in self.told.inside
                if fits and is_inside and who in self.told.active - gone:
                    found.append((name, matter))
        return found

    def one(self, pick: int) -> Matter:
        return self.open[pick % len(self.open)]

    def item(self, matter: Matter) -> Item:
        return Item.objects.get(pk=matter.id)

    def id_of(self, name: str) -> Any:
        return self.people[name].user.pk

    def person(self, who: Any) -> Person:
        return next(each for each in self.people.values() if each.user.pk == who)

    def scope(self, drawn: dict[str, Any]) -> Scope:
        days = {end: drawn[end] if drawn[end] is None else (self.first + timedelta(days=drawn[end])).date()
            for end in ("starts", "ends")}  # fmt: skip
        return Scope(**drawn | days)

    @staticmethod
    def placed(scope: Scope) -> dict[str, Any]:
        return {"line": scope.line, "jurisdiction": scope.place, "starts": scope.starts, "ends": scope.ends}


def _roles(name: str) -> set[str]:
    return {WORDS[letter].value for letter in name if letter.isalpha()}
