"""`manage.py doctor` as a whole: what is wrong says what to do, no secret is said, and every check has its name."""

import pytest

from portal.doctor import checks
from tests.portal.examining import OK

# --- The whole --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_wrong_says_what_to_do_and_nothing_says_a_secret(settings):
    found = [examined.finding for _, examined in checks.everything()]
    said = " ".join(f"{finding.sentence} {finding.advice}" for finding in found)

    assert len(found) >= 25
    assert all(finding.advice for finding in found if finding.level is not OK)
    for secret in (settings.SECRET_KEY, settings.KEYRING.split(":")[1], settings.DATABASES["default"]["PASSWORD"]):
        assert secret not in said


def test_every_check_stands_in_one_group_under_a_name_of_its_own():
    names = [check.__name__ for group in checks.GROUPS.values() for check in group]

    assert len(set(names)) == len(names)
    assert all(check.__doc__ for group in checks.GROUPS.values() for check in group)
