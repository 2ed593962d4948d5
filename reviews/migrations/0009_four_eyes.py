"""What the database itself refuses of configuration: what one person alone puts in force."""

from django.db import migrations

# A signature on a proposal is another person's than who proposed it, after a ceremony, on exactly this content.
PROPOSALS = """
CREATE FUNCTION reviews_proposal_signature_is_due() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE i reviews_proposal_intent; p reviews_proposal;
BEGIN
  SELECT * INTO i FROM reviews_proposal_intent WHERE id = NEW.intent_id;
  SELECT * INTO p FROM reviews_proposal WHERE id = NEW.proposal_id;
  IF ((i.user_id, i.proposal_id, i.role, i.meaning, i.challenge, i.content_sha256)
      = (NEW.signer_id, NEW.proposal_id, NEW.role, NEW.meaning, NEW.intent_sha256, NEW.content_sha256)
      AND i.used_at < i.expires_at AND p.digest = NEW.content_sha256) IS NOT TRUE THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without its used intent, or on other content');
  ELSIF p.state <> 'open' OR NEW.signer_id IN (p.proposed_by_id, p.target) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a change is signed once, by somebody else than who proposed or gains by it');
  ELSIF NOT reviews_holds_role(NEW.signer_id, NEW.role)
      OR NEW.role NOT IN ('compliance-officer', 'administrator') THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature in a role that puts nothing in force');
  ELSIF NOT EXISTS (SELECT FROM portal_user u JOIN portal_signing_period s ON s.user_id = u.id
      WHERE u.id = NEW.signer_id AND u.is_active AND u.identity_verified_at IS NOT NULL
        AND u.signing_locked_at IS NULL
        AND s.session_ref = i.session_ref AND s.ended_at IS NULL AND s.last_at >= i.used_at) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature without a ceremony');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_proposal_signature_is_due BEFORE INSERT ON reviews_proposal_signature
  FOR EACH ROW EXECUTE FUNCTION reviews_proposal_signature_is_due();

CREATE FUNCTION reviews_proposal_signature_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reviews_proposal p JOIN audit_entry e ON e.stream = p.id
       WHERE p.id = NEW.proposal_id AND (p.state, p.decided_by_id) = ('in_force', NEW.signer_id)
         AND e.kind = 'proposal.signed' AND (e.actor_type, e.actor_ref) = ('user', NEW.signer_id)
         AND reviews_pub(e.leaf_bytes, 'signature') = NEW.id::text
         AND reviews_pub(e.leaf_bytes, 'intent_sha256') = encode(NEW.intent_sha256, 'hex')) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a signature its proposal and its entry do not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_proposal_signature_is_told AFTER INSERT ON reviews_proposal_signature
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_proposal_signature_is_told();
CREATE TRIGGER reviews_proposal_intent_used_once BEFORE UPDATE ON reviews_proposal_intent
  FOR EACH ROW EXECUTE FUNCTION reviews_marked_once('used_at');

CREATE FUNCTION reviews_proposal_is_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'open' AND to_jsonb(NEW) - '{state,decided_by_id,decided_at}'::text[]
     = to_jsonb(OLD) - '{state,decided_by_id,decided_at}'::text[] THEN RETURN NEW; END IF;
  PERFORM reviews_refuse(TG_TABLE_NAME, 'a proposal is decided once and otherwise stays');
  RETURN NULL;
END $$;
CREATE TRIGGER reviews_proposal_is_over BEFORE UPDATE ON reviews_proposal
  FOR EACH ROW EXECUTE FUNCTION reviews_proposal_is_over();
CREATE TRIGGER reviews_proposal_stays BEFORE DELETE ON reviews_proposal FOR EACH ROW EXECUTE FUNCTION audit_refuse();

CREATE FUNCTION reviews_proposal_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.id AND e.kind = 'proposal.' || CASE NEW.state
         WHEN 'open' THEN 'opened' WHEN 'in_force' THEN 'signed' ELSE NEW.state END
       AND (e.actor_type, e.actor_ref) = ('user', coalesce(NEW.decided_by_id, NEW.proposed_by_id))
       AND coalesce(reviews_pub(e.leaf_bytes, 'content_sha256') = encode(NEW.digest, 'hex'),
                    NEW.state IN ('refused', 'withdrawn')))
     OR (NEW.state = 'withdrawn') <> coalesce(NEW.decided_by_id = NEW.proposed_by_id, false)
     OR NEW.state = 'in_force' AND NOT EXISTS (SELECT FROM reviews_proposal_signature g
          WHERE (g.proposal_id, g.signer_id) = (NEW.id, NEW.decided_by_id)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a proposal its entry and its signature do not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_proposal_is_told AFTER INSERT OR UPDATE ON reviews_proposal
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_proposal_is_told();
"""
PROPOSALS_BACK = """
DROP TRIGGER reviews_proposal_is_told ON reviews_proposal;
DROP FUNCTION reviews_proposal_is_told();
DROP TRIGGER reviews_proposal_stays ON reviews_proposal;
DROP TRIGGER reviews_proposal_is_over ON reviews_proposal;
DROP TRIGGER reviews_proposal_intent_used_once ON reviews_proposal_intent;
DROP TRIGGER reviews_proposal_signature_is_told ON reviews_proposal_signature;
DROP TRIGGER reviews_proposal_signature_is_due ON reviews_proposal_signature;
DROP FUNCTION reviews_proposal_is_over(), reviews_proposal_signature_is_told(), reviews_proposal_signature_is_due();
"""

