"""Looking at a file: its kind, its text or e-mail if the page itself shows it, and whether that is the whole."""

from dataclasses import dataclass

from reviews import files
from reviews.files import Attached
from reviews.web.viewing import kinds, lines, mails
from reviews.web.viewing.kinds import Kind, Known
from reviews.web.viewing.lines import Lines
from reviews.web.viewing.mails import Mail

_LARGEST_MAIL = 8 * files.PART


@dataclass(frozen=True, slots=True)
class Look:
    """A file as a page shows it."""

    known: Known
    text: Lines | None = None
    mail: Mail | None = None

    @property
    def words(self) -> Lines | None:
        """Give the lines that are shown, of a text or of an e-mail."""
        return self.mail.words if self.mail else self.text

    @property
    def is_whole(self) -> bool:
        """Tell whether the page itself shows all of the file: then it counts as opened.

        Of an e-mail with files inside only the download does.
        """
        return self.words is not None and not self.words.is_cut and not (self.mail and self.mail.enclosed)


def look(file: Attached) -> Look:
    """Look at a file; a small one is checked against its digest as a whole."""
    head = files.whole(file.upload) if file.size <= files.PART else files.head(file.upload)
    known = kinds.of(head, file.media_type, file.name)
    if known.kind is Kind.MAIL:
        return _mail(file, known, head)
    if known.kind is Kind.TEXT:
        return Look(known, text=lines.read(head, more=len(head) < file.size))
    return Look(known)


def _mail(file: Attached, known: Known, head: bytes) -> Look:
    if file.size > _LARGEST_MAIL:
        return Look(Known(Kind.OTHER, note="This e-mail is too large to be shown here."))
    try:
        return Look(known, mail=mails.read(head if len(head) == file.size else files.whole(file.upload)))
    except mails.Unreadable:
        note = "It cannot be taken apart as an e-mail; this is its source."
        return Look(Known(Kind.TEXT, note=note), text=lines.read(head, more=len(head) < file.size))
