"""What the machine must have; run by file path, before the virtual environment exists."""

import ctypes
import ctypes.util
import sys

_PYTHONS = "3.11, 3.12 or 3.13"
_LIBRARIES = {
    "pango-1.0": "libpango-1.0.so.0",
    "pangoft2-1.0": "libpangoft2-1.0.so.0",
    "harfbuzz": "libharfbuzz.so.0",
    "fontconfig": "libfontconfig.so.1",
}
_INSTALL = "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def main() -> int:
    """Say in sentences what is missing; 0 when nothing is."""
    complaints = [*about_python(), *about_libraries()]
    for sentence in complaints:
        sys.stderr.write(f"countersign: {sentence}\n")
    return 1 if complaints else 0


def about_python() -> list[str]:
    """Say whether this Python is one we support."""
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return []
    found = ".".join(map(str, sys.version_info[:2]))
    return [f"{sys.executable} is Python {found}, not {_PYTHONS}. Name one: make PYTHON=/path/to/python"]


def about_libraries() -> list[str]:
    """Say which libraries of the PDF maker are missing."""
    missing = [name for name, file in _LIBRARIES.items() if not _loads(file, name)]
    if not missing:
        return []
    return [f"evidence cannot be made into PDF without {', '.join(missing)}. On Debian: {_INSTALL}"]


def _loads(file: str, name: str) -> bool:
    for candidate in (file, ctypes.util.find_library(name)):
        try:
            if candidate and ctypes.CDLL(candidate):
                return True
        except OSError:
            continue
    return False


if __name__ == "__main__":
    sys.exit(main())
