"""Our few template tags: icons, people, money, time left, moments, states and digests. Colour never says it alone."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.accounts.models import User
from portal.kit import wording
from portal.kit.clock import now, stamp
from reviews.words import State

register = template.Library()

_STATES = {
    State.IN_REVIEW: ("clock", "info", "In review"),
    State.APPROVED: ("check", "ok", "Approved"),
    State.REJECTED: ("x", "bad", "Rejected"),
    State.CHANGES_REQUESTED: ("edit", "warn", "Sent back for changes"),
    State.EXPIRED: ("warn", "", "Timed out"),
    State.CANCELLED: ("x", "", "Cancelled by the flow"),
    State.INVALIDATED: ("warn", "bad", "Invalidated"),
    State.WITHDRAWN: ("up", "warn", "Approval withdrawn"),
}
_NO_DEADLINE = SafeString('<div class="sla"><span class="muted">No deadline</span></div>')
_SHADES = ("", "b", "c", "d")


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of static/img/icons.svg; a word stands beside it, so it is hidden from readers aloud."""
    return format_html('<svg class="ico" aria-hidden="true"><use href="{}#{}"/></svg>', static("img/icons.svg"), name)


@register.simple_tag
def avatar(person: User | None, size: str = "") -> SafeString:
    """Draw a person's initials; nobody is a dashed circle. The name is there for those who cannot see it."""
    if person is None:
        return format_html('<span class="av none {}"><span class="vh">Nobody yet</span></span>', size)
    name = str(person)
    shade = _SHADES[person.pk.int % len(_SHADES)]
    return format_html(
        '<span class="av {} {}" title="{}"><span aria-hidden="true">{}</span><span class="vh">{}</span></span>',
        size, shade, name, wording.initials(name), name,
    )  # fmt: skip


@register.filter
def initials(name: str) -> str:
    """Give the first letters of the first and the last word of a name."""
    return wording.initials(name)


@register.simple_tag
def money(amount: Decimal | None, currency: str = "") -> str:
    """Write an amount with its currency, every digit kept: `$42,600.00`."""
    return "" if amount is None else wording.money(amount, currency)


@register.filter
def grouped(number: int) -> str:
    """Write a number with its thousands apart: 184,206."""
    return f"{number:,}"


@register.filter
def or_more(number: int, most: int) -> str:
    """Write how many a list shows that is cut at so many: 12, or 100 or more."""
    return f"{number:,}{' or more' if number >= most else ''}"


@register.filter
def bytesize(size: int) -> str:
    """Write a number of bytes as people read it: 1.4 MB."""
    return wording.size(size)


@register.simple_tag
def time_left(due: datetime | None, since: datetime | None = None) -> SafeString:
    """Say how long is left to decide, and draw it; the bar fills as the time since `since` runs out."""
    if due is None:
        return _NO_DEADLINE
    left = wording.time_left(due, since, now())
    sign = {"bad": icon("warn"), "warn": icon("clock")}.get(left.urgency, "")
    return format_html(
        '<div class="sla {urgency}"><b>{sign}<time datetime="{due}">{words}</time></b>'
        '<svg class="bar {urgency}" viewBox="0 0 52 5" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{width}" height="5"/></svg></div>',
        urgency=left.urgency, sign=sign, due=stamp(due), words=left.words, width=round(52 * left.spent),
    )  # fmt: skip


@register.simple_tag
def time_left_tag(due: datetime | None, since: datetime | None = None) -> SafeString:
    """Say how long is left as one tag, for headings."""
    if due is None:
        return SafeString("")
    left = wording.time_left(due, since, now())
    sign = icon("warn" if left.urgency == "bad" else "clock")
    return format_html(
        '<span class="tag {}">{}<time datetime="{}">{}</time></span>', left.urgency, sign, stamp(due), left.words
    )


@register.simple_tag
def moment(at: datetime | None, form: str = "full") -> SafeString:
    """Write a time in UTC with its zone; `form` is full, day or clock, and the whole of it is always there."""
    if at is None:
        return SafeString("")
    told = wording.moment(at)
    shown = {"full": told, "day": wording.day(at), "clock": wording.clock(at)}[form]
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp(at), told, shown)


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """Say how long ago something was."""
    if at is None:
        return SafeString("")
    words = wording.ago(max(now() - at, timedelta(0)))
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp(at), wording.moment(at), words)


@register.simple_tag
def state_glyph(state: Any) -> SafeString:
    """Show a state as icon and word; takes an item or a state, and refuses a word it does not know."""
    sign, shade, word = _STATES[State(getattr(state, "state", state))]
    return format_html('<span class="tag {}">{}{}</span>', shade, icon(sign), word)


@register.simple_tag
def digest(value: bytes | memoryview | str | None) -> SafeString:
    """Shorten a digest to its ends; the whole of it is in the title, in the markup and in what is copied."""
    if not value:
        return SafeString("")
    whole = value if isinstance(value, str) else bytes(value).hex()
    if len(whole) <= 16:
        return format_html('<code class="mono">{}</code>', whole)
    return format_html(
        '<code class="mono digest" title="{}"><span aria-hidden="true">{}…{}</span><span class="vh">{}</span></code>',
        whole, whole[:8], whole[-4:], whole,
    )  # fmt: skip
