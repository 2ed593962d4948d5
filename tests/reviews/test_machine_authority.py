"""Random registers, items, substitutes, emergencies, walls and clocks: no signature goes beyond its authority.

`MACHINE_EXAMPLES` and `MACHINE_STEPS` ask for a longer search than a test run makes.
"""

import os
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import breaking_glass, configuring, recusing, substituting, walling
from reviews.models import Item, Signature
from tests.factories import SEEDER, Person, make_person, take
from tests.reviews import registered
from tests.reviews.approving import finished, prepared, revise, send_back
from tests.reviews.changing import CONTRACT, finish, freeze, make_claim
from tests.reviews.drawing import (
    BASE,
    CAST,
    ITEM,
    ITEMS,
    KINDS,
    LIMITS,
    MOMENTS,
    NAMES,
    PAPERS,
    PICKS,
    ROWS,
    WALLS,
    policy,
)
from tests.reviews.planned import WORDS, make_planned, stage
from tests.reviews.registered import licence
from tests.reviews.standing import emergency, make_manager, make_officer
from tests.reviews.trying import AUTHORITY, LICENCE, Trying, verb
from tests.reviews.weighing import Grant, Lending, Matter, Paper

EXPECTED = {
    *(f"signed {each}" for each in (
        "approve", "for another", "in an emergency", "behind a wall", "under a licence",
    )),
    *(f"refused {code}" for code in AUTHORITY | LICENCE | {"role_missing", "stand_in_limit"}),
    *(f"{verb}: yes" for verb in ("change", "finish", "away", "emergency", "send back", "behind", "end")),
    *(f"refused {code}" for code in ("outside a wall", "when deactivated", "when all that was lent was over")),
}  # fmt: skip