# A version comes with the signed proposal that asked for it, or with an entry of the installation itself (its seeding).
VERSIONS = """
CREATE FUNCTION reviews_put_in_force(proposal uuid, stream uuid, kind text, member text, value text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM audit_entry e WHERE e.stream = $2 AND e.kind = $3
     AND reviews_pub(e.leaf_bytes, $4) = $5
     AND (CASE WHEN $1 IS NULL THEN e.actor_type = 'system'
          ELSE EXISTS (SELECT FROM reviews_proposal_signature g WHERE g.proposal_id = $1
                        AND (e.actor_type, e.actor_ref) = ('user', g.signer_id)) END))
$$;

CREATE FUNCTION reviews_version_is_signed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE given jsonb := to_jsonb(NEW);
BEGIN
  IF NEW.digest <> sha256(convert_to(given ->> 'text', 'UTF8')) OR NEW.proposal_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM reviews_proposal p WHERE p.id = NEW.proposal_id AND p.digest = NEW.digest
          AND p.kind = coalesce(given ->> 'kind', TG_ARGV[4])
          AND CASE WHEN p.target IS NOT NULL THEN p.target = (given ->> TG_ARGV[0])::uuid
              ELSE TG_ARGV[0] = 'id' OR TG_ARGV[4] <> 'contract' AND NEW.version = 1 END
          AND (given ->> 'earlier_until')::timestamptz
              IS NOT DISTINCT FROM (given -> 'schema' ->> 'x-countersign-earlier-until')::timestamptz) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a version that is not what its proposal says');
  END IF;
  IF NOT reviews_put_in_force(NEW.proposal_id, (given ->> TG_ARGV[0])::uuid, TG_ARGV[1], TG_ARGV[2],
                              given ->> TG_ARGV[3]) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a version one person alone put in force');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_policy_version_is_signed AFTER INSERT ON reviews_policy_version
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION reviews_version_is_signed('policy_id', 'policy.applied', 'version', 'version', 'policy');
CREATE CONSTRAINT TRIGGER reviews_contract_is_signed AFTER INSERT ON reviews_contract
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION reviews_version_is_signed('flow_id', 'flow.contract_applied', 'contract', 'id', 'contract');
CREATE CONSTRAINT TRIGGER reviews_calendar_version_is_signed AFTER INSERT ON reviews_calendar_version
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION reviews_version_is_signed('calendar_id', 'calendar.applied', 'version', 'version', 'calendar');
CREATE CONSTRAINT TRIGGER reviews_register_is_signed AFTER INSERT ON reviews_register
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION reviews_version_is_signed('id', 'register.applied', 'register', 'id', '');

CREATE FUNCTION reviews_register_takes_no_rows() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.register_id AND e.kind = 'register.applied') THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a register in force takes no more rows');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_entitlement_in_time BEFORE INSERT ON reviews_entitlement
  FOR EACH ROW EXECUTE FUNCTION reviews_register_takes_no_rows();
CREATE TRIGGER reviews_licence_in_time BEFORE INSERT ON reviews_licence
  FOR EACH ROW EXECUTE FUNCTION reviews_register_takes_no_rows();
"""
VERSIONS_BACK = """
DROP TRIGGER reviews_licence_in_time ON reviews_licence;
DROP TRIGGER reviews_entitlement_in_time ON reviews_entitlement;
DROP TRIGGER reviews_register_is_signed ON reviews_register;
DROP TRIGGER reviews_calendar_version_is_signed ON reviews_calendar_version;
DROP TRIGGER reviews_contract_is_signed ON reviews_contract;
DROP TRIGGER reviews_policy_version_is_signed ON reviews_policy_version;
DROP FUNCTION reviews_register_takes_no_rows(), reviews_version_is_signed();
DROP FUNCTION reviews_put_in_force(uuid, uuid, text, text, text);
"""

