"""What the database itself refuses of files, revisions after the first, changed acts and their new plans."""

from django.db import migrations

# A file belongs to its flow and has the digest its item names; it stays while an item names it and never changes.
FILES = """
ALTER TABLE reviews_attachment ADD CONSTRAINT reviews_attachment_is_the_upload
  FOREIGN KEY (upload_id, flow_id, sha256) REFERENCES reviews_upload (id, flow_id, sha256);

CREATE FUNCTION reviews_upload_is_unused() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_attachment
              WHERE upload_id = (to_jsonb(OLD) ->> CASE TG_TABLE_NAME WHEN 'reviews_upload' THEN 'id' ELSE 'upload_id' END)::uuid)
  THEN PERFORM reviews_refuse(TG_TABLE_NAME, 'a file an item names stays'); END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER reviews_upload_keeps BEFORE UPDATE ON reviews_upload FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER reviews_upload_part_keeps BEFORE UPDATE ON reviews_upload_part FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER reviews_upload_is_unused BEFORE DELETE ON reviews_upload
  FOR EACH ROW EXECUTE FUNCTION reviews_upload_is_unused();
CREATE TRIGGER reviews_upload_part_is_unused BEFORE DELETE ON reviews_upload_part
  FOR EACH ROW EXECUTE FUNCTION reviews_upload_is_unused();

CREATE FUNCTION reviews_attachment_is_in_time() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_item WHERE id = NEW.submission_id AND revision >= NEW.revision) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a file comes with its revision, not after it');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_attachment_is_in_time BEFORE INSERT ON reviews_attachment
  FOR EACH ROW EXECUTE FUNCTION reviews_attachment_is_in_time();

CREATE FUNCTION reviews_opening_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e
       WHERE e.stream = NEW.submission_id AND e.kind = 'attachment.opened'
         AND (e.actor_type, e.actor_ref) = ('user', NEW.person_id)
         AND reviews_pub(e.leaf_bytes, 'upload') = NEW.upload_id::text) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a file opened without its entry');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_opening_is_told AFTER INSERT ON reviews_opening
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_opening_is_told();
"""
FILES_BACK = """
DROP TRIGGER reviews_opening_is_told ON reviews_opening;
DROP TRIGGER reviews_upload_part_is_unused ON reviews_upload_part;
DROP TRIGGER reviews_upload_is_unused ON reviews_upload;
DROP TRIGGER reviews_upload_part_keeps ON reviews_upload_part;
DROP TRIGGER reviews_upload_keeps ON reviews_upload;
DROP TRIGGER reviews_attachment_is_in_time ON reviews_attachment;
DROP FUNCTION reviews_opening_is_told(), reviews_attachment_is_in_time(), reviews_upload_is_unused();
ALTER TABLE reviews_attachment DROP CONSTRAINT reviews_attachment_is_the_upload;
"""

