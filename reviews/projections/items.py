"""Items against their entries: where each stands, its plan, and which stage each signature fills."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from audit.sealing import disclosed, telling
from reviews.projections import rows, sealed

_ITEMS = """
SELECT i.id, format('the row says %s at %s, its entries say %s at %s', i.state, i.version, e.state, e.version)
  FROM reviews_item i
  LEFT JOIN LATERAL (
    SELECT version, state FROM audit_entry WHERE stream = i.id AND version IS NOT NULL ORDER BY version DESC LIMIT 1
  ) e ON true
 WHERE e.version IS DISTINCT FROM i.version OR e.state IS DISTINCT FROM i.state
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
# The text of a plan holds each stage once; every slot of a stage, in every round, asks for the same.
_ALIKE = """
SELECT s.item_id, format('the slots of stage %s of revision %s do not ask for the same', s.stage, s.revision)
  FROM reviews_signoff_slot s
 GROUP BY s.item_id, s.revision, s.stage
HAVING count(DISTINCT (s.step, s.role, s.meaning, s.name, s.factors, s.blind, s.back_to)) > 1
"""
# Stages are numbered on from step 1, each beside the one before or after it: their order is that of the text.
_STEPS = """
SELECT item_id, format('stage %s of revision %s does not come after the one before it', stage, revision)
  FROM (SELECT item_id, revision, stage, min(step) AS step,
               lag(min(step)) OVER (PARTITION BY item_id, revision ORDER BY stage) AS before
          FROM reviews_signoff_slot GROUP BY item_id, revision, stage) s
 WHERE step - coalesce(before, 0) NOT IN (0, 1) OR step = 0
"""
_ROUNDS = """
SELECT coalesce(s.item_id, e.stream), format('round %s of revision %s is not the one its entry tells',
       coalesce(s.round, e.round), coalesce(s.revision, e.revision))
  FROM (SELECT item_id, revision, round, min(stage) AS stage FROM reviews_signoff_slot WHERE round > 1
         GROUP BY item_id, revision, round) s
  FULL JOIN (
    SELECT stream, (pub ->> 'revision')::int AS revision, (pub ->> 'round')::int AS round,
           (pub ->> 'stage')::int AS stage
      FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' AS pub) told
     WHERE e.kind = 'item.returned') e
    ON (e.stream, e.revision, e.round) = (s.item_id, s.revision, s.round)
 WHERE s.item_id IS NULL OR e.stream IS NULL OR s.stage > e.stage
"""
# A revision that a person made is the posted one with their changes, or the one before routed anew.
_COPIES = """
SELECT r.item_id, format('revision %s is not a copy of the one it was made of', r.revision)
  FROM reviews_revision r
  LEFT JOIN reviews_revision p ON p.item_id = r.item_id
   AND p.revision = CASE WHEN r.rerouted_by_id IS NULL THEN r.posted_as ELSE r.revision - 1 END,
       LATERAL (SELECT ARRAY['id', 'revision', 'action_sha256', 'changed_by_id', 'rerouted_by_id', 'created_at']
                       || CASE WHEN r.rerouted_by_id IS NULL THEN ARRAY['overrides_id', 'changed'] END AS own) names
 WHERE r.posted_as < r.revision AND (to_jsonb(r) - own) IS DISTINCT FROM (to_jsonb(p) - own)
"""
_MADE_WITH = """
SELECT d.item_id, format('decision %s does not name what its revision was made with and ruled by', d.id)
  FROM reviews_decision d LEFT JOIN reviews_revision r ON (r.item_id, r.revision) = (d.item_id, d.revision)
  LEFT JOIN reviews_item i ON i.id = d.item_id
 WHERE (d.prompt_version, d.model_name, d.model_version, d.policy_version_id)
       IS DISTINCT FROM (r.prompt_version, r.model_name, r.model_version, i.policy_version_id)
"""
_QUESTIONS = (_ITEMS, _PLANS, _SLOTS, _FILLED, _ALIKE, _STEPS, _ROUNDS, _COPIES, _MADE_WITH)


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each item of which a row differs from its entries, with what differs."""
    with connection.cursor() as cursor:
        for question in _QUESTIONS:
            cursor.execute(question)
            yield from cursor.fetchall()
    yield from telling.differences(rows.OF_ITEMS)
    yield from disclosed.differences(sealed.OF_ITEMS)
