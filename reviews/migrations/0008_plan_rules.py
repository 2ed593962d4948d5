"""What the database itself refuses of plans with rounds, steps and stand-ins, and of items routed anew."""

from django.db import migrations

# A slot counts until a later round of its stage was opened. Plans are written as text, one line a stage; a stage
# that runs beside the one before starts with "& ". planning.told_plan() writes the same text.
PLANS = """
ALTER TABLE reviews_signoff_slot DISABLE TRIGGER reviews_signoff_slot_filled_once;
UPDATE reviews_signoff_slot SET step = stage;
ALTER TABLE reviews_signoff_slot ENABLE TRIGGER reviews_signoff_slot_filled_once;

CREATE FUNCTION reviews_standing(item uuid, rev integer) RETURNS SETOF reviews_signoff_slot LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.* FROM reviews_signoff_slot s WHERE s.item_id = item AND s.revision = rev
     AND NOT EXISTS (SELECT FROM reviews_signoff_slot later WHERE (later.item_id, later.revision, later.stage)
                      = (s.item_id, s.revision, s.stage) AND later.round > s.round)
$$;

CREATE FUNCTION reviews_plan(item uuid, rev integer) RETURNS text[] LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(array_agg(
           CASE WHEN step = before THEN '& ' ELSE '' END || role || ' x ' || signatures
           || CASE WHEN blind THEN ' blind' ELSE '' END || coalesce(' back to ' || back_to, '')
           || CASE WHEN factors = '' THEN '' ELSE ' by ' || replace(factors, ' ', ',') END
           || CASE WHEN name = '' THEN '' ELSE ' as ' || name END ORDER BY stage), '{}')
    FROM (SELECT stage, min(role) AS role, count(*) AS signatures, bool_or(blind) AS blind, min(back_to) AS back_to,
                 min(factors) AS factors, min(name) AS name, min(step) AS step, lag(min(step)) OVER (ORDER BY stage) AS before
            FROM reviews_standing(item, rev) GROUP BY stage) stages
$$;

CREATE OR REPLACE FUNCTION reviews_slot_filled_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF OLD.signature_id IS NULL AND NEW.signature_id IS NOT NULL
     AND to_jsonb(NEW) - '{signature_id,signer_id}'::text[] = to_jsonb(OLD) - '{signature_id,signer_id}'::text[]
     AND NOT EXISTS (SELECT FROM reviews_standing(OLD.item_id, OLD.revision) s
                      WHERE s.step < OLD.step AND s.signature_id IS NULL)
     AND EXISTS (SELECT FROM reviews_standing(OLD.item_id, OLD.revision) s WHERE s.id = OLD.id)
     AND NOT EXISTS (SELECT FROM reviews_signoff_slot s WHERE (s.item_id, s.revision) = (OLD.item_id, OLD.revision)
                      AND s.signer_id = NEW.signer_id AND s.stage <> OLD.stage)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a slot is filled once, stage after stage, by somebody who signed no other stage, and otherwise stays'
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Sign through signing.sign().';
END $$;

CREATE OR REPLACE FUNCTION reviews_item_is_signed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  asked integer; approved integer; rejected integer; rounds integer; returned integer; told json;
BEGIN
  IF NEW.state NOT IN ('approved', 'rejected') THEN RETURN NULL; END IF;
  SELECT count(*), count(*) FILTER (WHERE g.verdict = 'approve'), count(*) FILTER (WHERE g.verdict = 'reject'),
         coalesce(max(s.round), 1)
    INTO asked, approved, rejected, rounds
    FROM reviews_standing(NEW.id, NEW.revision) s
    LEFT JOIN reviews_signature g ON g.id = s.signature_id AND g.item_id = s.item_id AND g.revision = s.revision;
  IF NEW.state = 'approved'
     AND (CASE NEW.basis WHEN 'policy' THEN asked > 0 ELSE asked = 0 OR approved < asked END) THEN
    RAISE EXCEPTION 'approved with % of % signatures', approved, asked
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Every slot of the plan must be signed first.';
  END IF;
  IF NEW.state = 'approved' AND EXISTS (SELECT FROM reviews_signoff_slot s
       JOIN reviews_signature g ON g.id = s.signature_id AND g.verdict = 'reject'
      WHERE (s.item_id, s.revision) = (NEW.id, NEW.revision) AND s.back_to IS NULL) THEN
    RAISE EXCEPTION 'approved over a rejection that ends the plan'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Only a rejection whose stage returns opens another round.';
  END IF;
  SELECT count(*) INTO returned FROM audit_entry e WHERE e.stream = NEW.id AND e.version IS NOT NULL
     AND e.kind = 'item.returned' AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text;
  IF rounds <> returned + 1 THEN
    RAISE EXCEPTION 'a plan with % rounds that was returned % times', rounds, returned
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Rounds are opened by signing a rejection that returns.';
  END IF;
  SELECT convert_from(e.leaf_bytes, 'UTF8')::json -> 'pub' INTO told
    FROM audit_entry e WHERE e.stream = NEW.id AND e.version IS NOT NULL
     AND e.kind IN ('item.received', 'item.revised', 'item.overridden', 'item.rerouted')
     AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text;
  IF NEW.state = 'approved' AND ((told ->> 'effect', told ->> 'basis') IS DISTINCT FROM (NEW.effect, NEW.basis)
     OR reviews_plan(NEW.id, NEW.revision) IS DISTINCT FROM ARRAY(SELECT json_array_elements_text(told -> 'plan'))) THEN
    RAISE EXCEPTION 'approved by another plan than the entry of its revision tells'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Slots are written once, with the revision they are for.';
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
"""
# The functions that stood before belong to earlier migrations; going back leaves the newest form, which is stricter.
PLANS_BACK = migrations.RunSQL.noop