# Who holds a role, and what a role may do, is what the last entry about it says; giving needs a second person, taking does not.
PERMISSIONS = """
CREATE FUNCTION reviews_is_asked(e audit_entry, kind text, content text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT (e).actor_type = 'system' OR EXISTS (
    SELECT FROM reviews_proposal p JOIN reviews_proposal_signature g ON g.proposal_id = p.id
     WHERE p.id::text = reviews_pub((e).leaf_bytes, 'proposal') AND p.kind = $2
       AND p.digest = sha256(convert_to($3, 'UTF8')) AND ('user', g.signer_id) = ((e).actor_type, (e).actor_ref)
       AND NOT EXISTS (SELECT FROM audit_entry x WHERE x.stream = (e).stream AND x.kind = (e).kind
                        AND x.eid <> (e).eid AND reviews_pub(x.leaf_bytes, 'proposal') = p.id::text))
$$;

CREATE FUNCTION reviews_permission_is_told(
  stream uuid, given text, taken text, told jsonb, kind text, content text, is_held boolean
) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((
    SELECT CASE WHEN is_held THEN e.kind = given AND reviews_is_asked(e, $5, content) ELSE e.kind = taken END
      FROM audit_entry e WHERE e.stream = $1 AND e.kind IN (given, taken) AND e.version IS NOT NULL
       AND (convert_from(e.leaf_bytes, 'UTF8')::jsonb -> 'pub') @> told
     ORDER BY e.version DESC LIMIT 1), false)
$$;

CREATE FUNCTION reviews_role_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE who uuid; which integer; called text;
BEGIN
  IF TG_OP = 'DELETE' THEN who := OLD.user_id; which := OLD.group_id;
  ELSE who := NEW.user_id; which := NEW.group_id; END IF;
  SELECT g.name INTO called FROM auth_group g WHERE g.id = which;
  IF NOT reviews_permission_is_told(who, 'person.role_granted', 'person.role_withdrawn',
      jsonb_build_object('role', called), 'role', format('{"person":"%s","role":"%s"}', who, called),
      EXISTS (SELECT FROM portal_user_groups m WHERE m.user_id = who AND m.group_id = which)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a role its last entry does not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_role_is_told AFTER INSERT OR UPDATE OR DELETE ON portal_user_groups
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_role_is_told();

CREATE FUNCTION reviews_role_is_compatible() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM portal_forbidden_pair f JOIN auth_group g ON g.id = NEW.group_id
       JOIN portal_user_groups m ON m.user_id = NEW.user_id JOIN auth_group o ON o.id = m.group_id
      WHERE f.ended_at IS NULL AND (f.first, f.second) IN ((g.name, o.name), (o.name, g.name))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'two roles that nobody may hold together');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_role_is_compatible BEFORE INSERT OR UPDATE ON portal_user_groups
  FOR EACH ROW EXECUTE FUNCTION reviews_role_is_compatible();

CREATE FUNCTION reviews_grant_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE o guardian_groupobjectpermission; told jsonb; content text;
BEGIN
  IF TG_OP = 'DELETE' THEN o := OLD; ELSE o := NEW; END IF;
  SELECT jsonb_build_object('role', g.name, 'permission', p.codename, 'target', c.model),
    format('{"permission":"%s","role":"%s","target":"%s","target_id":"%s"}', p.codename, g.name, c.model, o.object_pk)
    INTO told, content
    FROM auth_group g, auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
   WHERE g.id = o.group_id AND p.id = o.permission_id;
  IF NOT reviews_permission_is_told(o.object_pk::uuid, 'access.granted', 'access.withdrawn', told, 'access', content,
      EXISTS (SELECT FROM guardian_groupobjectpermission x WHERE (x.group_id, x.permission_id, x.object_pk)
               = (o.group_id, o.permission_id, o.object_pk))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a permission its last entry does not tell');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_grant_is_told AFTER INSERT OR UPDATE OR DELETE ON guardian_groupobjectpermission
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_grant_is_told();

CREATE FUNCTION reviews_pair_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.stream = NEW.id
       AND e.kind = CASE WHEN NEW.ended_at IS NULL THEN 'roles.pair_forbidden' ELSE 'roles.pair_allowed' END
       AND reviews_is_asked(e, 'role-pair', format('{"first":"%s","forbidden":%s,"second":"%s"}', NEW.first,
                            (NEW.ended_at IS NULL)::text, NEW.second))) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a pair of roles one person alone decided about');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_pair_is_told AFTER INSERT OR UPDATE ON portal_forbidden_pair
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_pair_is_told();
CREATE TRIGGER reviews_pair_stays BEFORE DELETE ON portal_forbidden_pair
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('End the pair; what was forbidden once stays readable.');

CREATE TRIGGER reviews_group_keeps_its_name BEFORE UPDATE OR DELETE ON auth_group
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('A role keeps its name: people hold it by its row.');
CREATE TRIGGER reviews_permission_keeps_its_name BEFORE UPDATE ON auth_permission
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('A permission keeps its name: roles hold it by its row.');
CREATE TRIGGER reviews_nobody_is_granted_alone BEFORE INSERT OR UPDATE ON guardian_userobjectpermission
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('Permissions are given to roles, and roles to people.');
"""
PERMISSIONS_BACK = """
DROP TRIGGER reviews_nobody_is_granted_alone ON guardian_userobjectpermission;
DROP TRIGGER reviews_permission_keeps_its_name ON auth_permission;
DROP TRIGGER reviews_group_keeps_its_name ON auth_group;
DROP TRIGGER reviews_pair_stays ON portal_forbidden_pair;
DROP TRIGGER reviews_pair_is_told ON portal_forbidden_pair;
DROP FUNCTION reviews_pair_is_told();
DROP TRIGGER reviews_grant_is_told ON guardian_groupobjectpermission;
DROP TRIGGER reviews_role_is_compatible ON portal_user_groups;
DROP TRIGGER reviews_role_is_told ON portal_user_groups;
DROP FUNCTION reviews_grant_is_told(), reviews_role_is_compatible(), reviews_role_is_told();
DROP FUNCTION reviews_permission_is_told(uuid, text, text, jsonb, text, text, boolean);
DROP FUNCTION reviews_is_asked(audit_entry, text, text);
"""

