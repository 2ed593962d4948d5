"""Rules, calendars, contracts, registers and proposals against the entries that put them in force."""

import hashlib
import json
from collections.abc import Iterator, Set
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from audit import canonical, exhibits
from audit.sealing import telling
from reviews.models import Contract, Entitlement, Licence, Register
from reviews.projections import rows
from reviews.proposals import lists
from reviews.proposals.rules import changed_rules
from reviews.registers import authority, licences
from reviews.registers.entries import columns

_TEXTS = """
SELECT v.of_id, format('version %s has another text than its digest stands for', v.version)
  FROM (SELECT policy_id AS of_id, version, text, digest FROM reviews_policy_version
        UNION ALL SELECT calendar_id, version, text, digest FROM reviews_calendar_version) v
 WHERE v.digest <> sha256(convert_to(v.text, 'UTF8'))
"""
# A person puts in force what they signed; versions from before there were proposals name none.
_SIGNED = """
SELECT v.of_id, format('version %s does not name the proposal its signer put in force', v.version)
  FROM (SELECT policy_id AS of_id, version, version::text AS key, digest, proposal_id, 'policy.applied' AS kind
          FROM reviews_policy_version
        UNION ALL SELECT calendar_id, version, version::text, digest, proposal_id, 'calendar.applied'
          FROM reviews_calendar_version
        UNION ALL SELECT flow_id, version, version::text, digest, proposal_id, 'flow.contract_applied'
          FROM reviews_contract
        UNION ALL SELECT id, version, version::text, digest, proposal_id, 'register.applied' FROM reviews_register) v
  JOIN audit_entry e ON (e.stream, e.kind) = (v.of_id, v.kind)
   AND convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' ->> 'version' = v.key
  LEFT JOIN LATERAL (
    SELECT array_agg(s.stream) AS streams FROM audit_entry s
     WHERE s.kind = 'proposal.signed' AND (s.actor_type, s.actor_ref) = (e.actor_type, e.actor_ref)
       AND convert_from(s.leaf_bytes, 'UTF8')::json -> 'pub' ->> 'content_sha256' = encode(v.digest, 'hex')) signed
    ON e.actor_type = 'user'
 WHERE (v.proposal_id IS NULL) <> (streams IS NULL) OR v.proposal_id <> ALL (streams)
"""
_CHANGED = """
SELECT policy_id, version, text, proposal_id IS NOT NULL, changed_rules::text,
       coalesce(lag(text) OVER (PARTITION BY policy_id ORDER BY version), '')
  FROM reviews_policy_version ORDER BY policy_id, version
"""


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each policy, calendar, contract, register and proposal of which a row differs from its entries."""
    found = list(telling.differences(rows.OF_CONFIGURATION))
    with connection.cursor() as cursor:
        for question in (_TEXTS, _SIGNED):
            cursor.execute(question)
            found += cursor.fetchall()
    yield from found
    wrong = {stream for stream, _ in found}  # their texts are anybody's, and need not be rules or registers at all
    yield from _other_rules(wrong)
    yield from _other_rows(wrong)
    yield from _other_schemas()


def _other_rules(wrong: Set[UUID]) -> Iterator[tuple[UUID, str]]:
    """Find versions that name other rules as changed than those their text and the one before it differ in.

    Versions from before rules were proposed name none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED)
        versions = cursor.fetchall()
    for policy_id, version, text, is_proposed, changed, before in versions:
        is_older = not is_proposed and changed == "[]"
        if policy_id not in wrong and not is_older and json.loads(changed) != changed_rules(before, text):
            yield policy_id, f"version {version} names other rules as changed than its text does"


def _other_rows(wrong: Set[UUID]) -> Iterator[tuple[UUID, str]]:
    """Find registers whose sealed text, or whose rows, are not what their digest stands for."""
    for register in Register.objects.exclude(pk__in=wrong).order_by("kind", "version"):
        try:
            text = lists.text_of(register)
        except exhibits.Damaged:
            yield register.pk, f"the text of the register of {register.kind} cannot be read"
            continue
        if hashlib.sha256(text.encode()).digest() != bytes(register.digest):
            yield register.pk, f"the text of the register of {register.kind} is not the one its digest stands for"
        elif lists.written(register.kind, _ENTRIES[register.kind](register)) != text:
            yield register.pk, f"the rows of the register of {register.kind} are not those of its text"


def _other_schemas() -> Iterator[tuple[UUID, str]]:
    """Find data contracts whose schema is not the one their digest stands for."""
    for contract in Contract.objects.order_by("flow_id", "version").iterator():
        if canonical.sha256(canonical.document_bytes(contract.schema)) != bytes(contract.digest):
            yield contract.flow_id, f"version {contract.version} of the data contract has another schema"


def _entitlements(register: Register) -> list[Any]:
    held = Entitlement.objects.filter(register=register).values(
        *columns(authority.Entitlement), name=F("person__username")
    )
    return [
        authority.Entitlement(person=row.pop("name"), effects=frozenset(row.pop("effects").split()), **row)
        for row in held
    ]


def _licences(register: Register) -> list[Any]:
    held = Licence.objects.filter(register=register).values(*columns(licences.Licence), name=F("person__username"))
    return [licences.Licence(person=row.pop("name"), **row) for row in held]


_ENTRIES = {"authority": _entitlements, "licences": _licences}
