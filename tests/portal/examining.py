"""What the tests of the doctor share: how bad a finding is."""

from portal.doctor.findings import Level

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL


def level(check):
    """Give how bad it is what a check finds."""
    return check().level
