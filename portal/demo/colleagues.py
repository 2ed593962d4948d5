"""The colleagues of a demonstration: before anybody looks, two people have worked a little, through the same pages."""

from portal.casting import Cast
from portal.journey.browsing import Browser
from portal.journey.desks import Desk

_ADJUSTER = (
    ("approve", ""),
    ("approve", ""),
    ("reject", "The estimate lists repairs upstairs, where no water was. Please pay the ground floor only."),
    ("send-back", "The flood zone differs from the 2025 map letter. Read the letter again and post a new revision."),
    ("approve", ""),
)
_SENIOR = (("approve", "Checked against the policy record."),)


def work(cast: Cast, base_url: str) -> int:
    """Let an adjuster and a senior adjuster take, read and decide a few items; gives how many."""
    return _shift(cast, base_url, "ben.carter", _ADJUSTER) + _shift(cast, base_url, "daniel.reyes", _SENIOR)


def _shift(cast: Cast, base_url: str, username: str, decisions: tuple[tuple[str, str], ...]) -> int:
    desk = Desk(cast.people[username], Browser(base_url))
    desk.sign_in()
    done = 0
    for decision, reason in decisions:
        page = desk.take_next()
        if page is None:
            break
        page = desk.decide(desk.open_files(page), decision, reason)
        if decision != "send-back":
            desk.insist_signed(desk.sign(page))
        done += 1
    return done
