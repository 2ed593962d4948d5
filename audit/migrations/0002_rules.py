"""What the database itself refuses: broken chains, rewritten entries, history without an entry."""

from django.db import migrations

COLUMNS = """
ALTER TABLE audit_entry
  ADD CONSTRAINT audit_entry_leaf_size CHECK (octet_length(leaf_bytes) BETWEEN 2 AND 65535),
  ADD CONSTRAINT audit_entry_version_counts_from_one CHECK (version >= 1),
  ADD CONSTRAINT audit_entry_state_needs_version CHECK (state IS NULL OR version IS NOT NULL),
  ADD CONSTRAINT audit_entry_prev_from_version_two
    CHECK ((prev_hash IS NULL) = (version IS NULL OR version = 1)),
  ADD CONSTRAINT audit_entry_actor_type CHECK (actor_type IN ('user', 'flow', 'system')),
  ADD CONSTRAINT audit_entry_version UNIQUE (stream, version),
  ADD CONSTRAINT audit_entry_version_state UNIQUE (stream, version, state),
  ADD CONSTRAINT audit_entry_version_hash UNIQUE (stream, version, leaf_hash),
  ADD CONSTRAINT audit_entry_chain FOREIGN KEY (stream, prev_version, prev_hash)
    REFERENCES audit_entry (stream, version, leaf_hash);
ALTER TABLE audit_entry_field ADD CONSTRAINT audit_entry_field_digest CHECK (octet_length(digest) = 32);
ALTER TABLE audit_exhibit ADD CONSTRAINT audit_exhibit_digest CHECK (octet_length(digest) = 32);
ALTER TABLE audit_leaf ADD CONSTRAINT audit_leaf_hash CHECK (octet_length(leaf_hash) = 32);
ALTER TABLE audit_history_link
  ADD CONSTRAINT audit_history_link_sizes CHECK (octet_length(salt) = 16 AND octet_length(digest) = 32),
  ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
"""
COLUMNS_BACK = """
ALTER TABLE audit_history_link DROP COLUMN xact, DROP CONSTRAINT audit_history_link_sizes;
ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_hash;
ALTER TABLE audit_exhibit DROP CONSTRAINT audit_exhibit_digest;
ALTER TABLE audit_entry_field DROP CONSTRAINT audit_entry_field_digest;
ALTER TABLE audit_entry
  DROP CONSTRAINT audit_entry_chain, DROP CONSTRAINT audit_entry_version_hash,
  DROP CONSTRAINT audit_entry_version_state, DROP CONSTRAINT audit_entry_version,
  DROP CONSTRAINT audit_entry_actor_type, DROP CONSTRAINT audit_entry_prev_from_version_two,
  DROP CONSTRAINT audit_entry_state_needs_version, DROP CONSTRAINT audit_entry_version_counts_from_one,
  DROP CONSTRAINT audit_entry_leaf_size;
"""

# The search path is pinned with pg_temp last, so that no temporary table can stand in for one of ours.
REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is refused on %', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
    HINT = coalesce(TG_ARGV[0], 'Rows of this table stay as they are; append a new one instead.');
END $$;

CREATE FUNCTION audit_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.disclosure IS NULL
     AND to_jsonb(NEW) - 'disclosure' = to_jsonb(OLD) - 'disclosure' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a disclosure may only be erased' USING ERRCODE = 'integrity_constraint_violation',
    TABLE = TG_TABLE_NAME, HINT = 'Set disclosure to NULL and leave every other column alone.';
END $$;

CREATE FUNCTION audit_only_destroy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.destroyed_at IS NULL AND NEW.destroyed_at IS NOT NULL AND NEW.wrapped IS NULL
     AND NEW.id = OLD.id AND NEW.created_at = OLD.created_at
     AND (NEW.scope = OLD.scope OR (OLD.scope LIKE 'subject:%' AND NEW.scope = 'subject:erased'))
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a data key may only be destroyed, once' USING ERRCODE = 'integrity_constraint_violation',
    TABLE = TG_TABLE_NAME, HINT = 'Set wrapped to NULL and destroyed_at to the time.';
