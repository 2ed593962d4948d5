"""Jurisdictions: the countries of ISO 3166-1, the parts of the United States, and what a wrong one probably meant."""

import csv
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Final

_FILE = Path(__file__).with_name("jurisdictions.csv")
_MOST = 3
_PART = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
_ALSO: Final = {
    "usa": "US", "united states of america": "US", "uk": "GB", "great britain": "GB",
    "turkey": "TR", "ivory coast": "CI", "cape verde": "CV", "burma": "MM",
}  # fmt: skip


def _read() -> dict[str, str]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return {row["code"]: row["name"] for row in csv.DictReader(lines)}


_NAMES: Final = _read()

CODES: Final = frozenset(_NAMES)
"""The codes of the file; parts of other countries, such as `DE-BY`, are known by their shape alone."""


def is_known(code: str) -> bool:
    """Tell whether this is a country, a part of the United States, or shaped like a part of another country."""
    return code in CODES or _country_of_part(code) != ""


def name(code: str) -> str:
    """Give a code's English name, `DE-BY in Germany` for parts of other countries, or the code when unknown."""
    country = _country_of_part(code)
    return _NAMES.get(code) or (f"{code} in {_NAMES[country]}" if country else code)


def nearest(code: str) -> list[str]:
    """Give up to three codes that a wrong one probably meant, by its letters or by a name such as “Texas”."""
    said = re.sub(r"\s+", " ", code[:100]).strip().casefold()
    written = re.sub(r"[ _./]+", "-", said).strip("-").upper()
    if not written:
        return []
    return list(dict.fromkeys(_meant(said, written) or _alike(said, written)))[:_MOST]


def _meant(said: str, written: str) -> list[str]:
    """Give the codes that the words can only mean: the same code or name written another way."""
    part = written.removeprefix("USA").removeprefix("US").removeprefix("-").replace("-", " ").casefold()
    names = [each for each in _NAMES if _NAMES[each].casefold() in (said, part)]
    codes = [_ALSO.get(said, ""), written.replace("-", "") if len(written) < 5 else "", written, f"US-{part.upper()}"]
    return [each for each in (*codes, *names) if is_known(each)]


def _alike(said: str, written: str) -> list[str]:
    """Give codes whose name or letters come close."""
    by_name = {name.casefold(): code for code, name in _NAMES.items()}
    begun = [code for name, code in by_name.items() if len(said) > 3 and name.startswith(said)]
    close = [by_name[each] for each in get_close_matches(said, by_name, n=_MOST, cutoff=0.75)]
    return [*begun, *close, *get_close_matches(written, _NAMES, n=_MOST, cutoff=0.6)]


def _country_of_part(code: str) -> str:
    """Give the country of a part outside the United States, whose parts the file lists one by one."""
    found = _PART.fullmatch(code)
    return found[1] if found and found[1] != "US" and found[1] in CODES else ""
