"""The stage of the matrix: an item in each state, everybody who may meet it, and all that they can do."""

import json
from datetime import timedelta
from typing import Any

import time_machine
from django.db import transaction

from audit import exhibits
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import documents, guards
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
from reviews.models import ApiKey, Item, PolicyVersion
from reviews.words import Execution, Verdict
from tests.factories import POLICY, SEEDER, make_person, make_world, sign, take
from tests.reviews.changing import CONTRACT, change, make_claim

STANDING = ("recuse", "reroute", "break lease", "comment")

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
