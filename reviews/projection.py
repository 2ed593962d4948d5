"""What verification asks reviews: do items, revisions, signatures and decisions stand as their entries say?"""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

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
            encode(g.intent_sha256, 'hex'), encode(g.action_sha256, 'hex'), encode(g.shown_sha256, 'hex')))
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


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each item of which a row differs from its entries, with what differs."""
    with connection.cursor() as cursor:
        for question in (_ITEMS, _REVISIONS, _SIGNATURES, _DECISIONS):
            cursor.execute(question)
            yield from cursor.fetchall()