# An item is routed anew as its next revision, unchanged; its policy version changes in no other way. A wall has an entry.
MOVES = """
CREATE OR REPLACE FUNCTION reviews_revision_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e
        JOIN reviews_revision r ON r.item_id = NEW.id AND r.revision = NEW.revision
       WHERE e.stream = NEW.id AND e.version = NEW.version
         AND e.kind = CASE WHEN r.changed_by_id IS NOT NULL THEN 'item.overridden'
                           WHEN r.rerouted_by_id IS NOT NULL THEN 'item.rerouted' ELSE 'item.revised' END
         AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text
         AND reviews_pub(e.leaf_bytes, 'action_sha256') = encode(r.action_sha256, 'hex')
         AND CASE WHEN r.changed_by_id IS NOT NULL THEN (e.actor_type, e.actor_ref) = ('user', r.changed_by_id)
                  WHEN r.rerouted_by_id IS NOT NULL THEN (e.actor_type, e.actor_ref) = ('user', r.rerouted_by_id)
                  ELSE EXISTS (SELECT FROM reviews_revision_post p WHERE (p.item_id, p.revision, p.digest)
                                = (r.item_id, r.revision, r.digest)) END) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'an item at a revision its entry does not tell');
  ELSIF EXISTS (SELECT FROM reviews_signoff_slot s JOIN reviews_signature g ON g.id = s.signature_id
                 WHERE (s.item_id, s.revision) = (NEW.id, OLD.revision) AND g.verdict = 'reject' AND s.back_to IS NULL) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a revision over a rejection that ends the plan');
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION reviews_policy_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.policy_version_id <> OLD.policy_version_id AND NEW.revision = OLD.revision THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'an item keeps the rules it was routed by until its next revision');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_item_policy_is_kept BEFORE UPDATE ON reviews_item
  FOR EACH ROW EXECUTE FUNCTION reviews_policy_is_kept();

CREATE FUNCTION reviews_wall_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.id AND e.version = NEW.version
                  AND e.kind = 'item.walled' AND reviews_pub(e.leaf_bytes, 'wall') = NEW.wall) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a wall its entry does not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_item_wall_is_told AFTER UPDATE ON reviews_item
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.wall <> OLD.wall) EXECUTE FUNCTION reviews_wall_is_told();

CREATE FUNCTION reviews_rerouting_changes_nothing() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reviews_revision r WHERE r.item_id = NEW.item_id AND r.revision = NEW.revision - 1
      AND (r.posted_as, r.exhibit_id, r.digest, r.contract_id, r.authored_with_id, r.overrides_id, r.changed)
        IS NOT DISTINCT FROM (NEW.posted_as, NEW.exhibit_id, NEW.digest, NEW.contract_id, NEW.authored_with_id,
                              NEW.overrides_id, NEW.changed)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'an item routed anew with another content');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_revision_rerouting_changes_nothing BEFORE INSERT ON reviews_revision
  FOR EACH ROW WHEN (NEW.rerouted_by_id IS NOT NULL) EXECUTE FUNCTION reviews_rerouting_changes_nothing();

CREATE OR REPLACE FUNCTION reviews_entry_tells_its_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_submission WHERE id = NEW.stream) THEN
    IF NOT EXISTS (
        SELECT FROM reviews_item WHERE id = NEW.stream AND version = NEW.version AND state = NEW.state) THEN
      PERFORM reviews_refuse(TG_TABLE_NAME, 'an entry tells a version its item does not stand at');
    END IF;
    IF NEW.kind IN ('item.received', 'item.revised', 'item.overridden', 'item.rerouted') AND (
        NOT EXISTS (SELECT FROM reviews_item WHERE id = NEW.stream
                     AND revision::text = reviews_pub(NEW.leaf_bytes, 'revision'))
        OR EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.stream AND e.version < NEW.version
                    AND e.kind IN ('item.received', 'item.revised', 'item.overridden', 'item.rerouted')
                    AND reviews_pub(e.leaf_bytes, 'revision') = reviews_pub(NEW.leaf_bytes, 'revision'))) THEN
      PERFORM reviews_refuse(TG_TABLE_NAME, 'the plan of a revision is told once, when the item comes to it');
    END IF;
    IF NEW.kind = 'item.returned' AND (EXISTS (
        SELECT FROM audit_entry e WHERE e.stream = NEW.stream AND e.version < NEW.version AND e.kind = NEW.kind
           AND reviews_pub(e.leaf_bytes, 'revision') = reviews_pub(NEW.leaf_bytes, 'revision')
           AND reviews_pub(e.leaf_bytes, 'round') = reviews_pub(NEW.leaf_bytes, 'round')) OR NOT EXISTS (
        SELECT FROM reviews_item t JOIN reviews_signoff_slot s ON (s.item_id, s.revision) = (t.id, t.revision)
          JOIN reviews_signature g ON g.id = s.signature_id AND g.verdict = 'reject'
         WHERE t.id = NEW.stream AND t.revision::text = reviews_pub(NEW.leaf_bytes, 'revision')
           AND s.back_to::text = reviews_pub(NEW.leaf_bytes, 'stage')
           AND NEW.actor_type = 'user' AND NEW.actor_ref = g.signer_id
           AND s.round = reviews_pub(NEW.leaf_bytes, 'round')::integer - 1)) THEN
      PERFORM reviews_refuse(TG_TABLE_NAME, 'a plan returns only by a rejection whose stage says so');
    END IF;
  END IF;
  RETURN NULL;
END $$;
"""
MOVES_BACK = """
DROP TRIGGER reviews_revision_rerouting_changes_nothing ON reviews_revision;
DROP TRIGGER reviews_item_wall_is_told ON reviews_item;
DROP TRIGGER reviews_item_policy_is_kept ON reviews_item;
DROP FUNCTION reviews_rerouting_changes_nothing(), reviews_wall_is_told(), reviews_policy_is_kept();
"""

