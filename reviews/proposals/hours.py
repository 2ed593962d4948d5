"""Working calendars as a change: hours, time zone and holidays that differ."""

from uuid import UUID

from reviews.models import Calendar as Named
from reviews.policies import calendars
from reviews.policies.calendars import DAYS, Calendar
from reviews.policies.opening import Opening
from reviews.proposals.summaries import NothingChanges, Summary, insist_on_target, version_of


class WorkingCalendar:
    """A working calendar in YAML; its name says which one it is a version of."""

    word = "calendar"
    name = "working calendar"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read the calendar and compare it with the version in force."""
        parsed = calendars.parse(content)
        named = Named.objects.select_related("in_force").filter(name=parsed.name).first()
        insist_on_target(target, named.pk if named else None)
        current = named.in_force if named else None
        if current is not None and current.text == content:
            raise NothingChanges(f"{parsed.name} is in force with exactly this text, as version {current.version}.")
        title = f"Working calendar {parsed.name}"
        return Summary(
            title=title,
            told=f"{title}, version {current.version + 1 if current else 1}",
            content=content,
            base=version_of(current.version if current else None),
            target=named.pk if named else None,
            differences=differences(calendars.parse(current.text) if current else None, parsed),
        )


def differences(before: Calendar | None, after: Calendar) -> list[str]:
    """Say which days, hours and time zone differ; of a first version, all of them."""
    told = []
    if before is None or before.zone.key != after.zone.key:
        told.append(f"The time zone is {after.zone.key}.")
    for place, day in enumerate(DAYS):
        was, now = _said(before.hours[place]) if before else "", _said(after.hours[place])
        if was != now:
            told.append(f"{day.capitalize()}: {was or 'closed'} → {now or 'closed'}.")
    old = {each.day: each.name for each in before.holidays} if before else {}
    new = {each.day: each.name for each in after.holidays}
    told += [f"{day} is no holiday any more ({old[day]})." for day in sorted(old.keys() - new.keys())]
    told += [f"{day} is a holiday: {new[day]}." for day in sorted(new) if old.get(day) != new[day]]
    return told or ["Only the source, comments or blanks changed."]


def _said(openings: tuple[Opening, ...]) -> str:
    return ", ".join(str(each) for each in openings)
