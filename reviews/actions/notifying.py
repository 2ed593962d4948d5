"""Notifying: mailing what people must learn at once, again and again until the mail server takes it."""

import logging
import random
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from portal.kit.clock import now
from portal.kit.wording import moment as told_moment
from reviews import backoff
from reviews.models import GlassNotice

log = logging.getLogger(__name__)
_BATCH = 50
_HOLD = timedelta(minutes=5)
_chance = random.Random()  # noqa: S311  spreads retries, keeps no secret


def send_due() -> int:
    """Mail the notices that are due, one by one; give how many were looked at.

    A worker that dies while mailing leaves a notice that is due again some minutes later.
    """
    due = GlassNotice.objects.filter(sent_at=None, next_at__lte=now()).order_by("next_at").values_list("pk", flat=True)
    return sum(_send(pk) for pk in list(due[:_BATCH]))


def _send(pk: int) -> bool:
    """Mail one notice, outside any transaction; a server that refuses it is tried again later."""
    notice = _claim(pk)
    if notice is None:
        return False
    if not notice.person.email:
        return True
    try:
        _mail(notice)
        notice.sent_at = now()
    except (OSError, SMTPException):
        log.warning("a notice of emergency access could not be mailed; it is tried again", exc_info=True)
        notice.next_at = now() + (backoff.next_delay(notice.tries, chance=_chance) or timedelta(days=1))
    notice.save(update_fields=["next_at", "sent_at"])
    return True


@transaction.atomic
def _claim(pk: int) -> GlassNotice | None:
    """Take a notice that is due, so that nobody else mails it meanwhile; who has no address is mailed nothing."""
    rows = GlassNotice.objects.select_related("person", "break_glass__person", "break_glass__queue")
    due = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, sent_at=None, next_at__lte=now())
    notice = due.first()
    if notice is None:
        return None
    notice.tries += 1
    notice.next_at = now() + _HOLD if notice.person.email else None
    notice.save(update_fields=["tries", "next_at"])
    return notice


def _mail(notice: GlassNotice) -> None:
    """Write what happened without the reason, which is read in the portal."""
    glass = notice.break_glass
    text = (
        f"{glass.person} took the role {glass.role.replace('-', ' ')} on the queue {glass.queue} in an emergency,"
        f" until {told_moment(glass.ends_at)}.\n\nEverything done under it is marked. Read why, and look at it when it"
        f" is over: {settings.PORTAL_URL}/\n"
    )
    send_mail(f"Emergency access to {glass.queue}", text, None, [notice.person.email])
