"""What the documents say is what the code does."""

import re
from pathlib import Path

from reviews import facts, lifecycle
from reviews.words import State

ROOT = Path(__file__).resolve().parent.parent.parent


def _moves_as_told() -> dict[str, tuple[set[str], set[str]]]:
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \| ([^|]+) \|$", _read("docs/architecture.md"), re.MULTILINE)
    return {kind: (_words(before), _words(after)) for kind, before, after in rows}


def _words(cell: str) -> set[str]:
    return {word.strip() for word in cell.split(",")}


def _read(path: str) -> str:
    return (ROOT / path).read_text()


def test_the_table_of_moves_is_the_one_in_the_code():
    told = _moves_as_told()

    assert told.pop(facts.Received.kind) == ({"(submission)"}, {State.IN_REVIEW})
    assert told == {
        fact.kind: (set(moves), {after for afters in moves.values() for after in afters})
        for fact, moves in lifecycle.MOVES.items()
    }


def test_every_setting_that_is_read_stands_in_the_sample():
    reader = r"""(?:required|secret|text|flag|number|words)\(["']([A-Z_]+)"""
    read = set(re.findall(reader, _read("portal/settings.py")))
    sample = set(re.findall(r"^([A-Z_]+)=", _read(".env.sample"), re.MULTILINE))

    assert read == sample


def test_the_readme_names_commands_and_places_that_exist():
    readme = _read("README.md")
    targets = set(re.findall(r"^([a-z]+):", _read("Makefile"), re.MULTILINE))

    assert set(re.findall(r"make ([a-z]+)\b", readme)) - {"and"} <= targets
    assert all((ROOT / place).exists() for place in re.findall(r"^\| `([a-z/]+/)`", readme, re.MULTILINE))


def test_every_file_the_walk_through_names_exists():
    named = set(re.findall(r"`((?:portal|reviews|audit|examples)/[a-z_/0-9]+\.py)`", _read("docs/architecture.md")))

    assert named
    assert not {path for path in named if not (ROOT / path).exists()}
