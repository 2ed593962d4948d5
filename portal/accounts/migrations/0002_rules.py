"""What the database itself refuses of people: a spent code stays spent, an account is never deleted."""

from django.db import migrations

RULES = """
CREATE TRIGGER portal_used_code_stays BEFORE UPDATE OR DELETE ON portal_used_code
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('A spent code stays spent.');
CREATE TRIGGER portal_user_stays BEFORE DELETE ON portal_user
  FOR EACH ROW EXECUTE FUNCTION audit_refuse('Deactivate the account; its id is never used again.');
"""
RULES_BACK = """
DROP TRIGGER portal_user_stays ON portal_user;
DROP TRIGGER portal_used_code_stays ON portal_used_code;
"""


class Migration(migrations.Migration):
    """Install the rules of people."""

    dependencies = [("accounts", "0001_people"), ("audit", "0002_rules")]

    operations = [migrations.RunSQL(RULES, RULES_BACK)]