# The revision an item stands at rises by one, and only with the entry that tells its new plan; effect and
# queue follow the revision. What an entry of a plan says of a revision is said once.
MOVES = """
CREATE OR REPLACE FUNCTION reviews_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND (NEW.version, NEW.state, NEW.revision) <> (1, 'in_review', 1) THEN
    RAISE EXCEPTION 'an item starts in review, at version 1' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Route the submission; nothing else makes items.';
  ELSIF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an item is never deleted' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Cancel or expire it.';
  ELSIF TG_OP = 'UPDATE' AND (NEW.id <> OLD.id OR NEW.version <> OLD.version + 1) THEN
    RAISE EXCEPTION 'an item changes only with its next version' USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Move it through lifecycle.move().';
  ELSIF TG_OP = 'UPDATE' AND ((NEW.flow_id, NEW.received_at) <> (OLD.flow_id, OLD.received_at)
      OR NEW.revision NOT IN (OLD.revision, OLD.revision + 1)
      OR NEW.revision = OLD.revision AND (NEW.effect, NEW.basis) <> (OLD.effect, OLD.basis)
      OR NEW.revision > OLD.revision AND (NEW.state, NEW.basis) <> ('in_review', 'signatures')
      OR NEW.requested_by_id IS DISTINCT FROM OLD.requested_by_id) THEN
    RAISE EXCEPTION 'an item keeps its origin, and its effect and basis until its next revision'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Post a new item.';
  ELSIF TG_OP = 'UPDATE' AND NOT (OLD.state = 'in_review'
      OR OLD.state = 'changes_requested' AND NEW.state NOT IN ('approved', 'rejected')
      OR OLD.state = 'approved' AND NEW.state IN ('approved', 'invalidated', 'withdrawn')
         AND to_jsonb(NEW) - '{version,state}'::text[] = to_jsonb(OLD) - '{version,state}'::text[]) THEN
    RAISE EXCEPTION 'an item that is % cannot become % or change', OLD.state, NEW.state
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'What is over stays as it is.';
  ELSIF TG_OP = 'UPDATE' AND OLD.state = 'changes_requested' AND NEW.state = 'in_review'
      AND NEW.revision = OLD.revision THEN
    RAISE EXCEPTION 'an item that waits for its flow comes back only with a new revision'
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Post a revision.';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION reviews_revision_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e
        JOIN reviews_revision r ON r.item_id = NEW.id AND r.revision = NEW.revision
       WHERE e.stream = NEW.id AND e.version = NEW.version
         AND e.kind = CASE WHEN r.changed_by_id IS NULL THEN 'item.revised' ELSE 'item.overridden' END
         AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text
         AND reviews_pub(e.leaf_bytes, 'action_sha256') = encode(r.action_sha256, 'hex')
         AND CASE WHEN r.changed_by_id IS NULL
                  THEN EXISTS (SELECT FROM reviews_revision_post p WHERE (p.item_id, p.revision, p.digest)
                                = (r.item_id, r.revision, r.digest))
                  ELSE (e.actor_type, e.actor_ref) = ('user', r.changed_by_id) END) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'an item at a revision its entry does not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_item_revision_is_told AFTER UPDATE ON reviews_item
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.revision <> OLD.revision)
  EXECUTE FUNCTION reviews_revision_is_told();

CREATE FUNCTION reviews_change_request_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.eid = NEW.entry_id AND e.stream = NEW.item_id
       AND e.kind = 'item.changes_requested' AND (e.actor_type, e.actor_ref) = ('user', NEW.asked_by_id)
       AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a request for changes its entry does not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_change_request_is_told AFTER INSERT ON reviews_change_request
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_change_request_is_told();

CREATE FUNCTION reviews_change_is_signed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reviews_signature g WHERE g.item_id = NEW.item_id AND g.revision = NEW.revision
                  AND g.signer_id = NEW.changed_by_id AND g.verdict = 'approve') THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a change without the signature of who made it');
  ELSIF NOT EXISTS (SELECT FROM reviews_revision r WHERE r.item_id = NEW.item_id AND r.revision = NEW.revision - 1
      AND (r.posted_as, r.exhibit_id, r.digest, r.contract_id, r.authored_with_id) IS NOT DISTINCT FROM
          (NEW.posted_as, NEW.exhibit_id, NEW.digest, NEW.contract_id, NEW.authored_with_id)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a change of another document than the revision before');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_revision_change_is_signed AFTER INSERT ON reviews_revision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.changed_by_id IS NOT NULL)
  EXECUTE FUNCTION reviews_change_is_signed();

CREATE OR REPLACE FUNCTION reviews_entry_tells_its_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_submission WHERE id = NEW.stream) THEN
    IF NOT EXISTS (
        SELECT FROM reviews_item WHERE id = NEW.stream AND version = NEW.version AND state = NEW.state) THEN
      PERFORM reviews_refuse(TG_TABLE_NAME, 'an entry tells a version its item does not stand at');
    END IF;
    IF NEW.kind IN ('item.received', 'item.revised', 'item.overridden') AND (
        NOT EXISTS (SELECT FROM reviews_item WHERE id = NEW.stream
                     AND revision::text = reviews_pub(NEW.leaf_bytes, 'revision'))
        OR EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.stream AND e.version < NEW.version
                    AND e.kind IN ('item.received', 'item.revised', 'item.overridden')
                    AND reviews_pub(e.leaf_bytes, 'revision') = reviews_pub(NEW.leaf_bytes, 'revision'))) THEN
      PERFORM reviews_refuse(TG_TABLE_NAME, 'the plan of a revision is told once, when the item comes to it');
    END IF;
  END IF;
  RETURN NULL;
END $$;
"""
MOVES_BACK = """
DROP TRIGGER reviews_change_request_is_told ON reviews_change_request;
DROP FUNCTION reviews_change_request_is_told();
DROP TRIGGER reviews_revision_change_is_signed ON reviews_revision;
DROP TRIGGER reviews_item_revision_is_told ON reviews_item;
DROP FUNCTION reviews_change_is_signed(), reviews_revision_is_told();
"""

