"""What the database itself refuses of intents, signatures, decisions, reports, keys, secrets and deliveries."""

from django.db import migrations

TOLD = """
CREATE FUNCTION reviews_pub(leaf bytea, name text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT convert_from(leaf, 'UTF8')::json -> 'pub' ->> name $$;

CREATE FUNCTION reviews_refuse(table_name text, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', what USING ERRCODE = 'integrity_constraint_violation', TABLE = table_name,
    HINT = 'Go through the action; it writes what belongs together.';
END $$;

CREATE FUNCTION reviews_keeps_all_but() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a row of % changes only in %', TG_TABLE_NAME, TG_ARGV
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Write a new row instead.';
END $$;

CREATE FUNCTION reviews_marked_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV AND to_jsonb(OLD) ->> TG_ARGV[0] IS NULL
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION '% of % is set once and everything else stays', TG_ARGV[0], TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, HINT = 'Write a new row instead.';
END $$;
"""
TOLD_BACK = """
DROP FUNCTION reviews_pub(bytea, text), reviews_refuse(text, text), reviews_keeps_all_but(), reviews_marked_once();
"""

# An item's entry is written while the item stands exactly there: none runs ahead and none tells another state.
# As its definer, because the sequencer and the eraser write entries too and may not read items.
ENTRY = """
CREATE FUNCTION reviews_entry_tells_its_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_submission WHERE id = NEW.stream) AND NOT EXISTS (
      SELECT FROM reviews_item WHERE id = NEW.stream AND version = NEW.version AND state = NEW.state) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'an entry tells a version its item does not stand at');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER reviews_entry_tells_its_item AFTER INSERT ON audit_entry
  FOR EACH ROW WHEN (NEW.version IS NOT NULL) EXECUTE FUNCTION reviews_entry_tells_its_item();
"""
ENTRY_BACK = """
DROP TRIGGER reviews_entry_tells_its_item ON audit_entry;
DROP FUNCTION reviews_entry_tells_its_item();
"""

# A signature needs its used intent, its act, a ceremony of this person in this session, and nobody who submitted;
# at commit it fills the intent's slot and stands in the entry of the version it moved the item to.
SIGNATURE = """
CREATE FUNCTION reviews_owns_flow(person uuid, flow uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
     WHERE (c.app_label, c.model, p.codename) = ('reviews', 'flow', 'own_flow')
       AND (EXISTS (SELECT FROM guardian_userobjectpermission o
                     WHERE o.permission_id = p.id AND o.object_pk = flow::text AND o.user_id = person)
         OR EXISTS (SELECT FROM guardian_groupobjectpermission o JOIN portal_user_groups m USING (group_id)
                     WHERE o.permission_id = p.id AND o.object_pk = flow::text AND m.user_id = person)))
$$;

CREATE FUNCTION reviews_submitted(person uuid, item uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM reviews_item t WHERE t.id = item
                 AND (t.requested_by_id = person OR reviews_owns_flow(person, t.flow_id)))
      OR EXISTS (SELECT FROM reviews_revision r JOIN reviews_api_key k ON k.id = r.authored_with_id
                 WHERE r.item_id = item AND k.issued_by_id = person)
$$;

CREATE FUNCTION reviews_signature_is_due() RETURNS trigger LANGUAGE plpgsql
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
      WHERE s.id = i.slot_id AND (s.role, s.meaning) = (NEW.role, NEW.meaning)
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
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION reviews_signature_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM reviews_sign_intent i
        JOIN reviews_signoff_slot s ON s.id = i.slot_id AND s.signature_id = NEW.id
        JOIN audit_entry e ON e.stream = NEW.item_id AND e.version = i.item_version + 1
       WHERE i.id = NEW.intent_id AND e.kind = 'signature.executed'
         AND (e.actor_type, e.actor_ref) = ('user', NEW.signer_id)
         AND reviews_pub(e.leaf_bytes, 'signature') = NEW.id::text
         AND reviews_pub(e.leaf_bytes, 'verdict') = NEW.verdict
         AND reviews_pub(e.leaf_bytes, 'intent_sha256') = encode(NEW.intent_sha256, 'hex')) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without its slot or its entry');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER reviews_signature_is_due BEFORE INSERT ON reviews_signature
  FOR EACH ROW EXECUTE FUNCTION reviews_signature_is_due();
CREATE CONSTRAINT TRIGGER reviews_signature_is_told AFTER INSERT ON reviews_signature
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_signature_is_told();
CREATE TRIGGER reviews_sign_intent_used_once BEFORE UPDATE ON reviews_sign_intent
  FOR EACH ROW EXECUTE FUNCTION reviews_marked_once('used_at');
"""
SIGNATURE_BACK = """
DROP TRIGGER reviews_sign_intent_used_once ON reviews_sign_intent;
DROP TRIGGER reviews_signature_is_told ON reviews_signature;
DROP TRIGGER reviews_signature_is_due ON reviews_signature;
DROP FUNCTION reviews_signature_is_told(), reviews_signature_is_due(), reviews_submitted(uuid, uuid);
DROP FUNCTION reviews_owns_flow(uuid, uuid);
"""