class Machine(Trying):
    """Some items on two subjects, everybody trying to sign them while all that allows it comes and goes."""

    @initialize(
        base=BASE, more=ROWS, papers=PAPERS, inside=st.sets(NAMES, min_size=3), items=ITEMS, absent=NAMES, up_to=LIMITS
    )
    def begin(self, base: Any, more: Any, papers: Any, inside: Any, items: Any, **away: Any) -> None:
        self.apply_authority(base, more)
        self.apply_licences(papers)
        for each in sorted(inside):
            self.let_in(each)
        for each in items:
            self.post(each)
        self.read()
        self.be_away(**away, substitute="c1", minutes=180, here=0)

    @verb(2, base=BASE, more=ROWS)
    def apply_authority(self, base: Any, more: Any) -> None:
        made = [
            Grant(self.id_of(name), self.scope(scope), **bound) for name, scope, bound in (*base, *more)
        ]  # fmt: skip
        registered.authority(*(self.row(each) for each in made))
        self.told.grants = made

    @verb(1, drawn=PAPERS)
    def apply_licences(self, drawn: Any) -> None:
        made = [Paper(self.id_of(name), kind, self.scope(scope)) for name, scope, kind in drawn]
        registered.licences(
            *(licence(self.person(each.who), each.kind, f"N-{n}", **self.placed(each.scope))
              for n, each in enumerate(made))
        )  # fmt: skip
        self.told.papers = made

    @verb(3, drawn=ITEM)
    def post(self, drawn: dict[str, str]) -> None:
        act = dict(drawn)
        kind, money, line, place = act.pop("type"), Decimal(act.pop("amount")), act.pop("line"), act.pop("place")
        action = act | {"type": kind, "jurisdiction": place}
        item = make_claim(self.world, drawn["amount"], action=action, metadata={"line_of_business": line})
        wall, asked = WALLS.get(kind, "ordinary"), KINDS[kind]
        self.told.matters.append(
            Matter(item.pk, line=line, place=place, amount=money, posted=money, wall=wall, kinds=asked, **act)
        )

    @verb(6, name=NAMES, pick=PICKS, verdict=st.sampled_from(["approve", "approve", "approve", "reject"]))
    def sign(self, name: str, pick: int, verdict: str) -> None:
        self.signs(name, self.one(pick), verdict)

    @verb(8, turned=PICKS)
    def go_on(self, turned: int) -> None:
        """Let who may sign three things, so that runs get far."""
        self.traveller.shift(timedelta(minutes=16))  # whoever holds something has let it lapse
        for name, matter in self.fitting(turned)[:3]:
            if matter in self.open:
                self.signs(name, matter, "approve")

    @verb(5)
    def overstep(self) -> None:
        """Let somebody sign beyond their authority or licences, as was refused least so far."""
        self.traveller.shift(timedelta(minutes=16))
        for name, matter in self.beyond()[:2]:
            self.signs(name, matter, "approve")

    @verb(4, turned=PICKS, amount=st.sampled_from(["250.00", "410.00", "1100.00"]))
    def change(self, turned: int, amount: str) -> None:
        for name, matter in self.fitting(turned)[:1]:
            self.traveller.shift(timedelta(minutes=16))
            self.changes(self.people[name], matter, amount)

    def changes(self, person: Person, matter: Matter, amount: str) -> None:
        matter.wanted = Decimal(amount)
        made = {"/building": amount}
        self.tried(lambda: finish(freeze(take(self.item(matter), person), person, made), person), "change")

    @verb(6, turned=PICKS, between=st.integers(0, 5), base=BASE, papers=PAPERS)
    def be_overtaken(self, turned: int, between: int, base: Any, papers: Any) -> None:
        """Let who may freeze an approval, and finish it when something came between."""
        for name, matter in self.fitting(turned)[:1]:
            self.traveller.shift(timedelta(minutes=16))
            self.overtaken(name, matter, between, base, papers)

    def overtaken(self, name: str, matter: Matter, between: int, base: Any, papers: Any) -> None:
        person, intents = self.people[name], []
        self.tried(lambda: intents.append(prepared(take(self.item(matter), person), person)), "prepare")
        (
            lambda: None,
            lambda: self.apply_authority(base, []),
            lambda: self.apply_licences(papers),
            lambda: self.traveller.shift(timedelta(minutes=3)),
            lambda: self.deactivate(name, 0),
            lambda: [self.ends(each) for each in self.told.lent],
        )[between]()
        self.tried(lambda: [finished(each, person) for each in intents], "finish" if intents else "nothing")

    @verb(2, turned=PICKS)
    def send_back(self, turned: int) -> None:
        for name, matter in self.fitting(turned)[:1]:
            self.traveller.shift(timedelta(minutes=16))
            self.tried(lambda who=self.people[name], what=matter: send_back(self.item(what), who), "send back")

    @verb(1)
    def revise(self) -> None:
        for matter in self.told.matters:
            if matter.state == "changes_requested":
                revise(self.world, self.item(matter))

    @verb(1, name=NAMES, pick=PICKS)
    def step_aside(self, name: str, pick: int) -> None:
        matter, who = self.one(pick), self.people[name].user

        def act() -> None:
            recusing.recuse(ItemId(matter.id), by=who, seen=self.item(matter).version, reason="Kin.")
            matter.aside.add(who.pk)

        if self.tried(act, "aside") == "yes":
            self.signs(name, matter, "approve")

    @verb(3, absent=NAMES, substitute=NAMES, minutes=MOMENTS, up_to=LIMITS, here=st.integers(0, 4))
    def be_away(self, absent: str, substitute: str, minutes: int, up_to: str | None, here: int) -> None:
        one, other = self.people[absent].user, self.people[substitute].user
        queues = ((), (self.world.queue,), (self.world.exceptions,))[max(0, here - 2)]
        bound = {"up_to": Decimal(up_to), "currency": "USD"} if up_to else {}

        def act() -> None:
            ends = now() + timedelta(minutes=minutes)
            made = substituting.name(one, other, starts=now(), ends=ends, by=one, queues=queues, **bound)
            lent = Lending(made.pk, other.pk, made.starts_at, ends, absent=one.pk, here=here != 4, **bound)
            self.told.lent.append(lent)

        if self.tried(act, "away") == "yes" and self.open:
            self.signs(substitute, max(self.open, key=lambda each: each.amount), "approve")

    @verb(3, name=st.sampled_from(["c1", "c1", "a1", "s1"]), letter=st.sampled_from("as"))
    def break_glass(self, name: str, letter: str) -> None:
        person, role = self.people[name], WORDS[letter]

        def act() -> None:
            made = emergency(person, self.world.queue, role)
            lent = Lending(made.pk, person.user.pk, made.starts_at, made.ends_at, role=role.value)
            self.told.lent.append(lent)

        if self.tried(act, "emergency") == "yes":
            for matter in [each for who, each in self.fitting(0) if who == name][:4]:
                self.signs(name, matter, "approve")

    @verb(1, pick=PICKS)
    def end_early(self, pick: int) -> None:
        for lent in self.told.lent[pick % max(1, len(self.told.lent)) :][:1]:
            self.ends(lent)

    def ends(self, lent: Lending) -> None:
        person = User.objects.get(pk=lent.who)

        def act() -> None:
            (substituting.end if lent.absent else breaking_glass.mend)(lent.id, by=person)
            lent.ends = now()

        self.tried(act, "end")

    @verb(1, name=NAMES)
    def let_in(self, name: str) -> None:
        walls.grant_wall(self.people[name].user, "counsel", by=SEEDER)
        self.told.inside.add(self.id_of(name))

    @verb(1, pick=PICKS)
    def put_out(self, pick: int) -> None:
        for who in sorted(self.told.inside)[pick % max(1, len(self.told.inside)) :][:1]:
            walls.withdraw_wall(User.objects.get(pk=who), "counsel", by=SEEDER)
            self.told.inside.discard(who)

    @verb(1, pick=PICKS, wall=st.sampled_from(["counsel", "ordinary", "", ""]))
    def move_wall(self, pick: int, wall: str) -> None:
        if not wall:
            return
        item = self.item(self.one(pick))
        self.tried(lambda: walling.put_behind(ItemId(item.pk), wall, by=self.manager.user, seen=item.version), "behind")

    @verb(1, name=NAMES, how_often=st.integers(0, 3))
    def deactivate(self, name: str, how_often: int) -> None:
        if how_often == 0 and len(self.told.active) > 4:
            accounts.deactivate(User.objects.get(pk=self.id_of(name)), by=SEEDER)
            self.told.active.discard(self.id_of(name))
            self.signs(name, self.one(0), "approve")

    @verb(3, minutes=MOMENTS)
    def wait(self, minutes: int) -> None:
        self.traveller.shift(timedelta(minutes=minutes))

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """Do one thing; one rule for all, as a run of many rules leaves most of them out."""
        if len(self.open) < 3:
            self.post(data.draw(ITEM))
        self.deck = self.deck or data.draw(st.permutations(self.verbs), label="verbs")
        act = self.deck.pop()
        act(self, **data.draw(st.fixed_dictionaries(act.drawn)))

    @invariant()
    def what_is_kept_is_what_was_told(self) -> None:
        self.read()
        kept = Item.objects.in_bulk([each.id for each in self.told.matters])
        for each in self.told.matters:
            item = kept[each.id]
            assert (item.state, item.revision, item.wall) == (each.state, each.revision, each.wall)
            assert (item.effective_amount, item.version) == (each.amount, each.version)
        signed = sorted(given.who for each in self.told.matters for given in each.signed)
        assert signed == sorted(Signature.objects.filter(item__in=kept).values_list("signer_id", flat=True))


_VERBS = sorted(vars(Machine).values(), key=lambda act: -getattr(act, "often", 0))
Machine.verbs = [act for act in _VERBS for _ in range(getattr(act, "often", 0))]


@pytest.mark.timeout(400)
@pytest.mark.django_db
def test_whatever_comes_between_nobody_signs_beyond_their_authority():
    world = Machine.world = make_planned(stage("a"), contract=CONTRACT)
    configuring.apply_policy(policy(world), by=SEEDER)
    Machine.people = {name: make_person(name, *(WORDS[each] for each in name if each.isalpha())) for name in CAST}
    Machine.manager = make_manager(world.queue)
    walls.grant_wall(Machine.manager.user, "counsel", by=SEEDER)
    make_officer()

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(os.environ.get("MACHINE_EXAMPLES", "7")),
            stateful_step_count=int(os.environ.get("MACHINE_STEPS", "30")),
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )

    assert {each for each in EXPECTED if not Machine.seen[each]} == set(), Machine.seen
