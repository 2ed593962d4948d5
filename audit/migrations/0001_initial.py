"""The tables of the audit app and the sequence that orders the queue."""

import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL("CREATE SEQUENCE audit_entry_queue_enq", "DROP SEQUENCE audit_entry_queue_enq"),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("eid", models.UUIDField(default=portal.kit.ids.new_id, primary_key=True, serialize=False)),
                ("stream_type", models.CharField(max_length=40)),
                ("stream", models.UUIDField()),
                ("version", models.PositiveIntegerField(null=True)),
                ("state", models.CharField(max_length=20, null=True)),
                ("prev_hash", models.BinaryField(max_length=32, null=True)),
                ("kind", models.CharField(max_length=60)),
                ("actor_type", models.CharField(max_length=6)),
                ("actor_ref", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("leaf_bytes", models.BinaryField()),
                (
                    "leaf_hash",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("leaf_bytes"), template="sha256('\\x00'::bytea || %(expressions)s)"
                        ),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                (
                    "prev_version",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(models.F("version"), template="nullif(%(expressions)s - 1, 0)"),
                        output_field=models.IntegerField(null=True),
                    ),
                ),
            ],
            options={
                "db_table": "audit_entry",
            },
        ),
        migrations.CreateModel(
            name="Log",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("origin", models.CharField(max_length=200, unique=True)),
                ("epoch", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "audit_log",
            },
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(default=portal.kit.ids.new_id, primary_key=True, serialize=False)),
                ("scope", models.CharField(max_length=200)),
                ("wrapped", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "audit_data_key",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("scope"),
                        condition=models.Q(("destroyed_at", None)),
                        name="audit_data_key_one_live_per_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("destroyed_at", None), ("wrapped__isnull", False)),
                            models.Q(("destroyed_at__isnull", False), ("wrapped", None)),
                            _connector="OR",
                        ),
                        name="audit_data_key_destroyed_means_gone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log_id", "idx", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("idx", models.BigIntegerField()),
                ("leaf_hash", models.BinaryField(max_length=32)),
                (
                    "entry",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="audit.entry"),
                ),
                (
                    "log",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.log"),
                ),
            ],
            options={
                "db_table": "audit_leaf",
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="log",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.log"),
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("log", "log"), ("receipt", "receipt"), ("pdf_seal", "pdf_seal")],
                        max_length=10,
                    ),
                ),
                ("alg", models.CharField(max_length=20)),
                ("public", models.BinaryField()),
                ("backend", models.CharField(max_length=300)),
                ("not_before", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "announced_entry",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="audit.entry"),
                ),
            ],
            options={
                "db_table": "audit_signing_key",
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log_id", "cp_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cp_id", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("frontier", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
                (
                    "log",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.log"),
                ),
                (
                    "key",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="audit.signingkey"),
                ),
            ],
            options={
                "db_table": "audit_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log_id", "level", "n", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("n", models.BigIntegerField()),
                ("hashes", models.BinaryField(max_length=8192)),
                ("root", models.BinaryField(max_length=32)),
                (
                    "log",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.log"),
                ),
            ],
            options={
                "db_table": "audit_tile",
            },
        ),
        migrations.CreateModel(
            name="EntryQueue",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="audit.entry",
                    ),
                ),
                ("log_id", models.PositiveSmallIntegerField()),
                (
                    "enq",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("audit_entry_queue_enq"), function="nextval")
                    ),
                ),
            ],
            options={
                "db_table": "audit_entry_queue",
                "indexes": [models.Index(models.F("log_id"), models.F("enq"), name="audit_entry_queue_order")],
            },
        ),
        migrations.CreateModel(
            name="EntryField",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("pos", models.PositiveSmallIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("disclosure", models.BinaryField(null=True)),
                (
                    "dek",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.datakey"),
                ),
                (
                    "entry",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.entry"),
                ),
            ],
            options={
                "db_table": "audit_entry_field",
                "constraints": [
                    models.UniqueConstraint(models.F("entry"), models.F("pos"), name="audit_entry_field_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                ("id", models.UUIDField(default=portal.kit.ids.new_id, primary_key=True, serialize=False)),
                ("ciphertext", models.BinaryField()),
                ("digest", models.BinaryField(max_length=32)),
                ("size", models.BigIntegerField()),
                ("media_type", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "dek",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="audit.datakey"),
                ),
            ],
            options={
                "db_table": "audit_exhibit",
                "indexes": [models.Index(models.F("dek"), name="audit_exhibit_dek")],
            },
        ),
        migrations.CreateModel(
            name="HistoryLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("model", models.CharField(max_length=100)),
                ("history_id", models.BigIntegerField()),
                ("salt", models.BinaryField(max_length=16)),
                ("digest", models.BinaryField(max_length=32)),
                ("entry", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="audit.entry")),
            ],
            options={
                "db_table": "audit_history_link",
                "constraints": [
                    models.UniqueConstraint(models.F("model"), models.F("history_id"), name="audit_history_link_once")
                ],
            },
        ),
    ]
