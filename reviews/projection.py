"""What verification asks reviews: do items, plans, signatures, decisions, rules and registers stand as entries say?"""

import hashlib
import json
from collections.abc import Iterator, Set
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from audit import exhibits
from reviews.models import Entitlement, Licence, Register
from reviews.proposals import lists
from reviews.proposals.rules import changed_rules
from reviews.registers import authority, licences

_ITEMS = """
SELECT i.id, format('the row says %s at %s, its entries say %s at %s', i.state, i.version, e.state, e.version)
  FROM reviews_item i
  LEFT JOIN LATERAL (
    SELECT version, state FROM audit_entry WHERE stream = i.id AND version IS NOT NULL ORDER BY version DESC LIMIT 1
  ) e ON true
 WHERE e.version IS DISTINCT FROM i.version OR e.state IS DISTINCT FROM i.state
"""
_SIGNATURES = """
SELECT g.item_id, format('the signature %s is not the one its entry tells', g.id)
  FROM reviews_signature g
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = g.item_id AND e.kind = 'signature.executed' AND e.actor_ref = g.signer_id
       AND (pub ->> 'signature', pub ->> 'revision', pub ->> 'verdict', pub ->> 'role', pub ->> 'meaning',
            pub ->> 'auth_method', pub ->> 'assurance', pub ->> 'intent_sha256', pub ->> 'action_sha256',
            pub ->> 'shown_sha256')
         = (g.id::text, g.revision::text, g.verdict, g.role, g.meaning, g.auth_method, g.assurance,
            encode(g.intent_sha256, 'hex'), encode(g.action_sha256, 'hex'), encode(g.shown_sha256, 'hex'))
       AND (pub ->> 'on_behalf_of', pub ->> 'break_glass')
         IS NOT DISTINCT FROM (g.on_behalf_of_id::text, g.break_glass_id::text))
"""
_REVISIONS = """
SELECT r.item_id, format('revision %s is not the one its entry tells', r.revision)
  FROM reviews_revision r
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = r.item_id AND e.version IS NOT NULL
       AND e.kind = CASE WHEN r.changed_by_id IS NOT NULL THEN 'item.overridden'
                         WHEN r.rerouted_by_id IS NOT NULL THEN 'item.rerouted'
                         WHEN r.revision = 1 THEN 'item.received' ELSE 'item.revised' END
       AND (coalesce(r.changed_by_id, r.rerouted_by_id) IS NULL
            OR (e.actor_type, e.actor_ref) = ('user', coalesce(r.changed_by_id, r.rerouted_by_id)))
       AND (pub ->> 'revision', pub ->> 'action_sha256') = (r.revision::text, encode(r.action_sha256, 'hex')))
"""
_DECISIONS = """
SELECT d.item_id, format('the decision %s is not the one its entry tells', d.id)
  FROM reviews_decision d
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.eid = d.entry_id AND e.stream = d.item_id AND e.kind = 'decision.finalised'
       AND (pub ->> 'decision', pub ->> 'outcome', pub ->> 'basis', pub ->> 'revision', pub ->> 'rule',
            pub ->> 'action_sha256', (pub ->> 'overridden')::boolean)
         = (d.id::text, d.outcome, d.basis, d.revision::text, d.rule, encode(d.action_sha256, 'hex'), d.overridden))
"""


