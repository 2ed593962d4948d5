"""Random plans, people, verbs and clocks on the real database: after every step the entries hold before an oracle.

`MACHINE_EXAMPLES` and `MACHINE_STEPS` ask for a longer search than a test run makes.
"""

import json
import os
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit import exhibits
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import documents
from reviews.actions import admitting, configuring, recusing, rerouting, returning, revising, substituting, taking
from reviews.actions.receiving import Post
from reviews.models import ApiKey, Item, Lease, Signature, SignoffSlot
from reviews.words import Verdict
from tests.factories import SEEDER, Person, World, make_person, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.oracle import Known, Lent, Replayed
from tests.reviews.planned import WORDS, make_planned, stage
from tests.reviews.searching import entries, plans, policy_of

CAST = ("a1", "a2", "a3", "s1", "s2", "c1", "r1", "as", "acsr", "nobody")
SUBMITTER = "acs"
NAMES = st.sampled_from((*CAST, SUBMITTER))
AMOUNTS = st.sampled_from(["0.00", "1.00", "500.00", "5000.00", "50000.00"])

# What a person whose turn it is may still be told: somebody holds the item, or its own deadline passed.
EXCUSES = {"taken_by_other", "deadline_passed", "nothing_to_change", "nothing_changed"}

# What a run must have come to, or it proves little.
EXPECTED = {
    *(f"{verb}: yes" for verb in ("sign", "change", "send back", "revise", "aside", "away", "anew")),
    *(f"ends {state}" for state in ("approved", "rejected", "in_review")),
}  # fmt: skip


