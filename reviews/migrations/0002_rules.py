"""What the database itself refuses of items, their sign-off plans and their history."""

from django.db import migrations

# One entry a version: the row's (id, version, state) must be an entry at commit, and it was a submission once.
# What is over stays as it is: the last branch is the table of states, and lifecycle.MOVES lies within it.
ITEM = """
ALTER TABLE reviews_item ADD CONSTRAINT reviews_item_told FOREIGN KEY (id, version, state)
  REFERENCES audit_entry (stream, version, state) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT reviews_item_submitted FOREIGN KEY (id) REFERENCES reviews_submission (id);

CREATE FUNCTION reviews_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND (NEW.version, NEW.state) <> (1, 'in_review') THEN
    RAISE EXCEPTION 'an item starts in review, at version 1' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Route the submission; nothing else makes items.';
  ELSIF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an item is never deleted' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Cancel or expire it.';
  ELSIF TG_OP = 'UPDATE' AND (NEW.id <> OLD.id OR NEW.version <> OLD.version + 1) THEN
    RAISE EXCEPTION 'an item changes only with its next version' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Move it through lifecycle.move().';
  ELSIF TG_OP = 'UPDATE' AND ((NEW.flow_id, NEW.revision, NEW.effect, NEW.basis, NEW.received_at)
      <> (OLD.flow_id, OLD.revision, OLD.effect, OLD.basis, OLD.received_at)
      OR NEW.requested_by_id IS DISTINCT FROM OLD.requested_by_id) THEN
    RAISE EXCEPTION 'an item keeps its origin, revision, effect and basis'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Post a new item.';
  ELSIF TG_OP = 'UPDATE' AND NOT (OLD.state = 'in_review'
      OR OLD.state = 'changes_requested' AND NEW.state NOT IN ('approved', 'rejected')
      OR OLD.state = 'approved' AND NEW.state IN ('approved', 'invalidated', 'withdrawn')
         AND to_jsonb(NEW) - '{version,state}'::text[] = to_jsonb(OLD) - '{version,state}'::text[]) THEN
    RAISE EXCEPTION 'an item that is % cannot become % or change', OLD.state, NEW.state
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'What is over stays as it is.';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reviews_item_moves BEFORE INSERT OR UPDATE OR DELETE ON reviews_item
  FOR EACH ROW EXECUTE FUNCTION reviews_item_moves();
"""
ITEM_BACK = """
DROP TRIGGER reviews_item_moves ON reviews_item;
DROP FUNCTION reviews_item_moves();
ALTER TABLE reviews_item DROP CONSTRAINT reviews_item_told, DROP CONSTRAINT reviews_item_submitted;
"""

# A slot is filled once, stage after stage, by a signature of this person on this item and revision.
SLOTS = """
ALTER TABLE reviews_signoff_slot ADD CONSTRAINT reviews_signoff_slot_filled
  FOREIGN KEY (signature_id, item_id, revision, signer_id)
  REFERENCES reviews_signature (id, item_id, revision, signer_id) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION reviews_slot_filled_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.signature_id IS NULL AND NEW.signature_id IS NOT NULL
     AND (NEW.id, NEW.item_id, NEW.revision, NEW.stage, NEW.n, NEW.role, NEW.meaning)
       = (OLD.id, OLD.item_id, OLD.revision, OLD.stage, OLD.n, OLD.role, OLD.meaning)
     AND NOT EXISTS (SELECT FROM reviews_signoff_slot s WHERE s.item_id = OLD.item_id
                     AND s.revision = OLD.revision AND s.stage < OLD.stage AND s.signature_id IS NULL)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a slot is filled once, stage after stage, and otherwise stays' USING ERRCODE = 'integrity_constraint_violation',
    TABLE = TG_TABLE_NAME, HINT = 'Sign through signing.sign().';
END $$;
CREATE TRIGGER reviews_signoff_slot_filled_once BEFORE UPDATE ON reviews_signoff_slot
  FOR EACH ROW EXECUTE FUNCTION reviews_slot_filled_once();
CREATE TRIGGER reviews_signoff_slot_stays BEFORE DELETE ON reviews_signoff_slot
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('A plan keeps its slots.');
"""
SLOTS_BACK = """
DROP TRIGGER reviews_signoff_slot_stays ON reviews_signoff_slot;
DROP TRIGGER reviews_signoff_slot_filled_once ON reviews_signoff_slot;
DROP FUNCTION reviews_slot_filled_once();
ALTER TABLE reviews_signoff_slot DROP CONSTRAINT reviews_signoff_slot_filled;
"""

