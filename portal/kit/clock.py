"""The one clock: UTC now, and times as leaves and the wire write them."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)  # noqa: TID251  the only caller


def stamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 UTC with six decimals, the form every hashed document uses."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp_or_none(moment: datetime | None) -> str | None:
    """Write a moment as `stamp` does; nothing stays nothing."""
    return None if moment is None else stamp(moment)
