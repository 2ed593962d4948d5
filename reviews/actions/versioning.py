"""Putting versions in force: routing rules, data contracts, working calendars and registers; each by two people.

The installation itself may do it while it is set up; a person does it with the proposal that they signed.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import canonical, exhibits, ledger
from audit.actors import ActorType, HasActor
from portal.accounts.models import User
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from reviews import contracts, facts
from reviews.models import (
    Calendar,
    CalendarVersion,
    Contract,
    Entitlement,
    Flow,
    Licence,
    Policy,
    PolicyVersion,
    Proposal,
    ProposalSignature,
    Register,
)
from reviews.policies import calendars
from reviews.proposals import installed, lists, rules, schemas
from reviews.registers.entries import columns

SCOPE = "configuration"
"""The key under which configuration is sealed."""


class FourEyes(Problem):
    """One person alone puts nothing in force."""

    code = "four_eyes"
    status = 403
    title = "Somebody else must sign this before it is in force"


@transaction.atomic
def apply_policy(text: str, *, by: HasActor, proposal: Proposal | None = None) -> PolicyVersion:
    """Check a policy document and put it in force as the next version of its name.

    Raises FourEyes, PolicyInvalid, UnknownQueue, UnknownRole, UnknownCalendar or UnknownWall; nothing is half applied.
    """
    _insist_on_two(by, proposal)
    parsed = installed.parse(text)
    policy = Policy.objects.select_for_update(of=("self",)).filter(name=parsed.name).first()
    if policy is None:
        policy = Policy.objects.create(name=parsed.name)
        fact = facts.PolicyOpened(name=parsed.name)
        ledger.append_next(fact, stream=ledger.Stream("policy", policy.pk), by=by, rows=[policy])
    before = policy.in_force.text if policy.in_force else ""
    version = PolicyVersion.objects.create(
        id=new_id(), policy=policy, version=policy.versions.count() + 1, text=text, digest=_digest(text),
        changed_rules=rules.changed_rules(before, text), proposal=proposal,
    )  # fmt: skip
    policy.in_force = version
    policy.save(update_fields=["in_force"])
    applied = facts.PolicyApplied(version=version.version, digest=_digest(text))
    ledger.append_next(applied, stream=ledger.Stream("policy", policy.pk), by=by, rows=[policy])
    return version


@transaction.atomic
def apply_calendar(text: str, *, by: HasActor, proposal: Proposal | None = None) -> CalendarVersion:
    """Check a working calendar and put it in force under its name. Raises FourEyes or CalendarInvalid."""
    _insist_on_two(by, proposal)
    parsed = calendars.parse(text)
    calendar = Calendar.objects.select_for_update(of=("self",)).filter(name=parsed.name).first()
    if calendar is None:
        calendar = Calendar.objects.create(name=parsed.name)
        fact = facts.CalendarOpened(name=parsed.name)
        ledger.append_next(fact, stream=ledger.Stream("calendar", calendar.pk), by=by, rows=[calendar])
    version = CalendarVersion.objects.create(
        id=new_id(), calendar=calendar, version=calendar.versions.count() + 1, text=text, digest=_digest(text),
        proposal=proposal,
    )  # fmt: skip
    calendar.in_force = version
    calendar.save(update_fields=["in_force"])
    applied = facts.CalendarApplied(version=version.version, digest=_digest(text))
    ledger.append_next(applied, stream=ledger.Stream("calendar", calendar.pk), by=by, rows=[calendar])
    return version


@transaction.atomic
def apply_contract(
    flow: Flow,
    schema: dict[str, Any],
    *,
    by: HasActor,
    proposal: Proposal | None = None,
    earlier_until: datetime | None = None,
) -> Contract:
    """Put a new version of the flow's data contract in force; until a moment the version before is accepted too.

    Raises FourEyes or ContractInvalid.
    """
    _insist_on_two(by, proposal)
    contracts.compile(schema)
    flow = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
    digest = canonical.sha256(canonical.document_bytes(schema))
    contract = Contract.objects.create(
        flow=flow, version=flow.contracts.count() + 1, schema=schema, digest=digest, proposal=proposal,
        earlier_until=earlier_until or schemas.earlier_until(schema),
    )  # fmt: skip
    flow.contract, flow.config_version = contract, flow.config_version + 1
    flow.save(update_fields=["contract", "config_version"])
    applied = facts.ContractApplied(
        contract=contract.pk, version=contract.version, digest=digest, earlier_until=contract.earlier_until
    )
    ledger.append_next(applied, stream=ledger.Stream("flow", flow.pk), by=by, rows=[flow])
    return contract


@transaction.atomic
def apply_register(kind: str, entries: Sequence[Any], *, by: HasActor, proposal: Proposal | None = None) -> Register:
    """Put a register in force, whole; its rows are written before its entry, which closes it. Raises FourEyes."""
    _insist_on_two(by, proposal)
    before, text = lists.newest(kind), lists.written(kind, entries)
    sealed = exhibits.seal(text.encode(), scope=SCOPE, media_type="text/csv")
    register = Register.objects.create(
        kind=kind, version=before.version + 1 if before else 1, content_id=sealed.pk, digest=_digest(text),
        proposal=proposal,
    )  # fmt: skip
    people = dict(User.objects.filter(username__in={each.person for each in entries}).values_list("username", "pk"))
    model = _ROWS[kind]
    # Many rows in a statement: they are the sealed text once more, and the entry below holds its digest.
    model._default_manager.bulk_create(
        [model(register=register, person_id=people[each.person], **_row(each)) for each in entries], batch_size=1000
    )
    applied = facts.RegisterApplied(register=register.pk, of=kind, version=register.version, digest=_digest(text))
    ledger.append_next(applied, stream=ledger.Stream("register", register.pk), by=by)
    return register


def _row(entry: Any) -> dict[str, Any]:
    said = {name: getattr(entry, name) for name in columns(entry)}
    return said | {"effects": " ".join(sorted(entry.effects))} if "effects" in said else said


_ROWS: dict[str, Any] = {"authority": Entitlement, "licences": Licence}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _insist_on_two(by: HasActor, proposal: Proposal | None) -> None:
    """Refuse a person without the proposal they signed; the database looks at the same and at the content."""
    if by.actor.type is ActorType.SYSTEM and proposal is None:
        return
    signed = ProposalSignature.objects.filter(proposal=proposal, signer_id=by.actor.ref) if proposal else None
    if signed is None or not signed.exists():
        raise FourEyes("Propose it, and ask a compliance officer or another administrator to sign it.")
