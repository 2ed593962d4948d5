"""Lists for people: the same order everywhere, paged by key; items without a deadline come last."""

from django.db import migrations

# In SQL, because Django cannot write the constant 'infinity' into an index.
ORDER = "priority, (coalesce(due_at, 'infinity'::timestamptz)), id"
LISTED = f"""
CREATE INDEX reviews_item_next ON reviews_item (queue_id, awaiting, {ORDER}) WHERE state = 'in_review';
CREATE INDEX reviews_item_listed ON reviews_item (queue_id, {ORDER}) WHERE state = 'in_review';
CREATE INDEX reviews_signature_of_person ON reviews_signature (signer_id, signed_at DESC);
"""
LISTED_BACK = """
DROP INDEX reviews_item_next, reviews_item_listed, reviews_signature_of_person;
"""


class Migration(migrations.Migration):
    """Make the indexes of lists."""

    dependencies = [("reviews", "0005_file_and_revision_rules")]

    operations = [
        migrations.RemoveIndex(model_name="item", name="reviews_item_next"),
        migrations.RunSQL(LISTED, LISTED_BACK),
    ]