END $$;
"""
REFUSE_BACK = "DROP FUNCTION audit_refuse(), audit_only_erase(), audit_only_destroy();"

# Other apps write, in their own migrations:
#   CREATE CONSTRAINT TRIGGER reviews_historicalflow_linked AFTER INSERT ON reviews_historicalflow
#     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_require_link('reviews.flow');
#   CREATE TRIGGER reviews_historicalflow_stays BEFORE UPDATE OR DELETE ON reviews_historicalflow
#     FOR EACH ROW EXECUTE FUNCTION audit_refuse();
#   CREATE CONSTRAINT TRIGGER reviews_flow_recorded AFTER INSERT OR UPDATE ON reviews_flow
#     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
#     EXECUTE FUNCTION audit_require_history('reviews_historicalflow', 'id', 'reviews.flow');
HISTORY = """
CREATE FUNCTION audit_require_link() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM audit_history_link WHERE model = TG_ARGV[0] AND history_id = NEW.history_id) THEN
    RAISE EXCEPTION 'a row of % has no entry', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation',
      TABLE = TG_TABLE_NAME, HINT = 'Write history through ledger.append(rows=...).';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION audit_require_history() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE recorded boolean;
BEGIN
  IF TG_NARGS <> 3 THEN
    RAISE EXCEPTION 'audit_require_history takes a history table, a key column and a model label';
  END IF;
  EXECUTE format($query$
    SELECT EXISTS (
      SELECT FROM %1$I h
      JOIN audit_history_link l
        ON l.model = $2 AND l.history_id = h.history_id AND l.xact = pg_current_xact_id()
      JOIN %2$I t ON t.%3$I = h.%3$I
      WHERE h.%3$I = ($1).%3$I
        AND NOT EXISTS (SELECT FROM %1$I later WHERE later.%3$I = h.%3$I AND later.history_id > h.history_id)
        AND NOT EXISTS (
        SELECT FROM jsonb_each(to_jsonb(h)) was JOIN jsonb_each(to_jsonb(t)) is_now USING (key)
        WHERE was.value <> is_now.value))
    $query$, TG_ARGV[0], TG_TABLE_NAME, TG_ARGV[1]) INTO recorded USING NEW, TG_ARGV[2];
  IF NOT recorded THEN
    RAISE EXCEPTION 'a row of % changed and its history does not say so', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
      HINT = 'Pass the row as it is at the end to ledger.append(rows=...) in the same transaction.';
  END IF;
  RETURN NULL;
END $$;
"""
HISTORY_BACK = "DROP FUNCTION audit_require_link(), audit_require_history();"

APPEND_ONLY = ("log", "entry", "exhibit", "leaf", "tile", "checkpoint", "history_link")
NO_DELETE = ("entry_field", "data_key", "signing_key")
ROW = "FOR EACH ROW EXECUTE FUNCTION"
TRIGGERS = "".join(
    [
        *(
            f"CREATE TRIGGER audit_{t}_stays BEFORE UPDATE OR DELETE ON audit_{t} {ROW} audit_refuse();"
            for t in APPEND_ONLY
        ),
        *(f"CREATE TRIGGER audit_{t}_stays BEFORE DELETE ON audit_{t} {ROW} audit_refuse();" for t in NO_DELETE),
        f"CREATE TRIGGER audit_entry_field_erased BEFORE UPDATE ON audit_entry_field {ROW} audit_only_erase();",
        f"CREATE TRIGGER audit_data_key_destroyed BEFORE UPDATE ON audit_data_key {ROW} audit_only_destroy();",
    ]
)
TRIGGERS_BACK = "".join(
    [
        *(f"DROP TRIGGER audit_{t}_stays ON audit_{t};" for t in (*APPEND_ONLY, *NO_DELETE)),
        "DROP TRIGGER audit_entry_field_erased ON audit_entry_field;",
        "DROP TRIGGER audit_data_key_destroyed ON audit_data_key;",
    ]
)


class Migration(migrations.Migration):
    """Install the rules; taking them back needs the owner."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(COLUMNS, COLUMNS_BACK),
        migrations.RunSQL(REFUSE, REFUSE_BACK),
        migrations.RunSQL(HISTORY, HISTORY_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
    ]
