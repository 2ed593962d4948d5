"""Checks of the machine: Python, libraries, disk, static files, and whether the address leads here."""

import http.client
import json
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

from portal import prerequisites
from portal.doctor.findings import Check, Finding, fail, ok, warn

SCARCE, NONE_LEFT = 2**30, 100 * 2**20


def python() -> Finding:
    """Ask whether this Python is supported."""
    complaints = prerequisites.about_python()
    if complaints:
        return fail(complaints[0], "Install Python 3.11, 3.12 or 3.13 and make the virtual environment anew.")
    return ok(f"Python {sys.version.split()[0]} is supported.")


def pdf_libraries() -> Finding:
    """Ask whether the libraries that make PDFs load."""
    complaints = prerequisites.about_libraries()
    if complaints:
        return fail(complaints[0][0].upper() + complaints[0][1:], "Install them where the workers run.")
    return ok("The libraries that make PDFs load.")


def disk() -> Finding:
    """Ask whether keys and run-time files have room."""
    folders = [folder for folder in (Path(settings.KEYS_DIR), settings.BASE_DIR / ".run") if folder.exists()]
    free = min(shutil.disk_usage(folder).free for folder in folders or [settings.BASE_DIR])
    said = f"{free / 2**30:.1f} GiB are free where keys and run-time files are."
    if free < NONE_LEFT:
        return fail(said, "Make room: the sequencer stops when it cannot replace its high-water file.")
    if free < SCARCE:
        return warn(said, "Make room before it ends.")
    return ok(said)


def static_files() -> Finding:
    """Ask whether style sheets and scripts came along; they are served from where they lie."""
    folders = [Path(folder) for folder in settings.STATICFILES_DIRS]
    count = sum(1 for folder in folders for path in folder.rglob("*") if path.is_file())
    if not count:
        where = ", ".join(map(str, folders))
        return fail(f"There are no static files in {where}: pages have no styles.", "Copy the folder of this version.")
    return ok(f"{count} static files are there.")


def portal_answers() -> Finding:
    """Ask whether PORTAL_URL leads to a portal; from inside a network it may not, which is no fault."""
    address = settings.PORTAL_URL.rstrip("/") + "/healthz"
    advice = "Look at DNS, the proxy and its certificate; if this machine may not reach the address, all is well."
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310  the operator's own address
            up = json.loads(answer.read(1000)).get("status") == "up"
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as trouble:
        return warn(f"{address} does not answer: {trouble}", advice)
    return ok(f"{address} answers.") if up else warn(f"{address} answers, but it is not a portal.", advice)


CHECKS: tuple[Check, ...] = (python, pdf_libraries, disk, static_files, portal_answers)
BEFORE_SETUP: tuple[Check, ...] = (python, pdf_libraries)