# Decided as before, but by the plan that the entry of this very revision tells.
DECIDED = """
CREATE OR REPLACE FUNCTION reviews_item_is_signed() RETURNS trigger LANGUAGE plpgsql
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
    FROM audit_entry e WHERE e.stream = NEW.id AND e.kind IN ('item.received', 'item.revised', 'item.overridden')
     AND e.version IS NOT NULL AND reviews_pub(e.leaf_bytes, 'revision') = NEW.revision::text;
  IF NEW.state = 'approved' AND ((told ->> 'effect', told ->> 'basis') IS DISTINCT FROM (NEW.effect, NEW.basis)
     OR plan IS DISTINCT FROM ARRAY(SELECT json_array_elements_text(told -> 'plan'))) THEN
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

# A signature on changes fills a slot of the plan that was made for them in the same transaction, two versions on;
# nobody signs what they have not opened.
SIGNATURE = """
CREATE OR REPLACE FUNCTION reviews_signature_is_due() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE i reviews_sign_intent;
BEGIN
  SELECT * INTO i FROM reviews_sign_intent WHERE id = NEW.intent_id;
  IF ((i.user_id, i.item_id, i.item_rev, i.verdict, i.meaning, i.role)
      = (NEW.signer_id, NEW.item_id, NEW.revision, NEW.verdict, NEW.meaning, NEW.role)
      AND (i.challenge, i.action_sha256, i.shown_sha256) = (NEW.intent_sha256, NEW.action_sha256, NEW.shown_sha256)
      AND i.used_at < i.expires_at) IS NOT TRUE THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without its used intent');
  ELSIF NOT EXISTS (SELECT FROM reviews_revision r JOIN reviews_signoff_slot s USING (item_id, revision)
      WHERE CASE WHEN i.changes_id IS NULL THEN s.id = i.slot_id
                 ELSE s.signature_id IS NULL AND r.changed_by_id = NEW.signer_id END
        AND (s.role, s.meaning) = (NEW.role, NEW.meaning)
        AND (r.item_id, r.revision, r.action_sha256) = (NEW.item_id, NEW.revision, NEW.action_sha256)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature on another act or slot');
  ELSIF NOT EXISTS (SELECT FROM portal_user u JOIN portal_signing_period p ON p.user_id = u.id
      WHERE u.id = NEW.signer_id AND u.is_active AND u.identity_verified_at IS NOT NULL
        AND u.signing_locked_at IS NULL
        AND p.session_ref = i.session_ref AND p.ended_at IS NULL AND p.last_at >= i.used_at) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without a ceremony');
  ELSIF NOT EXISTS (SELECT FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
      WHERE m.user_id = NEW.signer_id AND g.name = NEW.role) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature in a role the person does not hold');
  ELSIF reviews_submitted(NEW.signer_id, NEW.item_id) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature on one''s own work');
  ELSIF EXISTS (SELECT FROM reviews_revision r
        JOIN reviews_attachment a ON a.submission_id = r.item_id AND a.revision = r.posted_as
       WHERE r.item_id = NEW.item_id AND r.revision = NEW.revision
         AND NOT EXISTS (SELECT FROM reviews_opening o WHERE (o.submission_id, o.upload_id, o.person_id)
                          = (a.submission_id, a.upload_id, NEW.signer_id))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature by somebody who has not opened every file');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION reviews_signature_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM reviews_sign_intent i
        JOIN reviews_signoff_slot s ON s.signature_id = NEW.id AND s.id = coalesce(i.slot_id, s.id)
        JOIN audit_entry e ON e.stream = NEW.item_id
         AND e.version = i.item_version + CASE WHEN i.changes_id IS NULL THEN 1 ELSE 2 END
       WHERE i.id = NEW.intent_id AND e.kind = 'signature.executed'
         AND (e.actor_type, e.actor_ref) = ('user', NEW.signer_id)
         AND reviews_pub(e.leaf_bytes, 'signature') = NEW.id::text
         AND reviews_pub(e.leaf_bytes, 'verdict') = NEW.verdict
         AND reviews_pub(e.leaf_bytes, 'intent_sha256') = encode(NEW.intent_sha256, 'hex')) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without its slot or its entry');
  END IF;
  RETURN NULL;
END $$;
"""

APPEND_ONLY = ("attachment", "opening", "change_request", "revision_post", "evidence")
STAYS = "".join(
    f"""
CREATE TRIGGER reviews_{table}_stays BEFORE UPDATE OR DELETE ON reviews_{table}
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();"""
    for table in APPEND_ONLY
)
STAYS_BACK = "".join(f"\nDROP TRIGGER reviews_{table}_stays ON reviews_{table};" for table in APPEND_ONLY)


class Migration(migrations.Migration):
    """Install the rules of files and revisions; the functions that are replaced keep their newest form."""

    dependencies = [("reviews", "0004_files_and_revisions")]

    operations = [
        migrations.RunSQL(FILES, FILES_BACK),
        migrations.RunSQL(MOVES, MOVES_BACK),
        migrations.RunSQL(DECIDED, migrations.RunSQL.noop),
        migrations.RunSQL(SIGNATURE, migrations.RunSQL.noop),
        migrations.RunSQL(STAYS, STAYS_BACK),
    ]
