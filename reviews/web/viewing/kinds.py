"""What a file is by its own bytes; what it says of itself is only believed where the bytes agree."""

from dataclasses import dataclass
from enum import StrEnum

from reviews.files import PICTURES

_PDF = "application/pdf"
_UNKNOWN = "application/octet-stream"
_MAIL = "message/rfc822"
_TEXTS = frozenset(
    {"application/json", "application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson",
     "application/jsonl"}
)  # fmt: skip
_TEXT_NAMES = (".txt", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".log")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class Kind(StrEnum):
    """The ways a file can be looked at."""

    PICTURE = "picture"
    PDF = "pdf"
    TEXT = "text"
    MAIL = "mail"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Known:
    """What a file is, the media type it may be served as, and why it is not shown if it is not."""

    kind: Kind
    media_type: str = _UNKNOWN
    note: str = ""


def of(head: bytes, said: str, name: str) -> Known:
    """Tell what a file is by its first bytes, the media type it was uploaded as and its name."""
    found = _by_bytes(head)
    if found and _agrees(found, said):
        return Known(Kind.PDF if found == _PDF else Kind.PICTURE, found)
    if found:
        return Known(Kind.OTHER, note=f"It was sent as {said}, but its bytes are {found}, so it is not shown here.")
    if said in PICTURES or said == _PDF:
        return Known(Kind.OTHER, note=f"It was sent as {said}, but its bytes are not, so it is not shown here.")
    if said == _MAIL or (said == _UNKNOWN and name.lower().endswith(".eml")):
        return Known(Kind.MAIL)
    if _is_text(head, said, name):
        return Known(Kind.TEXT)
    return Known(Kind.OTHER, note="Files of this kind cannot be shown here.")


def _by_bytes(head: bytes) -> str:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return _PDF if head.startswith(b"%PDF-") else ""


def _agrees(found: str, said: str) -> bool:
    return said in (found, _UNKNOWN) or (found in PICTURES and said in PICTURES)


def _is_text(head: bytes, said: str, name: str) -> bool:
    says = said.startswith("text/") or said in _TEXTS or (said == _UNKNOWN and name.lower().endswith(_TEXT_NAMES))
    return says and (head.startswith(_WIDE) or b"\0" not in head)
