"""A person at their desk: signing in, taking, opening, deciding and signing, all through web pages and nothing else."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from portal.accounts import codes
from portal.casting import Member
from portal.journey.browsing import Browser, Page
from portal.kit.clock import now


class NotSigned(Exception):
    """The portal did not take a signature it should have taken; the message is what its page said."""


@dataclass(slots=True)
class Desk:
    """One person's session; `code_used` is the newest time step whose code they typed."""

    member: Member
    browser: Browser
    code_used: int = field(default=0)

    def sign_in(self) -> None:
        """Sign in with password and one-time code."""
        page = self.browser.open("/account/sign-in/")
        page = self.browser.send(page.form("login", "password"), login=self.username, password=self.member.password)
        # The code of the step before still counts and leaves the present one for the first signature.
        page = self.browser.send(page.form("code"), code=self._code(self._step() - 1))
        if page.status != 200 or urlsplit(page.address).path != "/":
            raise NotSigned(f"{self.username} could not sign in: {page.address} answered {page.status}.")

    def take_next(self) -> Page | None:
        """Take the most urgent item, and give its page; nothing when none waits."""
        page = self.browser.open("/")
        page = self.browser.send(page.form(ending="/next/"))
        return page if "/items/" in page.address else None

    def take(self, item_id: str) -> Page:
        """Take one item, and give its page. Raises PageMissing where it is not theirs to take."""
        page = self.browser.open(f"/items/{item_id}/")
        return self.browser.send(page.form(ending="/take/"))

    def open_files(self, page: Page) -> Page:
        """Open every file and required text of an item, as they must before signing, and give its page anew."""
        addresses = [address for part in ("/files/", "/reading/") for address in page.linked(part)]
        whole = [address for address in addresses if address.endswith("/")]
        for address in whole:
            for content in self.browser.open(address).linked("/content"):
                self.browser.fetch(content)
        return self.browser.open(page.address) if whole else page

    def decide(self, page: Page, decision: str, reason: str = "", **typed: str) -> Page:
        """Choose a decision on an item's page, with changed fields; gives the page that asks for the signature."""
        return self.browser.send(page.form("decision", "seen"), decision=decision, reason=reason, **typed)

    def sign(self, page: Page, *, with_code: bool = True) -> Page:
        """Sign what the page shows, with the password and, where it asks for one, the one-time code."""
        form = page.form("password", "consent")
        typed = {"consent": "on", "password": self.member.password}
        if "totp" in form.names and with_code:
            self.code_used = self._step()
            typed["totp"] = self._code(self.code_used)
        return self.browser.send(form, **typed)

    def insist_signed(self, page: Page) -> None:
        """Raise NotSigned unless the page tells what came of a signature."""
        if page.status != 200 or not page.address.endswith("/done/"):
            raise NotSigned(f"{self.username} could not sign: {page.address} answered {page.status}.\n{page.html}")

    @property
    def username(self) -> str:
        """Give the name the person signs in with."""
        return str(self.member.user.username)

    def _step(self) -> int:
        return int(now().timestamp()) // codes.STEP

    def _code(self, step: int) -> str:
        totp = TOTP(self.member.totp_secret, 6, SHA1(), codes.STEP)  # noqa: S303  what authenticator apps use
        return totp.generate(step * codes.STEP).decode()
