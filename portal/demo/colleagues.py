"""The colleagues of a demonstration: before anybody looks, some people have worked, through the same pages.

They leave an item of every kind: signed first and waiting, read blind, approved by two at the same time, changed and
planned anew, signed for somebody who is away.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.casting import Cast
from portal.journey.browsing import Browser, Page, PageMissing
from portal.journey.desks import Desk, NotSigned
from reviews.models import Item
from reviews.words import State

_READ = "Checked against the record and the photographs."


@dataclass(slots=True)
class Office:
    """The colleagues' sessions, opened when somebody has something to do."""

    cast: Cast
    base_url: str
    desks: dict[str, Desk] = field(default_factory=dict)

    def of(self, username: str) -> Desk:
        """Give a colleague's desk, signed in."""
        if username not in self.desks:
            self.desks[username] = Desk(self.cast.people[username], Browser(self.base_url))
            self.desks[username].sign_in()
        return self.desks[username]


def work(cast: Cast, base_url: str) -> int:
    """Let the colleagues decide a few items; gives how many signatures and requests there were."""
    office = Office(cast, base_url)
    return sum(_played(scene, office) for scene in _SCENES)


def _played(scene: Callable[[Office], int], office: Office) -> int:
    """Play a scene, or leave it out where a visitor is signed in as the same person and used up their code."""
    try:
        return scene(office)
    except NotSigned:
        return 0


def _small_payouts(office: Office) -> int:
    """Ben approves two payouts, rejects one and sends one back; larger ones are beyond what he may sign alone."""
    return (
        _next(office, "ben.carter", "approve")
        + _next(office, "ben.carter", "reject", "The estimate lists repairs upstairs, where no water was.")
        + _next(office, "ben.carter", "send-back", "The flood zone differs from the map letter. Please read it again.")
        + _next(office, "ben.carter", "approve")
    )


def _for_somebody_away(office: Office) -> int:
    """Ben signs a payout over 10,000 first; Ana, who stands in for Maya, signs it second, in Maya's name."""
    item = _open("payouts-up-to-100k", most=25_000)
    first = _one(office, "ben.carter", item, "approve")
    return first and first + _one(office, "ana.lindqvist", item, "approve", _READ)


def _two_at_once(office: Office) -> int:
    """Ana reviews a payout over 100,000; Priya confirms the money; a senior adjuster's approval is missing."""
    item = _open("payouts-over-100k")
    first = _one(office, "ana.lindqvist", item, "approve", _READ)
    return first and first + _one(office, "priya.nair", item, "approve")


def _read_blind(office: Office) -> int:
    """Ana signs a denial first; whoever reads it second does not learn what she said."""
    return _one(office, "ana.lindqvist", _open("large-denials"), "approve", _READ)


def _planned_anew(office: Office) -> int:
    """Ana pays more than the flow proposed: the item needs a senior adjuster now."""
    item = _open("payouts-up-to-10k", least=5_000)
    return _one(office, "ana.lindqvist", item, "change", "The second estimate is the better one.", more=6_000)


def _exception(office: Office) -> int:
    """Daniel approves what waits for a senior adjuster and is within his authority."""
    return _next(office, "daniel.reyes", "approve", "Checked against the policy record.")


_SCENES: tuple[Callable[[Office], int], ...] = (
    _small_payouts, _for_somebody_away, _two_at_once, _read_blind, _planned_anew, _exception,
)  # fmt: skip


def _open(rule: str, *, least: int = 0, most: int = 10_000_000) -> Item | None:
    """Give the oldest item of a rule that nobody has signed or taken."""
    waiting = Item.objects.filter(state=State.IN_REVIEW, rule=rule, version=1, lease=None)
    return waiting.filter(amount_at_stake__gte=least, amount_at_stake__lte=most).order_by("id").first()


def _next(office: Office, username: str, decision: str, reason: str = "") -> int:
    desk = office.of(username)
    page = desk.take_next()
    return 0 if page is None else _decide(desk, page, decision, reason)


def _one(office: Office, username: str, item: Item | None, decision: str, reason: str = "", *, more: int = 0) -> int:
    """Let a colleague take and decide this item; nothing happens where there is none or it is not theirs to take."""
    if item is None:
        return 0
    desk = office.of(username)
    try:
        page = desk.take(str(item.pk))
    except PageMissing:
        return 0
    typed = _raised(page, more) if more else {}
    return _decide(desk, page, decision, reason, **typed)


def _decide(desk: Desk, page: Page, decision: str, reason: str, **typed: str) -> int:
    page = desk.decide(desk.open_files(page), decision, reason, **typed)
    if decision != "send-back":
        desk.insist_signed(desk.sign(page))
    return 1


def _raised(page: Page, more: int) -> dict[str, str]:
    """Give the page's first amount above zero, raised."""
    fields = page.form("decision", "seen").fields
    for name, text in fields.items():
        if name.startswith("change:") and text.replace(".", "", 1).isdigit() and float(text) > 0:
            return {name: f"{float(text) + more:.2f}"}
    return {}
