# ruff: noqa: E501  a table is read across
"""The matrix: what each verb answers in each state to each actor, written by hand and complete."""

import json
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.db import transaction

from audit import exhibits
from audit.sealing import sequencer
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import documents, guards, lifecycle
from reviews.actions import (
    admitting,
    commenting,
    configuring,
    executing,
    leasing,
    recusing,
    rerouting,
    returning,
    revising,
    taking,
)
from reviews.actions.receiving import Post
from reviews.models import ApiKey, Flow, Item, PolicyVersion
from reviews.words import Execution, State, Verdict
from tests.factories import POLICY, SEEDER, make_person, make_world, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim

pytestmark = pytest.mark.django_db

# Not reachable yet: no fact leads to withdrawn (taking a decision back); the issue that builds that verb adds its
# rows, and test_every_state_is_in_the_table insists on it.
REACHABLE = ("in_review", "changes_requested", "approved", "rejected", "expired", "cancelled", "invalidated")

PEOPLE = ("adjuster", "senior", "no-access", "submitter", "owner", "first-signer", "auditor", "stranger", "manager")
PERSONAL = {
    # state, verb          adjuster          senior            no-access    submitter         owner             first-signer      auditor           stranger     manager
    ("in_review", "see"): ("yes",           "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("in_review", "take"): ("role_missing", "yes",            "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "put back"): ("taken_by_other", "yes",      "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("in_review", "approve"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "reject"): ("role_missing", "yes",          "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("approved", "see"): ("yes",            "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("approved", "take"): ("not_open",      "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("approved", "approve"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "reject"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "see"): ("yes",            "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("rejected", "take"): ("not_open",      "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("rejected", "approve"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "reject"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "see"): ("yes",             "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("expired", "take"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("expired", "approve"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "reject"): ("not_open",     "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "see"): ("yes",           "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("cancelled", "take"): ("not_open",     "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("cancelled", "approve"): ("not_open",  "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "reject"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("in_review", "change"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "send back"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("changes_requested", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "see"): ("yes",  "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("changes_requested", "take"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("changes_requested", "approve"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "reject"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("in_review", "recuse"): ("role_missing", "yes", "not_found", "yes", "yes", "already_signed", "role_missing", "not_found", "role_missing"),
    ("in_review", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "yes"),
    ("in_review", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "yes"),
    ("in_review", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("changes_requested", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("changes_requested", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("changes_requested", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("changes_requested", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("approved", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("approved", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("approved", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("approved", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("rejected", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("rejected", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("rejected", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("rejected", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("expired", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("expired", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("expired", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("expired", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("cancelled", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("cancelled", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("cancelled", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("cancelled", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("invalidated", "see"): ("yes", "yes", "not_found", "yes", "yes", "yes", "yes", "not_found", "yes"),
    ("invalidated", "take"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("invalidated", "approve"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "reject"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "change"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "send back"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("invalidated", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("invalidated", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
}  # fmt: skip

STANDING = ("recuse", "reroute", "break lease", "comment")

# People have no way to these: cancel and execute take a flow's key by type, expire takes nobody.
MACHINES = ("its flow", "another flow", "the clock")
MECHANICAL = {
    # state, verb                 its flow           another flow  the clock
    ("in_review", "cancel"):     ("yes",             "not_found",  None),
    ("in_review", "expire"):     (None,              None,         "yes"),
    ("in_review", "execute"):    ("receipt_invalid", "not_found",  None),
    ("approved", "cancel"):      ("already_decided", "not_found",  None),
    ("approved", "expire"):      (None,              None,         "nothing"),
    ("approved", "execute"):     ("yes",             "not_found",  None),
    ("rejected", "cancel"):      ("already_decided", "not_found",  None),
    ("rejected", "expire"):      (None,              None,         "nothing"),
    ("rejected", "execute"):     ("receipt_invalid", "not_found",  None),
    ("expired", "cancel"):       ("already_decided", "not_found",  None),
    ("expired", "expire"):       (None,              None,         "nothing"),
    ("expired", "execute"):      ("receipt_invalid", "not_found",  None),
    ("cancelled", "cancel"):     ("already_decided", "not_found",  None),
    ("cancelled", "expire"):     (None,              None,         "nothing"),
    ("cancelled", "execute"):    ("receipt_invalid", "not_found",  None),
    ("changes_requested", "cancel"):  ("yes",    "not_found",  None),
    ("changes_requested", "expire"):  (None,     None,         "yes"),
    ("changes_requested", "execute"): ("receipt_invalid", "not_found", None),
    ("in_review", "revise"):     ("revision_refused", "not_found", None),
    ("changes_requested", "revise"): ("yes",     "not_found",  None),
    ("approved", "revise"):      ("revision_refused", "not_found", None),
    ("rejected", "revise"):      ("revision_refused", "not_found", None),
    ("expired", "revise"):       ("revision_refused", "not_found", None),
    ("cancelled", "revise"):     ("revision_refused", "not_found", None),
    ("invalidated", "cancel"):   ("already_decided", "not_found",  None),
    ("invalidated", "expire"):   (None,              None,         "nothing"),
    ("invalidated", "execute"):  ("receipt_invalid", "not_found",  None),
    ("invalidated", "revise"):   ("revision_refused", "not_found", None),
}  # fmt: skip


REFUSING = """
  - name: never
    when: action.effect == "other"
    reason: Nobody decides this here.
    refuse: true
"""


class Stage:
    """A world with everybody in it and an item of two stages, the first signed."""

    def __init__(self) -> None:
        self.world = make_world(contract=CONTRACT, policy=POLICY + REFUSING)
        for role, permission, target in (
            (Role.AUDITOR, "see_queue", self.world.queue),
            (Role.FLOW_OWNER, "own_flow", self.world.flow),
            (Role.QUEUE_MANAGER, "see_queue", self.world.queue),
            (Role.QUEUE_MANAGER, "manage_in_queue", self.world.queue),
            (Role.QUEUE_MANAGER, "see_queue", self.world.exceptions),
            (Role.QUEUE_MANAGER, "manage_in_queue", self.world.exceptions),
            (Role.AUDITOR, "see_queue", self.world.exceptions),
        ):
            accounts.grant_access(role, permission, target, by=SEEDER)
        self.people = {
            "adjuster": make_person("adjuster", Role.ADJUSTER),
            "senior": make_person("senior", Role.SENIOR_ADJUSTER),
            "no-access": make_person("elsewhere", Role.CORRESPONDENCE_REVIEWER),
            "submitter": make_person("submitter", Role.SENIOR_ADJUSTER),
            "owner": make_person("owner", Role.SENIOR_ADJUSTER, Role.FLOW_OWNER),
            "first-signer": make_person("first", Role.ADJUSTER, Role.SENIOR_ADJUSTER),
            "auditor": make_person("auditor", Role.AUDITOR),
            "stranger": make_person("stranger"),
            "manager": make_person("manager", Role.QUEUE_MANAGER),
        }
        self.item = self.half_signed()
        self.deadline = now() + timedelta(hours=1)

    def half_signed(self) -> Item:
        """Make the item everybody meets: the first of two stages is signed."""
        asked_by, until = self.people["submitter"].user.username, stamp(now() + timedelta(minutes=30))
        item = make_claim(self.world, "20000.00", requested_by=asked_by, expires_at=until)
        take(item, self.people["first-signer"])
        sign(item, self.people["first-signer"])
        return Item.objects.get(pk=item.pk)

    def bring_to(self, state: str) -> None:
        """Bring the item to a state by the real verbs."""
        if state in ("approved", "rejected"):
            take(self.item, self.people["senior"])
            verdict = Verdict.APPROVE if state == "approved" else Verdict.REJECT
            sign(self.item, self.people["senior"], verdict, "Not covered.")
        elif state == "changes_requested":
            self.do("send back", self.people["senior"])
        elif state == "cancelled":
            returning.cancel(ItemId(self.item.pk), "No longer needed", by=self.key)
        elif state == "invalidated":
            returning.cancel(ItemId(self.item.pk), "Another one is met", by=self.key)
            asked_by = self.people["submitter"].user.username
            self.item = make_claim(self.world, "20000.00", action={"effect": "other"}, requested_by=asked_by)
        elif state == "expired":
            with time_machine.travel(self.deadline):
                returning.expire_due()
        self.item.refresh_from_db()
        assert self.item.state == state

    @property
    def key(self) -> ApiKey:
        """Give the key of the item's flow."""
        return ApiKey.objects.get(flow=self.world.flow)

    def do(self, verb: str, person: Any) -> None:
        """Let a person do a verb."""
        item_id = ItemId(self.item.pk)
        if verb == "see":
            guards.insist(guards.why_not_see(access.of(person.user), self.item))
        elif verb == "take":
            taking.take(item_id, by=person.user)
        elif verb == "put back":
            self.outcome(lambda: taking.take(item_id, by=person.user))
            taking.put_back(item_id, by=person.user)
        elif verb == "send back":
            self.outcome(lambda: taking.take(item_id, by=person.user))
            seen = Item.objects.get(pk=item_id).version
            returning.request_changes(item_id, by=person.user, seen=seen, reason="Look again.")
        elif verb in STANDING:
            self.stand(verb, person)
        elif verb == "change":
            self.outcome(lambda: taking.take(item_id, by=person.user))
            change(self.item, person, zone="AE")
        else:
            self.outcome(lambda: taking.take(item_id, by=person.user))
            sign(self.item, person, Verdict(verb), "Because.")

    def stand(self, verb: str, person: Any) -> None:
        """Let a person do what decides nothing."""
        item_id = ItemId(self.item.pk)
        if verb == "recuse":
            recusing.recuse(item_id, by=person.user, seen=self.item.version, reason="My cousin.")
        elif verb == "comment":
            commenting.comment(item_id, "Look at the roof.", by=person.user)
        elif verb == "reroute":
            version = PolicyVersion.objects.get(pk=self.item.policy_version_id)
            configuring.apply_policy(version.text + "\n# newer\n", by=SEEDER)
            rerouting.reroute(item_id, by=person.user, seen=self.item.version, reason="New rules.")
        elif verb == "break lease":
            self.outcome(lambda: taking.take(item_id, by=self.people["senior"].user))
            leasing.break_lease(item_id, by=person.user, reason="They are away.")

    def work(self, verb: str, key: ApiKey | None, receipt: str = "") -> None:
        """Let a machine do a verb."""
        if verb == "cancel":
            returning.cancel(ItemId(self.item.pk), "No longer needed", by=key)
        elif verb == "revise":
            self.revise(key)
        elif verb == "execute":
            executing.report(ItemId(self.item.pk), receipt, Execution.STARTED, by=key)
        else:
            with time_machine.travel(self.deadline):
                if not returning.expire_due():
                    raise Problem(code="nothing")

    def revise(self, key: ApiKey) -> None:
        """Post the item's own document once more."""
        document = json.loads(exhibits.open(self.item.revisions.get(revision=1).exhibit_id))
        raw, slug = json.dumps(document).encode(), revising.flow_of(ItemId(self.item.pk), by=key)
        caller = admitting.admit(slug, self.world.headers(raw), raw)
        revising.revise(ItemId(self.item.pk), caller, Post("again", raw, documents.JSON, document, {}))

    @staticmethod
    def outcome(act: Any) -> str:
        """Do something for good or not at all; give yes or the refusal's code."""
        try:
            with transaction.atomic():
                act()
        except Problem as problem:
            return problem.name
        return "yes"

    def tried(self, act: Any) -> str:
        """Do something and take it back; give yes or the refusal's code."""
        with transaction.atomic():
            said = self.outcome(act)
            transaction.set_rollback(True)
        return said


@pytest.mark.parametrize("state", REACHABLE)
def test_people_are_answered_as_the_table_says(state):
    stage = Stage()
    stage.bring_to(state)

    said = {
        (at, verb): tuple(
            stage.tried(lambda verb=verb, name=name: stage.do(verb, stage.people[name])) for name in PEOPLE
        )
        for at, verb in PERSONAL
        if at == state
    }

    assert said == {key: answers for key, answers in PERSONAL.items() if key[0] == state}


@pytest.mark.parametrize("state", REACHABLE)
def test_machines_are_answered_as_the_table_says(state):
    stage, other = Stage(), make_world()
    stage.bring_to(state)
    sequencer.seal_once()
    decided = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()
    keys = (stage.key, ApiKey.objects.get(flow=other.flow), None)

    said = {
        (at, verb): tuple(
            answer and stage.tried(lambda verb=verb, key=key: stage.work(verb, key, decided.get("receipt", "")))
            for answer, key in zip(answers, keys, strict=True)
        )
        for (at, verb), answers in MECHANICAL.items()
        if at == state
    }

    assert said == {key: answers for key, answers in MECHANICAL.items() if key[0] == state}


def test_a_started_execution_is_not_started_again():
    stage = Stage()
    stage.bring_to("approved")
    sequencer.seal_once()
    receipt = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()["receipt"]

    said = [stage.outcome(lambda: stage.work("execute", stage.key, receipt)) for _ in range(2)]

    assert said == ["yes", "receipt_consumed"]


def test_a_suspended_flow_starts_nothing():
    stage = Stage()
    stage.bring_to("approved")
    sequencer.seal_once()
    receipt = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()["receipt"]
    configuring.suspend_flow(Flow.objects.get(pk=stage.item.flow_id), by=SEEDER)

    assert stage.tried(lambda: stage.work("execute", stage.key, receipt)) == "flow_suspended"


def test_the_table_is_complete():
    verbs = ("see", "take", "put back", "approve", "reject", "change", "send back", *STANDING)

    assert set(PERSONAL) == set(product(REACHABLE, verbs))
    assert {len(answers) for answers in PERSONAL.values()} == {len(PEOPLE)}
    assert set(MECHANICAL) == set(product(REACHABLE, ("cancel", "expire", "execute", "revise")))
    assert {len(answers) for answers in MECHANICAL.values()} == {len(MACHINES)}


def test_every_state_is_in_the_table():
    targets = {to for moves in lifecycle.MOVES.values() for there in moves.values() for to in there}

    assert {State(state) for state in REACHABLE} == targets | {State.IN_REVIEW}
