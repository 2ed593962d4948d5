"""What an address or a form asks for: numbers, places in lists and texts, as browsers send them."""

from uuid import UUID

from reviews.listings import CursorInvalid


def number(text: str, otherwise: int) -> int:
    """Read a whole number of at most eight digits, or give what counts instead."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def cursor(text: str) -> UUID | None:
    """Read after which row a list goes on; nothing is its start. Raises CursorInvalid."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise CursorInvalid("Go back to the start of the list; this address is not one of ours.") from None


def unix(text: str) -> str:
    """Give a text as it was before the browser: forms send every line end as two characters."""
    return text.replace("\r\n", "\n")
