"""The kinds of change there are, by the word they are stored under."""

from typing import Final

from reviews.policies.suggesting import unknown
from reviews.proposals.hours import WorkingCalendar
from reviews.proposals.lists import RegisterOf
from reviews.proposals.people import PairOfRoles, PermissionOfRole, RoleOfPerson
from reviews.proposals.reports import AccessReview
from reviews.proposals.rules import RoutingRules
from reviews.proposals.schemas import DataContract
from reviews.proposals.summaries import Kind, ProposalInvalid

_ALL: Final[tuple[Kind, ...]] = (
    RoutingRules(),
    DataContract(),
    PermissionOfRole(),
    RoleOfPerson(),
    RegisterOf("authority", "register of authority"),
    RegisterOf("licences", "register of licences"),
    WorkingCalendar(),
    PairOfRoles(),
    AccessReview(),
)
KINDS: Final[dict[str, Kind]] = {kind.word: kind for kind in _ALL}


def of(word: str) -> Kind:
    """Give the kind of a word. Raises ProposalInvalid."""
    kind = KINDS.get(word)
    if kind is None:
        raise ProposalInvalid(unknown("kind of change", word, KINDS))
    return kind