class Machine(RuleBasedStateMachine):
    """One item from its post to its end, everybody trying everything."""

    world: ClassVar[World]
    people: ClassVar[dict[str, Person]]
    roles: ClassVar[dict[Any, set[str]]]
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clock = time_machine.travel(now())
        self.traveller = self.clock.start()
        self.serial = 0
        self.lent: list[Lent] = []
        self.aside: dict[Any, int] = {}

    def teardown(self) -> None:
        self.seen[f"ends {self.state}"] += 1
        self.clock.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        admitting.forget()

    @initialize(small=plans(), large=plans(), harmful=plans(), amount=AMOUNTS, effect=st.sampled_from(["pay", "deny"]))
    def post(self, small: Any, large: Any, harmful: Any, amount: str, effect: str) -> None:
        name = self.world.flow.policy.name
        configuring.apply_policy(policy_of(self.world, name, small, large, harmful), by=SEEDER)
        asked_by = self.people[SUBMITTER].user.username
        until = stamp(now() + timedelta(hours=8))
        action = {"effect": effect}
        self.item = make_claim(self.world, amount, action=action, requested_by=asked_by, expires_at=until)

    @rule(name=NAMES, verdict=st.sampled_from(["approve", "approve", "approve", "reject"]))
    def sign(self, name: str, verdict: str) -> None:
        self.expected(name, lambda: sign(self.item, self.people[name], Verdict(verdict), "Because."), "sign")

    @rule(pick=st.integers(0, len(CAST) - 1), verdict=st.sampled_from(["approve", "approve", "reject"]))
    def go_on(self, pick: int, verdict: str) -> None:
        """Let somebody sign whose turn it is, so that runs get far."""
        told = self.replayed()
        able = [name for name in CAST if told.may_sign(self.people[name].user.pk)]
        if able:
            self.traveller.shift(timedelta(minutes=16))  # whoever holds it has let it lapse
            name = able[pick % len(able)]
            self.expected(name, lambda: sign(self.item, self.people[name], Verdict(verdict), "Because."), "sign")

    @rule(name=NAMES, amount=AMOUNTS)
    def change(self, name: str, amount: str) -> None:
        self.expected(name, lambda: change(self.item, self.people[name], building=amount), "change")

    @rule(name=NAMES)
    def take(self, name: str) -> None:
        self.tried(lambda: take(self.item, self.people[name]))

    @rule(name=NAMES)
    def put_back(self, name: str) -> None:
        self.tried(lambda: taking.put_back(ItemId(self.item.pk), by=self.people[name].user))

    @rule(name=NAMES)
    def send_back(self, name: str) -> None:
        def act() -> None:
            version = take(self.item, self.people[name]).version
            returning.request_changes(
                ItemId(self.item.pk), by=self.people[name].user, seen=version, reason="Look again."
            )

        self.tried(act, "send back")

    @rule()
    def post_the_same_again(self) -> None:
        self.tried(self.revise, "revise")

    def revise(self) -> None:
        key = ApiKey.objects.get(flow=self.world.flow)
        document = json.loads(exhibits.open(self.item.revisions.get(revision=1).exhibit_id))
        raw, slug = json.dumps(document).encode(), revising.flow_of(ItemId(self.item.pk), by=key)
        caller = admitting.admit(slug, self.world.headers(raw), raw)
        self.serial += 1
        revising.revise(ItemId(self.item.pk), caller, Post(f"again-{self.serial}", raw, documents.JSON, document, {}))

    @rule(how_often=st.integers(0, 9))
    def cancel(self, how_often: int) -> None:
        if how_often == 0:
            key = ApiKey.objects.get(flow=self.world.flow)
            self.tried(lambda: returning.cancel(ItemId(self.item.pk), "No longer needed", by=key))

    @rule(name=NAMES)
    def step_aside(self, name: str) -> None:
        who, item = self.people[name].user, Item.objects.get(pk=self.item.pk)
        if (
            self.tried(lambda: recusing.recuse(ItemId(item.pk), by=who, seen=item.version, reason="Kin."), "aside")
            == "yes"
        ):
            self.aside[who.pk] = item.version

    @rule(absent=NAMES, substitute=NAMES, minutes=st.sampled_from([10, 60]))
    def be_away(self, absent: str, substitute: str, minutes: int) -> None:
        one, other = self.people[absent].user, self.people[substitute].user

        def act() -> None:
            starts = now()
            made = substituting.name(one, other, starts=starts, ends=starts + timedelta(minutes=minutes), by=one)
            self.lent.append(Lent(one.pk, other.pk, made.starts_at, made.ends_at))

        self.tried(act, "away")

    @rule(small=plans(), large=plans())
    def route_anew(self, small: Any, large: Any) -> None:
        name, manager = self.world.flow.policy.name, self.people["manager"].user
        configuring.apply_policy(policy_of(self.world, name, small, large, deepcopy(small)), by=SEEDER)
        version = Item.objects.get(pk=self.item.pk).version
        self.tried(
            lambda: rerouting.reroute(ItemId(self.item.pk), by=manager, seen=version, reason="New rules."), "anew"
        )

    @rule(minutes=st.sampled_from([1, 5, 20, 40, 120]))
    def wait(self, minutes: int) -> None:
        self.traveller.shift(timedelta(minutes=minutes))

    @rule()
    def expire(self) -> None:
        self.tried(returning.expire_due)

    def expected(self, name: str, act: Any, verb: str) -> None:
        """Let somebody take and do: who may is not refused, who may not is."""
        person = self.people[name]
        told = self.replayed()
        may = told.may_sign(person.user.pk)
        held = Lease.objects.filter(item=self.item, expires_at__gt=now()).exclude(holder=person.user).exists()

        def both() -> None:
            take(self.item, person)
            act()

        said = self.tried(both, verb)
        lent = told.may_stand_in(person.user.pk, now())
        assert said != "yes" or ((may or lent) and not held), f"{name} may not {verb}"
        if may and not held and verb == "sign":
            assert said in EXCUSES | {"yes"}, f"{name} may {verb}, but: {said}"

    def tried(self, act: Any, verb: str = "") -> str:
        """Do something for good or not at all, half a minute later; give yes or the refusal's code, and count it."""
        said = self._tried(act)
        self.seen[f"{verb}: {said}"] += 1
        return said

    def _tried(self, act: Any) -> str:
        self.traveller.shift(timedelta(seconds=31))
        try:
            with transaction.atomic():
                act()
                connection.check_constraints()
        except Problem as problem:
            return problem.name
        return "yes"

    def replayed(self) -> Replayed:
        known = Known(self.roles, {self.people[SUBMITTER].user.pk}, self.lent, self.aside)
        return Replayed(entries(self.item.pk), known)

    @property
    def state(self) -> str:
        return str(Item.objects.get(pk=self.item.pk).state) if hasattr(self, "item") else "nothing"

    @invariant()
    def the_entries_hold(self) -> None:
        if not hasattr(self, "item"):
            return
        item, told = Item.objects.get(pk=self.item.pk), self.replayed()

        assert (item.state, item.revision, item.effect) == (told.state, told.revision, told.effect)
        assert set(item.awaiting.split()) == (self.awaited(told) if told.state == "in_review" else set())
        signed = [each for stage in told.plan for _, each, _ in stage.signed]
        kept = Signature.objects.filter(item=item, revision=item.revision).values_list("signer_id", flat=True)
        assert sorted(signed, key=str) == sorted(kept, key=str)
        filled = SignoffSlot.objects.filter(item=item, revision=item.revision, signature__isnull=False)
        assert filled.count() == len(signed)

    @staticmethod
    def awaited(told: Replayed) -> set[str]:
        return {role for stage in told.open for role in stage.roles}


@pytest.mark.timeout(400)
@pytest.mark.django_db
def test_whoever_does_whatever_in_whatever_order_the_rules_hold():
    Machine.world = make_planned(stage("a"), contract=CONTRACT)
    Machine.people = {name: make_person(name, *_roles(name)) for name in (*CAST, SUBMITTER)}
    Machine.people["manager"] = make_person("manager", Role.QUEUE_MANAGER)
    for queue in (Machine.world.queue, Machine.world.exceptions):
        for permission in ("see_queue", "manage_in_queue"):
            accounts.grant_access(Role.QUEUE_MANAGER, permission, queue, by=SEEDER)
    Machine.roles = {each.user.pk: {role.value for role in _roles(name)} for name, each in Machine.people.items()
        if name != "manager"}  # fmt: skip

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(os.environ.get("MACHINE_EXAMPLES", "36")),
            stateful_step_count=int(os.environ.get("MACHINE_STEPS", "20")),
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )

    assert {each for each in EXPECTED if not Machine.seen[each]} == set(), Machine.seen


def _roles(name: str) -> list[Role]:
    return [] if name == "nobody" else [WORDS[letter] for letter in name if letter.isalpha()]