# A signer holds the role, or stands in for somebody who does, or broke the glass for it; uses a factor that suffices;
# says only what the rule allows; has read what it requires; did not step aside; and no stand-in signs twice.
SIGNATURE = """
CREATE FUNCTION reviews_holds_role(person uuid, role text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
                  WHERE m.user_id = person AND g.name = role)
$$;

CREATE FUNCTION reviews_may_sign_as(g reviews_signature, at timestamptz) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE
    WHEN (g).break_glass_id IS NOT NULL THEN (g).on_behalf_of_id IS NULL AND EXISTS (
      SELECT FROM reviews_break_glass b JOIN reviews_item t ON t.queue_id = b.queue_id
       WHERE b.id = (g).break_glass_id AND t.id = (g).item_id AND b.person_id = (g).signer_id
         AND b.role = (g).role AND b.starts_at <= at AND b.ends_at > at AND b.ended_at IS NULL)
    WHEN (g).on_behalf_of_id IS NOT NULL THEN reviews_holds_role((g).on_behalf_of_id, (g).role) AND EXISTS (
      SELECT FROM reviews_substitution b JOIN reviews_item t ON t.id = (g).item_id
        JOIN portal_user a ON a.id = b.absent_id AND a.is_active
       WHERE b.absent_id = (g).on_behalf_of_id AND b.substitute_id = (g).signer_id AND b.ended_at IS NULL
         AND b.starts_at <= at AND b.ends_at > at
         AND (b.queues = '[]'::jsonb OR b.queues ? t.queue_id::text)
         AND (b.up_to IS NULL OR t.effective_amount IS NULL
              OR (t.effective_amount <= b.up_to AND t.currency = b.currency)))
    ELSE reviews_holds_role((g).signer_id, (g).role) END
$$;

CREATE FUNCTION reviews_signs_twice(g reviews_signature) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM reviews_signature o WHERE o.item_id = (g).item_id AND o.revision = (g).revision
     AND (o.on_behalf_of_id = (g).signer_id OR o.signer_id = (g).on_behalf_of_id
          OR o.on_behalf_of_id = (g).on_behalf_of_id)
     AND NOT EXISTS (SELECT FROM reviews_sign_intent i JOIN reviews_signoff_slot mine ON mine.id = i.slot_id
                       JOIN reviews_signoff_slot before ON before.signature_id = o.id
                      WHERE i.id = (g).intent_id AND before.stage = mine.stage AND before.round < mine.round))
$$;

CREATE OR REPLACE FUNCTION reviews_signature_is_due() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE i reviews_sign_intent; t reviews_item;
BEGIN
  SELECT * INTO i FROM reviews_sign_intent WHERE id = NEW.intent_id;
  SELECT * INTO t FROM reviews_item WHERE id = NEW.item_id;
  IF ((i.user_id, i.item_id, i.item_rev, i.verdict, i.meaning, i.role, i.licence)
      = (NEW.signer_id, NEW.item_id, NEW.revision, NEW.verdict, NEW.meaning, NEW.role, NEW.licence)
      AND (i.on_behalf_of_id, i.break_glass_id) IS NOT DISTINCT FROM (NEW.on_behalf_of_id, NEW.break_glass_id)
      AND (i.challenge, i.action_sha256, i.shown_sha256) = (NEW.intent_sha256, NEW.action_sha256, NEW.shown_sha256)
      AND i.used_at < i.expires_at) IS NOT TRUE THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without its used intent');
  ELSIF NOT EXISTS (SELECT FROM reviews_revision r JOIN reviews_signoff_slot s USING (item_id, revision)
      WHERE CASE WHEN i.changes_id IS NULL THEN s.id = i.slot_id
                 ELSE s.signature_id IS NULL AND r.changed_by_id = NEW.signer_id END
        AND NEW.role = ANY (string_to_array(s.role, ' ')) AND s.meaning = NEW.meaning
        AND (s.factors = '' OR NEW.auth_method = ANY (string_to_array(s.factors, ' '))
             OR (NEW.auth_method = 'password+totp' AND 'password' = ANY (string_to_array(s.factors, ' '))))
        AND (r.item_id, r.revision, r.action_sha256) = (NEW.item_id, NEW.revision, NEW.action_sha256)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature on another act or slot, or by a factor that does not suffice');
  ELSIF NOT EXISTS (SELECT FROM portal_user u JOIN portal_signing_period p ON p.user_id = u.id
      WHERE u.id = NEW.signer_id AND u.is_active AND u.identity_verified_at IS NOT NULL
        AND u.signing_locked_at IS NULL
        AND p.session_ref = i.session_ref AND p.ended_at IS NULL AND p.last_at >= i.used_at) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without a ceremony');
  ELSIF NOT reviews_may_sign_as(NEW, i.used_at) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature in a role the person does not hold');
  ELSIF reviews_submitted(NEW.signer_id, NEW.item_id) OR reviews_submitted(NEW.on_behalf_of_id, NEW.item_id) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature on one''s own work');
  ELSIF reviews_signs_twice(NEW) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by a person and their substitute');
  ELSIF EXISTS (SELECT FROM reviews_recusal x
                 WHERE x.item_id = NEW.item_id AND x.person_id IN (NEW.signer_id, NEW.on_behalf_of_id)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by somebody who stepped aside');
  ELSIF EXISTS (SELECT FROM portal_forbidden_pair f WHERE f.ended_at IS NULL
        AND (reviews_holds_role(NEW.signer_id, f.first) OR NEW.role = f.first)
        AND (reviews_holds_role(NEW.signer_id, f.second) OR NEW.role = f.second)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by somebody who holds two roles that nobody may hold at once');
  ELSIF t.verdicts <> '' AND NOT (CASE WHEN i.changes_id IS NULL THEN NEW.verdict ELSE 'change' END
                                  = ANY (string_to_array(t.verdicts, ' '))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a verdict the rule does not allow');
  ELSIF EXISTS (SELECT FROM jsonb_array_elements_text(t.reading) asked
                 WHERE NOT EXISTS (SELECT FROM reviews_reading_opened o WHERE (o.item_id, o.person_id, o.title,
                                    o.policy_version_id) = (t.id, NEW.signer_id, asked, t.policy_version_id))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by somebody who has not opened the required reading');
  ELSIF EXISTS (SELECT FROM reviews_revision r
        JOIN reviews_attachment a ON a.submission_id = r.item_id AND a.revision = r.posted_as
       WHERE r.item_id = NEW.item_id AND r.revision = NEW.revision
         AND NOT EXISTS (SELECT FROM reviews_opening o WHERE (o.submission_id, o.upload_id, o.person_id)
                          = (a.submission_id, a.upload_id, NEW.signer_id))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by somebody who has not opened every file');
  END IF;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    """Install the rules of plans; the functions that are replaced keep their newest form."""

    dependencies = [("reviews", "0007_rules_and_authority"), ("accounts", "0003_forbidden_pairs")]

    operations = [
        migrations.RunSQL(PLANS, PLANS_BACK),
        migrations.RunSQL(MOVES, MOVES_BACK),
        migrations.RunSQL(SIGNATURE, migrations.RunSQL.noop),
    ]
