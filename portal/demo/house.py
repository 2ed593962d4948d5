"""The house rules of the demonstration: one person proposes them, another signs them, as in a real firm."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from django.conf import settings

from portal.accounts import codes
from portal.accounts.ceremony import Factors
from portal.casting import Cast, Member
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.actions import proposing, substituting

_EXAMPLES = Path(settings.BASE_DIR) / "examples"
# In this order: the rules count in the calendar's working time.
_SIGNED = (
    ("calendar", "calendars/gulf-claims.yaml", "Working time of the Gulf office, for deadlines."),
    (
        "policy",
        "policies/claims-desk.yaml",
        "Blind second reviews, a sampled path without people, two approvals over 100,000.",
    ),
    ("authority", "registers/authority.csv", "Authority letters as the board approved them."),
    ("licences", "registers/licences.csv", "Adjuster licences from the states' public registers."),
)
_FEWER = {"sample: 25%": "sample: 10%", "one in four is read": "one in ten is read"}
_AWAY = timedelta(days=7)


def furnish(cast: Cast) -> None:
    """Put calendar, rules and registers in force with two people's hands, and leave one change waiting."""
    administrator, officer = cast.administrator, cast.people["helen.marsh"]
    session = str(new_id())
    for number, (kind, file, reason) in enumerate(_SIGNED):
        proposal = proposing.propose(kind, _text(file), by=administrator.user, reason=reason)
        intent = proposing.prepare(proposal.pk, by=officer.user, session_ref=session)
        factors = _factors(officer, first=number == 0)
        proposing.sign(intent.pk, by=officer.user, session_ref=session, factors=factors)
    _propose_fewer(administrator)
    _go_away(cast)


def _propose_fewer(administrator: Member) -> None:
    """Leave a change that waits for its signature: fewer small payouts read by people."""
    text = _text("policies/claims-desk.yaml")
    for before, after in _FEWER.items():
        text = text.replace(before, after)
    proposing.propose("policy", text, by=administrator.user, reason="A month without a finding among those drawn.")


def _go_away(cast: Cast) -> None:
    """Let the senior adjuster be away: an adjuster signs for her, up to a smaller amount."""
    absent, substitute = cast.people["maya.okafor"], cast.people["ana.lindqvist"]
    substituting.name(
        absent.user, substitute.user, starts=now(), ends=now() + _AWAY, up_to=Decimal(25_000), currency="USD",
        by=absent.user,
    )  # fmt: skip


def _factors(member: Member, *, first: bool) -> Factors:
    """Give what the person types: the one-time code only where a signing period begins."""
    code = codes.upcoming(member.user, now())[0] if first else None
    return Factors(member.password, code or "")


def _text(file: str) -> str:
    return (_EXAMPLES / file).read_text(encoding="utf-8")
