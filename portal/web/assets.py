"""The address of the static files, named by their own bytes."""

import hashlib
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("django-htmx", "django-allauth")


def stamp(folder: Path) -> str:
    """Name the bytes of every file in the folder, and the packages that bring files of their own.

    The stamp is one path segment before all names, so `@import`, fonts and modules find each other unchanged, every
    address may be kept for ever, and no `collectstatic` can be forgotten: tests, demo and production serve alike.
    """
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{file.relative_to(folder)}\n".encode())
        digest.update(file.read_bytes())
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()[:12]
