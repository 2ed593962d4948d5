"""Windows: a person's browser with a watch on everything a page may do wrong."""

from dataclasses import dataclass, field

from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

from portal.accounts.models import User
from tests.pages import browser as signed_in_client

PATIENCE = 15_000.0
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# Written to the console, where the watch reads it, from the first byte of every document on.
_TELL_VIOLATIONS = """document.addEventListener('securitypolicyviolation', (event) => console.error(
  `policy violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""

_STICKING_OUT = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const contained = (each) => {
    for (let at = each.parentElement; at && at !== document.body; at = at.parentElement)
      if (getComputedStyle(at).overflowX !== 'visible') return true;
    return false;
  };
  // Of a text that does not break the box stays narrow; its contents tell.
  const right = (each) => {
    const { left, right } = each.getBoundingClientRect();
    return Math.max(right, left + each.scrollWidth);
  };
  const out = (each) => right(each) > root.clientWidth + 0.5;
  const wide = [...document.querySelectorAll('body *')].filter((each) => out(each) && !contained(each));
  const inner = wide.filter((each) => ![...each.children].some(out));
  const names = inner.map((each) => `${each.localName}.${each.className} ${each.textContent.slice(0, 60)}`);
  return [`${root.scrollWidth - root.clientWidth} pixels`, ...names.slice(0, 8)];
}"""


@dataclass
class Window:
    """One context with one page; `troubles` holds what nobody should have to see."""

    context: BrowserContext
    address: str
    troubles: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.context.on("page", self._watch)
        self.page = self.context.new_page()

    def go(self, path: str) -> Page:
        """Open an address of the portal."""
        self.page.goto(self.address + path)
        return self.page

    def enter(self, person: User | Client) -> None:
        """Let the person be signed in already, both factors given; or go on with a session made otherwise."""
        client = person if isinstance(person, Client) else signed_in_client(person)
        cookie = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.address, "httpOnly": True}])

    def refuses(self, *statuses: int) -> None:
        """Expect that the portal refuses something with these answers."""
        self.refusals += statuses

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        # What the server answered is judged below, where it is known whether the test meant it.
        answered = message.text.startswith(("Failed to load resource: the server", "Response Status Error Code"))
        if message.type in ("error", "warning") and not answered:
            self.troubles.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends what it was still asking for.
        if "ERR_ABORTED" not in str(request.failure):
            self.troubles.append(f"request: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.troubles.append(f"answer: {response.status} {response.request.method} {response.url}")


def too_wide(page: Page) -> list[str]:
    """Name what sticks out of the window to the right, innermost first; nothing when the page fits."""
    named: list[str] = page.evaluate(_STICKING_OUT)
    return named