# Approved needs every slot signed with an approval, or a policy that may; rejected needs a signature that rejects.
# Both need the decision that says so; approved also needs the very plan its first entry told.
DECIDED = """
CREATE FUNCTION reviews_item_is_signed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  asked integer; approved integer; rejected integer; plan text[]; told json;
BEGIN
  IF NEW.state NOT IN ('approved', 'rejected') THEN RETURN NULL; END IF;
  SELECT count(*), count(*) FILTER (WHERE g.verdict = 'approve'), count(*) FILTER (WHERE g.verdict = 'reject')
    INTO asked, approved, rejected
    FROM reviews_signoff_slot s
    LEFT JOIN reviews_signature g ON g.id = s.signature_id AND g.item_id = s.item_id AND g.revision = s.revision
   WHERE s.item_id = NEW.id AND s.revision = NEW.revision;
  IF NEW.state = 'approved'
     AND (CASE NEW.basis WHEN 'policy' THEN asked > 0 ELSE asked = 0 OR approved < asked END) THEN
    RAISE EXCEPTION 'approved with % of % signatures', approved, asked
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Every slot of the plan must be signed first.';
  END IF;
  plan := ARRAY(SELECT min(s.role) || ' x ' || count(*) FROM reviews_signoff_slot s
                 WHERE s.item_id = NEW.id AND s.revision = NEW.revision GROUP BY s.stage ORDER BY s.stage);
  SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' INTO told
    FROM audit_entry e WHERE e.stream = NEW.id AND e.version = 1 AND e.kind = 'item.received';
  IF NEW.state = 'approved' AND ((told ->> 'effect', told ->> 'basis') IS DISTINCT FROM (NEW.effect, NEW.basis)
     OR plan IS DISTINCT FROM ARRAY(SELECT json_array_elements_text(told -> 'plan'))) THEN
    RAISE EXCEPTION 'approved by another plan than its first entry tells'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Slots are written once, by routing.';
  END IF;
  IF NEW.state = 'rejected' AND rejected = 0 THEN
    RAISE EXCEPTION 'rejected without a signature that rejects'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Sign the rejection.';
  END IF;
  IF NOT EXISTS (SELECT FROM reviews_decision d WHERE d.item_id = NEW.id AND d.revision = NEW.revision
                 AND d.outcome = NEW.state AND d.basis = NEW.basis) THEN
    RAISE EXCEPTION '% without its decision', NEW.state
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Use deciding.finalise().';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_item_is_signed AFTER INSERT OR UPDATE ON reviews_item
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.state IN ('approved', 'rejected')) EXECUTE FUNCTION reviews_item_is_signed();
"""
DECIDED_BACK = """
DROP TRIGGER reviews_item_is_signed ON reviews_item;
DROP FUNCTION reviews_item_is_signed();
"""

APPEND_ONLY = (
    "contract", "submission", "quarantine", "policy_version", "revision", "signature", "decision",
    "execution_report", "attempt",
)  # fmt: skip
RECORDED = {
    "flow": "historicalflow", "queue": "historicalqueue", "policy": "historicalpolicy",
    "endpoint": "historicalendpoint", "item": "historicalitem",
}  # fmt: skip
HISTORY = "".join(
    f"""
CREATE TRIGGER reviews_{table}_stays BEFORE UPDATE OR DELETE ON reviews_{table}
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();"""
    for table in (*APPEND_ONLY, *RECORDED.values())
) + "".join(
    f"""
CREATE CONSTRAINT TRIGGER reviews_{history}_linked AFTER INSERT ON reviews_{history}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_require_link('reviews.{table}');
CREATE CONSTRAINT TRIGGER reviews_{table}_recorded AFTER INSERT OR UPDATE ON reviews_{table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION audit_require_history('reviews_{history}', 'id', 'reviews.{table}');"""
    for table, history in RECORDED.items()
)
HISTORY_BACK = "".join(
    f"""
DROP TRIGGER reviews_{history}_linked ON reviews_{history};
DROP TRIGGER reviews_{table}_recorded ON reviews_{table};"""
    for table, history in RECORDED.items()
) + "".join(f"\nDROP TRIGGER reviews_{table}_stays ON reviews_{table};" for table in (*APPEND_ONLY, *RECORDED.values()))


class Migration(migrations.Migration):
    """Install the rules of items, plans and decisions."""

    dependencies = [("reviews", "0001_tables"), ("audit", "0002_rules")]

    operations = [
        migrations.RunSQL(ITEM, ITEM_BACK),
        migrations.RunSQL(SLOTS, SLOTS_BACK),
        migrations.RunSQL(DECIDED, DECIDED_BACK),
        migrations.RunSQL(HISTORY, HISTORY_BACK),
    ]