# Rows that name their entry are what it tells; recorded rows have their history; the rest is only ever added.
WITH_ENTRY = {"recusal": ("item.recused", "item_id"), "comment": ("item.commented", "item_id"),
              "file_wall": ("file.walled", "submission_id")}  # fmt: skip
APPEND_ONLY = (
    "calendar_version", "comment", "entitlement", "file_wall", "licence", "proposal_signature", "reading_opened",
    "recusal", "register",
)  # fmt: skip
RECORDED = (
    "reviews_calendar",
    "reviews_proposal",
    "reviews_substitution",
    "reviews_break_glass",
    "portal_forbidden_pair",
)
LABELS = {"reviews_calendar": "reviews.calendar", "reviews_proposal": "reviews.proposal",
          "reviews_substitution": "reviews.substitution", "reviews_break_glass": "reviews.breakglass",
          "portal_forbidden_pair": "accounts.forbiddenpair"}  # fmt: skip
HISTORIES = {"reviews_calendar": "reviews_historicalcalendar", "reviews_proposal": "reviews_historicalproposal",
             "reviews_substitution": "reviews_historicalsubstitution",
             "reviews_break_glass": "reviews_historicalbreakglass",
             "portal_forbidden_pair": "accounts_historicalforbiddenpair"}  # fmt: skip
