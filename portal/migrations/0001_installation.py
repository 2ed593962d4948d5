"""The row that says whose installation this is; it is written once and stays."""

import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock

STAYS = """
CREATE TRIGGER portal_installation_stays BEFORE UPDATE OR DELETE ON portal_installation
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('An installation is opened once.');
"""


class Migration(migrations.Migration):
    """Make the table and refuse to change its row."""

    initial = True

    dependencies = [("audit", "0002_rules")]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("organisation", models.CharField(max_length=200)),
                ("opened_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "entry",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="audit.entry"),
                ),
            ],
            options={
                "db_table": "portal_installation",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="portal_installation_only_one")
                ],
            },
        ),
        migrations.RunSQL(STAYS, "DROP TRIGGER portal_installation_stays ON portal_installation"),
    ]
