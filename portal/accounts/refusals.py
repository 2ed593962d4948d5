"""What is said when somebody could not be confirmed, or may not change a factor."""

from portal.kit.problems import Problem


class CeremonyFailed(Problem):
    """The factors did not prove the person; nothing was done."""

    code = "ceremony_failed"
    status = 403
    title = "We could not confirm that it is you"


class LastFactor(Problem):
    """Nobody is left without a second factor."""

    code = "last_factor"
    status = 409
    title = "This is your only second factor"


class PasskeyRefused(Problem):
    """The passkey cannot be enrolled."""

    code = "passkey_refused"
    status = 422
    title = "This passkey was not enrolled"