_PLANS = """
SELECT r.item_id, format('the plan of revision %s is not the one its entry tells', r.revision)
  FROM reviews_revision r
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = r.item_id AND e.version IS NOT NULL
       AND e.kind IN ('item.received', 'item.revised', 'item.overridden', 'item.rerouted')
       AND pub ->> 'revision' = r.revision::text
       AND (pub -> 'plan')::jsonb = to_jsonb(reviews_plan(r.item_id, r.revision)))
"""
_SLOTS = """
SELECT s.item_id, format('stage %s of revision %s is not signed as its entry tells', s.stage, s.revision)
  FROM reviews_signoff_slot s
 WHERE s.signature_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = s.item_id AND e.kind = 'signature.executed' AND e.actor_ref = s.signer_id
       AND (pub ->> 'signature', pub ->> 'revision', pub ->> 'stage', coalesce(pub ->> 'round', '1'), pub ->> 'meaning')
         = (s.signature_id::text, s.revision::text, s.stage::text, s.round::text, s.meaning))
"""
_FILLED = """
SELECT e.stream, format('the signature %s fills no stage of the plan', pub ->> 'signature')
  FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
 WHERE e.kind = 'signature.executed' AND NOT EXISTS (
    SELECT FROM reviews_signoff_slot s WHERE s.signature_id = (pub ->> 'signature')::uuid AND s.item_id = e.stream)
"""
_ASIDE = """
SELECT coalesce(x.item_id, e.stream), 'who stepped aside is not who its entry tells'
  FROM reviews_recusal x
  FULL JOIN (SELECT * FROM audit_entry WHERE kind = 'item.recused') e
    ON (e.eid, e.stream, e.actor_ref) = (x.entry_id, x.item_id, x.person_id)
 WHERE x.item_id IS NULL OR e.eid IS NULL
"""
_READ = """
SELECT o.item_id, format('the text %s was not opened as an entry tells', o.title)
  FROM reviews_reading_opened o
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e WHERE e.stream = o.item_id AND e.kind = 'reading.opened' AND e.actor_ref = o.person_id
       AND convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' ->> 'title' = o.title)
"""
# A version is told by its entry's number and digest; the digest is that of the text beside it.
_RULES = """
SELECT v.of_id, format('version %s is not the one its entry tells', v.version)
  FROM (SELECT policy_id AS of_id, version, text, digest, 'policy.applied' AS kind FROM reviews_policy_version
        UNION ALL SELECT calendar_id, version, text, digest, 'calendar.applied' FROM reviews_calendar_version) v
 WHERE v.digest <> sha256(convert_to(v.text, 'UTF8')) OR NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = v.of_id AND e.kind = v.kind
       AND (pub ->> 'version', pub ->> 'digest') = (v.version::text, encode(v.digest, 'hex')))
"""
_REGISTERS = """
SELECT r.id, format('the register of %s is not the one its entry tells', r.kind)
  FROM reviews_register r
 WHERE NOT EXISTS (
    SELECT FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.stream = r.id AND e.kind = 'register.applied'
       AND (pub ->> 'of', pub ->> 'version', pub ->> 'digest') = (r.kind, r.version::text, encode(r.digest, 'hex')))
"""
_CHANGED = """
SELECT policy_id, version, text, proposal_id IS NOT NULL, changed_rules::text,
       coalesce(lag(text) OVER (PARTITION BY policy_id ORDER BY version), '')
  FROM reviews_policy_version ORDER BY policy_id, version
"""


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each item of which a row differs from its entries, with what differs."""
    with connection.cursor() as cursor:
        for question in (_ITEMS, _REVISIONS, _SIGNATURES, _DECISIONS, _PLANS, _SLOTS, _FILLED, _ASIDE, _READ):
            cursor.execute(question)
            yield from cursor.fetchall()


def configuration() -> Iterator[tuple[UUID, str]]:
    """Give each policy, calendar and register of which a row differs from what was put in force."""
    found: list[tuple[UUID, str]] = []
    with connection.cursor() as cursor:
        for question in (_RULES, _REGISTERS):
            cursor.execute(question)
            found += cursor.fetchall()
    yield from found
    wrong = {stream for stream, _ in found}  # their texts are anybody's, and need not be rules or registers at all
    yield from _other_rules(wrong)
    yield from _other_rows(wrong)


def _other_rules(wrong: Set[UUID]) -> Iterator[tuple[UUID, str]]:
    """Find versions that name other rules as changed than those their text and the one before it differ in.

    Versions from before rules were proposed name none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED)
        rows = cursor.fetchall()
    for policy_id, version, text, is_proposed, changed, before in rows:
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


def _entitlements(register: Register) -> list[Any]:
    rows = Entitlement.objects.filter(register=register).values(*_OF_AUTHORITY, name=F("person__username"))
    return [
        authority.Entitlement(person=row.pop("name"), effects=frozenset(row.pop("effects").split()), **row)
        for row in rows
    ]


def _licences(register: Register) -> list[Any]:
    rows = Licence.objects.filter(register=register).values(*_OF_LICENCES, name=F("person__username"))
    return [licences.Licence(person=row.pop("name"), **row) for row in rows]


_OF_AUTHORITY = (
    "effects", "line", "jurisdiction", "currency", "up_to", "alone", "per_subject", "per_period", "period_days",
    "starts", "ends",
)  # fmt: skip
_OF_LICENCES = ("kind", "number", "jurisdiction", "line", "starts", "ends")
_ENTRIES = {"authority": _entitlements, "licences": _licences}
