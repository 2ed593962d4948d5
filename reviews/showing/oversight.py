"""Who may look at registers, people and reviews of access: those who answer for them."""

from portal.accounts import administering
from portal.accounts.access import Access
from portal.accounts.roles import SIGNING
from portal.kit.problems import NotFound, Refusal

UNSEEN = "There is no such page, or you may not see it. Ask a compliance officer if you need to."


def why_not_read(granted: Access) -> Refusal | None:
    """Tell why a person may not look at what others may do."""
    return None if granted.reads_all else Refusal(NotFound.code, UNSEEN)


def why_not_sign_or_read(granted: Access) -> Refusal | None:
    """Tell why who signs in whose place is not a person's business: they neither sign, manage, nor answer for it."""
    theirs = SIGNING & granted.roles or granted.where("manage_in_queue", "queue")
    return None if theirs else why_not_read(granted)


def why_not_verify(granted: Access) -> Refusal | None:
    """Tell why a person may not record that somebody is who they say."""
    return why_not_read(granted) or administering.why_not_verify(granted)


def why_not_administer(granted: Access) -> Refusal | None:
    """Tell why a person may not change anybody's account; who may not even look is told that there is nothing."""
    return why_not_read(granted) or administering.why_not_administer(granted)
