"""E-mails as text: headers and words; their HTML is never rendered, and nothing is loaded from anywhere."""

import re
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

from reviews.showing import texts
from reviews.web.viewing import lines
from reviews.web.viewing.lines import Lines

_HEADERS = ("From", "To", "Cc", "Reply-To", "Date", "Subject")
_SILENT = frozenset({"script", "style"})  # nothing else: a tag somebody forgot to close must not swallow words
_BREAKING = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
     "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
)  # fmt: skip


class Unreadable(Exception):
    """Not an e-mail the standard library can take apart; it can still be read as a text."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file inside an e-mail, which the page names and does not show."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail as it can be read: `from_html` where its words were taken out of HTML."""

    headers: list[tuple[str, str]]
    words: Lines
    from_html: bool
    also_html: bool
    enclosed: list[Enclosed]


def read(content: bytes) -> Mail:
    """Take an e-mail apart. Raises Unreadable."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(content)
        return _read(message)
    except (MessageError, LookupError, ValueError, TypeError, AttributeError) as error:
        # What the parser trips over in broken mail is not one kind of error; the text is shown instead.
        raise Unreadable(str(error)) from error


def _read(message: EmailMessage) -> Mail:
    headers = [(name, texts.visible(str(value))) for name in _HEADERS for value in message.get_all(name, [])]
    if not headers:
        raise Unreadable("no header an e-mail has")
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    from_html = plain is None and html is not None
    body = plain or html
    text = str(body.get_content()) if body is not None else ""
    return Mail(
        headers=headers,
        words=lines.of(words_of(text) if from_html else text),
        from_html=from_html,
        also_html=plain is not None and html is not None,
        enclosed=[_enclosed(part) for part in message.walk() if not (part.is_multipart() or part in (plain, html))],
    )


def _enclosed(part: EmailMessage) -> Enclosed:
    # The standard library's own list of attachments leaves some parts out; here every part that is not shown is named.
    content = part.get_payload(decode=True)
    name = part.get_filename() or "without a name"
    return Enclosed(texts.visible(name), part.get_content_type(), len(content) if isinstance(content, bytes) else 0)


def words_of(html: str) -> str:
    """Take the words out of HTML, also those its styles would hide."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    joined = re.sub(r"[ \t\r\n]*\n[ \t\r\n]*", "\n", "".join(reader.words))
    return joined.strip()


class _Words(HTMLParser):
    """Collects what is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or silence."""
        self._silent += tag in _SILENT
        if tag in _BREAKING:
            self.words.append("\n")
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            self.words.append(f"[{target}] ")

    def handle_endtag(self, tag: str) -> None:
        """End silence."""
        self._silent = max(0, self._silent - (tag in _SILENT))

    def handle_data(self, data: str) -> None:
        """Keep text; line breaks in the source mean nothing."""
        if not self._silent:
            self.words.append(re.sub(r"\s+", " ", data))
