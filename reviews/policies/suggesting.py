"""What somebody probably meant by a name that is not there."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SHOWN: Final = 12


def meant(name: str, among: Iterable[str]) -> str:
    """Give “ Did you mean …?” for the nearest of the names, or nothing when none is near."""
    known = sorted(among)
    folded = {each.casefold(): each for each in known}
    plain = unicodedata.normalize("NFKC", name[:100]).casefold().replace("_", "-")
    near = get_close_matches(plain, folded, n=1, cutoff=0.6)
    near = near or get_close_matches(plain, {each.replace("_", "-"): each for each in folded}, n=1, cutoff=0.6)
    found = next(
        (each for each in known if near and each.casefold().replace("_", "-") == near[0].replace("_", "-")), ""
    )
    return f" Did you mean “{found}”?" if found else ""


def unknown(what: str, name: str, among: Iterable[str]) -> str:
    """Say that there is no such name, which one was probably meant, and which there are."""
    known = sorted(among)
    there = ", ".join(known[:_SHOWN]) + (f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else "")
    names = f"There are: {there}." if known else "There is none yet."
    return f"There is no {what} “{name[:60]}”.{meant(name, known)} {names}"


def character(sign: str) -> str:
    """Name a character so that it can be told from its likes, such as “а” (CYRILLIC SMALL LETTER A)."""
    shown = f"“{sign}” " if sign.isprintable() and not unicodedata.category(sign).startswith("C") else ""
    return f"{shown}(U+{ord(sign):04X} {unicodedata.name(sign, 'without a name')})"
