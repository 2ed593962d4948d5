"""Evidence as a PDF, made of a record's bytes alone: no database, no clock, no network. Import it in tasks only.

The library takes a second to import; a web process never does.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML, VERSION, Attachment, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from audit.evidence import finishing, parts

ATTACHED = "record.json"
_TEMPLATE = "evidence/evidence.html"
_KINDS = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF and how many pages it has."""

    content: bytes
    pages: int


class OwnFiles(URLFetcher):  # type: ignore[misc]  # the library has no types
    """Gives our own style, typefaces and ornament from the disk, and nothing else to whoever asks."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        """Give one of our own files; anything else stops the printing."""
        file = Path(url.removeprefix("file://").partition("#")[0]).resolve()
        if not url.startswith("file:///") or file not in _own_files():
            raise ValueError("evidence is printed from our own files only")
        return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": _KINDS[file.suffix]})


class NotPrintable(Exception):
    """A record could not be printed; the message says why."""


def render(record_bytes: bytes) -> Printed:
    """Print a record; the same bytes give the same PDF on the same machine. Raises NotPrintable."""
    record = json.loads(record_bytes)
    digest = hashlib.sha256(record_bytes).hexdigest()
    told = parts.parts(record, digest)
    page = render_to_string(_TEMPLATE, told)
    printed, unknown = _print(page, told, record_bytes)
    if unknown:
        # No typeface of this machine has these characters: their code points say more than empty boxes.
        legible = {each: f"[U+{each:04X}]" for each in unknown}
        told["name"] = told["name"].translate(legible)
        printed, _ = _print(page.translate(legible), told, record_bytes)
    return printed


def _print(page: str, told: Mapping[str, Any], record_bytes: bytes) -> tuple[Printed, set[int]]:
    fonts, fetcher = _fonts(), _fetcher()
    unknown: set[int] = set()

    def finish(document: Document, pdf: Any) -> None:
        unknown.update(each for font in document.fonts.values() for each in font.missing)
        finishing.finish(pdf, _metadata(told))

    try:
        document = HTML(string=page, url_fetcher=fetcher, base_url=_folder().as_uri()).render(
            font_config=fonts, stylesheets=[_style()], presentational_hints=False, **_options(told, record_bytes)
        )
        content = document.write_pdf(finisher=finish, **_options(told, record_bytes))
    except FatalURLFetchingError as error:  # not an Exception: it would end the worker
        raise NotPrintable(f"{error}: {error.__cause__}") from error
    return Printed(content, len(document.pages)), unknown


def _options(told: Mapping[str, Any], record_bytes: bytes) -> dict[str, Any]:
    made = datetime.fromisoformat(told["created"].replace("Z", "+00:00"))
    return {
        "pdf_variant": "pdf/a-3a",
        "pdf_tags": True,
        "pdf_identifier": bytes.fromhex(told["digest"])[:16],
        "attachments": [
            Attachment(
                string=record_bytes,
                name=ATTACHED,
                description="The record this document prints, as canonical JSON (RFC 8785)",
                created=made,
                modified=made,
                relationship="Data",
                url_fetcher=_fetcher(),
            )
        ],
    }


def _metadata(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "title": told["name"],
        "creator": told["organisation"],
        "created": told["created"],
        "producer": f"WeasyPrint {VERSION}",
        "digest": told["digest"],
    }


# Typefaces are read once a process and live as long as it does.
@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _fetcher() -> OwnFiles:
    return OwnFiles(fail_on_errors=True)


@cache
def _style() -> CSS:
    return CSS(filename=_folder() / "css" / "evidence.css", font_config=_fonts(), url_fetcher=_fetcher())


@cache
def _folder() -> Path:
    return Path(settings.STATICFILES_DIRS[0])


@cache
def _own_files() -> frozenset[Path]:
    chosen = [_folder() / "css" / "evidence.css", _folder() / "img" / "guilloche-band.svg"]
    return frozenset(each.resolve() for each in (*chosen, *(_folder() / "fonts").glob("*.woff2")))