TOLD = (
    """
CREATE FUNCTION reviews_row_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE given jsonb := to_jsonb(NEW);
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.eid = (given ->> 'entry_id')::uuid AND e.kind = TG_ARGV[0]
       AND e.stream = (given ->> TG_ARGV[1])::uuid AND e.actor_type = 'user'
       AND e.actor_ref = coalesce(given ->> 'person_id', given ->> 'author_id', e.actor_ref::text)::uuid
       AND coalesce(reviews_pub(e.leaf_bytes, 'wall') = given ->> 'wall', true)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a row its entry does not tell');
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION reviews_reading_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_entry e JOIN reviews_policy_version v ON v.id = NEW.policy_version_id
     WHERE e.stream = NEW.item_id AND e.kind = 'reading.opened'
       AND (e.actor_type, e.actor_ref) = ('user', NEW.person_id)
       AND (reviews_pub(e.leaf_bytes, 'title'), reviews_pub(e.leaf_bytes, 'policy'),
            reviews_pub(e.leaf_bytes, 'policy_version')) = (NEW.title, v.policy_id::text, v.version::text)) THEN
    PERFORM reviews_refuse(TG_TABLE_NAME, 'a text opened without its entry');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_reading_opened_is_told AFTER INSERT ON reviews_reading_opened
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_reading_is_told();
"""
    + "".join(
        f"""
CREATE CONSTRAINT TRIGGER reviews_{table}_is_told AFTER INSERT ON reviews_{table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_row_is_told('{kind}', '{stream}');"""
        for table, (kind, stream) in WITH_ENTRY.items()
    )
    + "".join(
        f"""
CREATE TRIGGER reviews_{table}_stays BEFORE UPDATE OR DELETE ON reviews_{table}
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();"""
        for table in APPEND_ONLY
    )
    + "".join(
        f"""
CREATE TRIGGER {table}_history_stays BEFORE UPDATE OR DELETE ON {HISTORIES[table]}
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE CONSTRAINT TRIGGER {table}_history_linked AFTER INSERT ON {HISTORIES[table]}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_require_link('{LABELS[table]}');
CREATE CONSTRAINT TRIGGER {table}_recorded AFTER INSERT OR UPDATE ON {table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION audit_require_history('{HISTORIES[table]}', 'id', '{LABELS[table]}');"""
        for table in RECORDED
    )
)
TOLD_BACK = (
    "".join(
        f"""
DROP TRIGGER {table}_recorded ON {table};
DROP TRIGGER {table}_history_linked ON {HISTORIES[table]};
DROP TRIGGER {table}_history_stays ON {HISTORIES[table]};"""
        for table in RECORDED
    )
    + "".join(f"\nDROP TRIGGER reviews_{table}_stays ON reviews_{table};" for table in APPEND_ONLY)
    + "".join(f"\nDROP TRIGGER reviews_{table}_is_told ON reviews_{table};" for table in WITH_ENTRY)
    + """
DROP TRIGGER reviews_reading_opened_is_told ON reviews_reading_opened;
DROP FUNCTION reviews_reading_is_told(), reviews_row_is_told();"""
)


class Migration(migrations.Migration):
    """Install the rules of proposals, versions and permissions."""

    dependencies = [("reviews", "0008_plan_rules"), ("accounts", "0003_forbidden_pairs"), ("guardian", "0001_initial")]

    operations = [
        migrations.RunSQL(PROPOSALS, PROPOSALS_BACK),
        migrations.RunSQL(VERSIONS, VERSIONS_BACK),
        migrations.RunSQL(PERMISSIONS, PERMISSIONS_BACK),
        migrations.RunSQL(TOLD, TOLD_BACK),
    ]
