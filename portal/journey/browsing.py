"""A person's web session, as a browser without scripts has it: pages, their forms, cookies; nothing but the web."""

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

TIMEOUT = 30.0
_Attributes = list[tuple[str, str | None]]


class PageMissing(Exception):
    """A page has not the form that was looked for; the message names the page and what it says."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and its fields with the values they came with."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its final address, its status, its HTML, and what can be done on it."""

    address: str
    status: int
    html: str
    forms: list[Form]
    links: list[str]

    def form(self, *fields: str, ending: str = "") -> Form:
        """Give the first form with these fields whose address ends so. Raises PageMissing."""
        for form in self.forms:
            if form.names.issuperset(fields) and form.action.partition("?")[0].endswith(ending):
                return form
        raise PageMissing(f"{self.address} ({self.status}) has no form with {fields} that goes to …{ending}.")

    def linked(self, part: str) -> list[str]:
        """Give the addresses of links that contain a part, each once."""
        return list(dict.fromkeys(link for link in self.links if part in link))


class Browser:
    """One session: it keeps cookies, follows redirects, and sends forms as their page made them."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str) -> Page:
        """Open a page by its path or address."""
        return self._ask(urljoin(self.base_url, path), None)

    def fetch(self, path: str) -> bytes:
        """Read a file to its end."""
        with self._opener.open(urljoin(self.base_url, path), timeout=TIMEOUT) as answer:
            return bytes(answer.read())

    def send(self, form: Form, **typed: str) -> Page:
        """Send a form with what is typed into it."""
        return self._ask(form.action, urlencode(form.fields | typed).encode())

    def _ask(self, address: str, body: bytes | None) -> Page:
        request = urllib.request.Request(address, body, {"Accept": "text/html", "Referer": address})  # noqa: S310
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _page(answer.url, answer.status, answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return _page(refused.url, refused.code, refused.read())


class _Reader(HTMLParser):
    """Finds forms, their fields and links; of radio buttons and boxes only what is chosen counts."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._inside: Form | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: _Attributes) -> None:
        """Note what a person could use."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = Form(urljoin(self.address, given.get("action") or self.address))
            self.forms.append(self._inside)
        elif tag in ("a", "iframe", "img") and (target := given.get("href") or given.get("src")):
            self.links.append(urljoin(self.address, target))
        elif self._inside is not None and given.get("name"):
            self._field(self._inside, tag, given)

    def handle_data(self, data: str) -> None:
        """Keep what stands in a text area."""
        if self._inside is not None and self._text is not None:
            self._inside.fields[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave the form or the text area."""
        if tag == "form":
            self._inside = None
        elif tag == "textarea":
            self._text = None

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        form.names.add(given["name"])
        fields = form.fields
        if tag == "textarea":
            self._text = given["name"]
            fields[self._text] = ""
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox", "submit") or "checked" in given):
            fields[given["name"]] = given.get("value", "")


def _page(address: str, status: int, body: bytes) -> Page:
    html = body.decode("utf-8", "replace")
    reader = _Reader(address)
    reader.feed(html)
    return Page(address, status, html, reader.forms, reader.links)