# A decision says what its item is at that moment and names the entry that made it so; a report needs an approval.
DECISION = """
CREATE FUNCTION reviews_decision_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM reviews_item t
        JOIN reviews_revision r ON r.item_id = t.id AND r.revision = t.revision
        JOIN audit_entry e ON e.stream = t.id AND e.version = t.version
       WHERE t.id = NEW.item_id AND e.eid = NEW.entry_id AND e.kind = 'decision.finalised'
         AND (t.state, t.basis, t.revision, t.policy_version_id, r.action_sha256)
           = (NEW.outcome, NEW.basis, NEW.revision, NEW.policy_version_id, NEW.action_sha256)
         AND reviews_pub(e.leaf_bytes, 'decision') = NEW.id::text
         AND reviews_pub(e.leaf_bytes, 'action_sha256') = encode(NEW.action_sha256, 'hex')) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a decision its item and its entry do not say');
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION reviews_report_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM reviews_decision d JOIN audit_entry e ON e.stream = d.item_id
       WHERE d.id = NEW.decision_id AND d.outcome = 'approved'
         AND e.version IS NOT NULL AND e.kind = 'execution.reported'
         AND reviews_pub(e.leaf_bytes, 'report') = NEW.id::text
         AND reviews_pub(e.leaf_bytes, 'status') = NEW.status) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a report without an approval or its entry');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER reviews_decision_is_told BEFORE INSERT ON reviews_decision
  FOR EACH ROW EXECUTE FUNCTION reviews_decision_is_told();
CREATE CONSTRAINT TRIGGER reviews_execution_report_is_told AFTER INSERT ON reviews_execution_report
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_report_is_told();
"""
DECISION_BACK = """
DROP TRIGGER reviews_execution_report_is_told ON reviews_execution_report;
DROP TRIGGER reviews_decision_is_told ON reviews_decision;
DROP FUNCTION reviews_report_is_told(), reviews_decision_is_told();
"""

# Keys and secrets come and go with an entry; whoever issued a key stands behind what it posts.
SECRET_TABLES = (("api_key", "key", "revoked"), ("webhook_secret", "secret", "retired"))
KEY_RULES = """
CREATE FUNCTION reviews_secret_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
      SELECT FROM audit_entry e
       WHERE e.stream = NEW.flow_id AND e.kind = TG_ARGV[CASE TG_OP WHEN 'INSERT' THEN 1 ELSE 2 END]
         AND reviews_pub(e.leaf_bytes, TG_ARGV[0]) = NEW.id::text
         AND (TG_OP <> 'INSERT' OR TG_ARGV[0] <> 'key' OR to_jsonb(NEW) ->> 'issued_by_id'
              IS NOT DISTINCT FROM CASE e.actor_type WHEN 'user' THEN e.actor_ref::text END)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a key or secret without its entry');
  END IF;
  RETURN NULL;
END $$;
"""
SECRETS = KEY_RULES + "".join(
    f"""
CREATE CONSTRAINT TRIGGER reviews_{table}_is_told AFTER INSERT OR UPDATE ON reviews_{table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION reviews_secret_is_told('{word}', 'flow.{word}_issued', 'flow.{word}_{ended}');
CREATE TRIGGER reviews_{table}_ends_once BEFORE UPDATE ON reviews_{table}
  FOR EACH ROW EXECUTE FUNCTION reviews_marked_once('{ended}_at');
CREATE TRIGGER reviews_{table}_stays BEFORE DELETE ON reviews_{table}
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('Revoke or retire it.');"""
    for table, word, ended in SECRET_TABLES
)
SECRETS_BACK = (
    "".join(
        f"""
DROP TRIGGER reviews_{table}_stays ON reviews_{table};
DROP TRIGGER reviews_{table}_ends_once ON reviews_{table};
DROP TRIGGER reviews_{table}_is_told ON reviews_{table};"""
        for table, _word, _ended in SECRET_TABLES
    )
    + "\nDROP FUNCTION reviews_secret_is_told();"
)

# What a 202 promised is routed, and what is to be delivered is delivered as it was written.
PROMISES = """
CREATE FUNCTION reviews_intake_is_routed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reviews_item WHERE id = OLD.submission_id) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a submission leaves the intake queue only as an item');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_intake_queue_is_routed AFTER DELETE ON reviews_intake_queue
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_intake_is_routed();
CREATE TRIGGER reviews_intake_queue_keeps BEFORE UPDATE ON reviews_intake_queue
  FOR EACH ROW EXECUTE FUNCTION reviews_keeps_all_but('tries');
CREATE TRIGGER reviews_delivery_keeps BEFORE UPDATE ON reviews_delivery
  FOR EACH ROW EXECUTE FUNCTION reviews_keeps_all_but('attempts', 'due_at', 'delivered_at', 'given_up_at');
CREATE TRIGGER reviews_delivery_stays BEFORE DELETE ON reviews_delivery
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
"""
PROMISES_BACK = """
DROP TRIGGER reviews_delivery_stays ON reviews_delivery;
DROP TRIGGER reviews_delivery_keeps ON reviews_delivery;
DROP TRIGGER reviews_intake_queue_keeps ON reviews_intake_queue;
DROP TRIGGER reviews_intake_queue_is_routed ON reviews_intake_queue;
DROP FUNCTION reviews_intake_is_routed();
"""


class Migration(migrations.Migration):
    """Install the rules of what proves a decision."""

    dependencies = [("reviews", "0002_rules"), ("guardian", "0001_initial")]

    operations = [
        migrations.RunSQL(TOLD, TOLD_BACK),
        migrations.RunSQL(ENTRY, ENTRY_BACK),
        migrations.RunSQL(SIGNATURE, SIGNATURE_BACK),
        migrations.RunSQL(DECISION, DECISION_BACK),
        migrations.RunSQL(SECRETS, SECRETS_BACK),
        migrations.RunSQL(PROMISES, PROMISES_BACK),
    ]
