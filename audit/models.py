"""The audit tables: entries, disclosures, exhibits and keys, and what the sequencer makes of them."""

from django.db import models
from django.db.models import F, Func, Q, Value

from portal.kit.clock import now
from portal.kit.ids import new_id

__all__ = [
    "Checkpoint", "DataKey", "Entry", "EntryField", "EntryQueue", "Exhibit", "HistoryLink", "Leaf", "Log",
    "SigningKey", "Tile",
]  # fmt: skip


class Log(models.Model):
    """One append-only log; an installation has one, a restore after disaster opens the next epoch."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    origin = models.CharField(max_length=200, unique=True)
    epoch = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "audit_log"


class DataKey(models.Model):
    """A key that encrypts the content of one subject, item or day; destroying it erases that content."""

    id = models.UUIDField(primary_key=True, default=new_id)
    scope = models.CharField(max_length=200)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=now)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_data_key"
        constraints = [
            models.UniqueConstraint("scope", condition=Q(destroyed_at=None), name="audit_data_key_one_live_per_scope"),
            models.CheckConstraint(
                condition=Q(destroyed_at=None, wrapped__isnull=False) | Q(destroyed_at__isnull=False, wrapped=None),
                name="audit_data_key_destroyed_means_gone",
            ),
        ]


class Exhibit(models.Model):
    """Sealed content: AES-256-GCM ciphertext and the SHA-256 of the plain bytes."""

    id = models.UUIDField(primary_key=True, default=new_id)
    ciphertext = models.BinaryField()
    dek = models.ForeignKey(DataKey, models.PROTECT, db_index=False)
    digest = models.BinaryField(max_length=32)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "audit_exhibit"
        indexes = [models.Index("dek", name="audit_exhibit_dek")]


class Entry(models.Model):
    """One step of a story. `leaf_bytes` is the truth; other columns repeat it for queries and keys."""

    eid = models.UUIDField(primary_key=True, default=new_id)
    log = models.ForeignKey(Log, models.PROTECT, db_index=False)
    stream_type = models.CharField(max_length=40)
    stream = models.UUIDField()
    version = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=20, null=True)  # noqa: DJ001  null and '' differ: notes have no state
    prev_hash = models.BinaryField(max_length=32, null=True)
    kind = models.CharField(max_length=60)
    actor_type = models.CharField(max_length=6)
    actor_ref = models.UUIDField()
    at = models.DateTimeField()
    leaf_bytes = models.BinaryField()
    leaf_hash = models.GeneratedField(
        expression=Func(F("leaf_bytes"), template=r"sha256('\x00'::bytea || %(expressions)s)"),
        output_field=models.BinaryField(max_length=32),
        db_persist=True,
    )
    prev_version = models.GeneratedField(
        expression=Func(F("version"), template="nullif(%(expressions)s - 1, 0)"),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )

    class Meta:
        db_table = "audit_entry"


class EntryField(models.Model):
    """One personal value of an entry: its digest stands in the leaf, the sealed disclosure may be erased."""

    entry = models.ForeignKey(Entry, models.PROTECT, db_index=False)
    pos = models.PositiveSmallIntegerField()
    digest = models.BinaryField(max_length=32)
    dek = models.ForeignKey(DataKey, models.PROTECT, db_index=False)
    disclosure = models.BinaryField(null=True)

    class Meta:
        db_table = "audit_entry_field"
        constraints = [models.UniqueConstraint("entry", "pos", name="audit_entry_field_position")]


class EntryQueue(models.Model):
    """Entries waiting for the sequencer; the only audit table whose rows may be deleted."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True)
    log_id = models.PositiveSmallIntegerField()
    enq = models.BigIntegerField(db_default=Func(Value("audit_entry_queue_enq"), function="nextval"))

    class Meta:
        db_table = "audit_entry_queue"
        indexes = [models.Index("log_id", "enq", name="audit_entry_queue_order")]


class Leaf(models.Model):
    """An entry's place in the log."""

    pk = models.CompositePrimaryKey("log_id", "idx")
    log = models.ForeignKey(Log, models.PROTECT, db_index=False)
    idx = models.BigIntegerField()
    entry = models.OneToOneField(Entry, models.PROTECT)
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_leaf"


class Tile(models.Model):
    """A full tile of 256 hashes (C2SP tlog-tiles); the right edge is derived."""

    pk = models.CompositePrimaryKey("log_id", "level", "n")
    log = models.ForeignKey(Log, models.PROTECT, db_index=False)
    level = models.PositiveSmallIntegerField()
    n = models.BigIntegerField()
    hashes = models.BinaryField(max_length=8192)
    root = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_tile"


class SigningKey(models.Model):
    """The public half of a key and where its private half is kept."""

    kid = models.CharField(primary_key=True, max_length=64)
    purpose = models.CharField(max_length=10, choices=[(word, word) for word in ("log", "receipt", "pdf_seal")])
    alg = models.CharField(max_length=20)
    public = models.BinaryField()
    backend = models.CharField(max_length=300)
    not_before = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    announced_entry = models.ForeignKey(Entry, models.PROTECT, null=True)

    class Meta:
        db_table = "audit_signing_key"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root (C2SP signed note)."""

    pk = models.CompositePrimaryKey("log_id", "cp_id")
    log = models.ForeignKey(Log, models.PROTECT, db_index=False)
    cp_id = models.BigIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    frontier = models.BinaryField()
    key = models.ForeignKey(SigningKey, models.PROTECT)
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_checkpoint"


class HistoryLink(models.Model):
    """Ties one history row to the entry whose leaf holds its salted digest."""

    model = models.CharField(max_length=100)
    history_id = models.BigIntegerField()
    salt = models.BinaryField(max_length=16)
    digest = models.BinaryField(max_length=32)
    entry = models.ForeignKey(Entry, models.PROTECT)

    class Meta:
        db_table = "audit_history_link"
        constraints = [models.UniqueConstraint("model", "history_id", name="audit_history_link_once")]
