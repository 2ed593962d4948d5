"""How to check a record with public tools alone; the script stands in every record."""

from pathlib import Path

SCRIPT = (Path(__file__).parent / "check.sh").read_text(encoding="utf-8")
