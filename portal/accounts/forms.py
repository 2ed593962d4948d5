"""Forms of signing in, confirming who one is, and enrolling factors."""

import json
from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context, ratelimit
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from fido2.utils import websafe_decode

from portal.accounts import ceremony, codes, enrolments, passkeys
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.refusals import CeremonyFailed, PasskeyRefused
from portal.kit.clock import now
from portal.kit.problems import Problem

_NO_ANSWER = "No passkey answered. Passkeys need JavaScript; without it use the code of your authenticator app."
_TOO_MANY = "Too many attempts. Wait five minutes, then try again."


def code_field(**given: Any) -> forms.CharField:
    """Give a field for a one-time code, as password managers and phones know it."""
    shown = {"class": "in code", "autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(label="One-time code", max_length=12, widget=forms.TextInput(attrs=shown), **given)


def password_field(label: str = "Password", autocomplete: str = "current-password") -> forms.CharField:
    """Give a field for a password; it is never shown again and never trimmed."""
    widget = forms.PasswordInput(attrs={"class": "in", "autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=1000, widget=widget)


class AnswerField(forms.CharField):
    """What a passkey answered, as JSON in a hidden field that our script fills."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_length=20_000, widget=forms.HiddenInput, **given)

    def clean(self, value: Any) -> dict[str, Any] | None:
        """Give the answer as a dictionary, or none when the field is empty and may be."""
        text = super().clean(value)
        if not text:
            return None
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise ValidationError(_NO_ANSWER) from None
        if not isinstance(answer, dict):
            raise ValidationError(_NO_ANSWER)
        return answer


class SignInForm(LoginForm):  # type: ignore[misc]
    """User name and password: the first half of signing in."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        for name, label in (("login", "User name"), ("password", "Password")):
            field = self.fields[name]
            field.label, field.help_text = label, ""
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs |= {"class": "in", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["login"].widget.attrs["autofocus"] = True


class _SecondFactorForm(forms.Form):
    """A second factor at sign-in, as allauth's stage asks for it."""

    def __init__(self, *args: Any, user: User, **given: Any) -> None:
        super().__init__(*args, **given)
        self.user = user
        self.authenticator: Authenticator | None = None

    @property
    def app(self) -> Authenticator | None:
        """Give the authenticator app of who is signing in."""
        return codes.app_of(self.user)

    def save(self) -> None:
        """Let allauth record that the second factor was given."""
        post_authentication(context.request, self.authenticator)


class CodeForm(_SecondFactorForm):
    """The code of an authenticator app; a code that signed in does not sign."""

    code = code_field()

    def clean_code(self) -> str:
        """Use the code up, within allauth's limit of attempts."""
        code: str = self.cleaned_data["code"]
        forget = check_rate_limit(self.user)
        try:
            self.authenticator = codes.spend(self.user, code, now())
        except CeremonyFailed as refusal:
            raise ValidationError(refusal.detail) from None
        forget()
        return code


class PasskeyForm(_SecondFactorForm):
    """A passkey's answer to the challenge allauth's page put into the session."""

    passkey = AnswerField(error_messages={"required": _NO_ANSWER})

    @property
    def challenge(self) -> str:
        """Give the challenge allauth's view has just put into the session."""
        return str(context.request.session[STATE_SESSION_KEY]["challenge"])

    @property
    def credentials(self) -> str:
        """Name the passkeys that may answer."""
        return " ".join(passkeys.credential_ids(self.user))

    @property
    def rp_id(self) -> str:
        """Give the relying party's id."""
        return passkeys.rp_id()

    def clean_passkey(self) -> dict[str, Any]:
        """Verify the answer as strictly as at signing; each challenge is answered once."""
        answer: dict[str, Any] = self.cleaned_data["passkey"]
        forget = check_rate_limit(self.user)
        asked = context.request.session.pop(STATE_SESSION_KEY, None)
        if asked is None:
            raise ValidationError("This page was open too long. Try again with the passkey.")
        try:
            verified = passkeys.verify(self.user, answer, challenge=websafe_decode(asked["challenge"]))
        except CeremonyFailed as refusal:
            raise ValidationError(refusal.detail) from None
        self.authenticator = verified.authenticator
        forget()
        return answer


class ConfirmForm(forms.Form):
    """Password and second factor, asked afresh before a factor or the password changes."""

    password = password_field()
    totp = code_field(required=False)
    passkey = AnswerField(required=False)

    def __init__(
        self, *args: Any, request: HttpRequest, person: User, challenge: bytes | None = None, **given: Any
    ) -> None:
        super().__init__(*args, **given)
        self.request, self.person, self.challenge = request, person, challenge
        self.authenticator: Authenticator | None = None

    def clean(self) -> dict[str, Any]:
        """Check the factors; a few wrong attempts, then a pause."""
        given = super().clean() or {}
        limit = {"action": "login_failed", "key": f"confirm-{self.person.pk}"}
        if self.errors:
            return given
        if not ratelimit.consume(self.request, **limit):
            raise ValidationError(_TOO_MANY)
        if given["passkey"] is not None and self.challenge is None:
            raise ValidationError("This page was open too long. Try again with the passkey.")
        try:
            self.authenticator = ceremony.confirm(self.person, Factors(**given), challenge=self.challenge or b"")
        except CeremonyFailed as refusal:
            raise ValidationError(refusal.detail) from None
        ratelimit.clear(self.request, **limit)
        return given


class AppForm(forms.Form):
    """The first code of a new authenticator app, with its sealed secret."""

    sealed = forms.CharField(widget=forms.HiddenInput, max_length=1000)
    code = code_field()

    def __init__(self, *args: Any, person: User, **given: Any) -> None:
        super().__init__(*args, **given)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """Open the secret and see that the app shows its code."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            given["secret"] = enrolments.opened(self.person, given["sealed"])
            given["step"] = codes.step_of(given["secret"], given["code"], now())
        except Problem as refusal:
            self.add_error("code", refusal.detail)
        return given


class NewPasskeyForm(forms.Form):
    """A new passkey: what the person calls it and what the browser made."""

    name = forms.CharField(
        label="Name of this passkey",
        max_length=60,
        help_text="For example: work laptop, phone, key on the key ring.",
        widget=forms.TextInput(attrs={"class": "in", "autocomplete": "off"}),
    )
    passkey = AnswerField(error_messages={"required": "No passkey was made. Passkeys need JavaScript to be on."})

    def __init__(self, *args: Any, challenge: bytes | None = None, **given: Any) -> None:
        super().__init__(*args, **given)
        self.challenge = challenge

    def clean_passkey(self) -> dict[str, Any]:
        """Verify what the browser made and give the credential to store."""
        if self.challenge is None:
            raise ValidationError("This page was open too long. Try again.")
        try:
            return passkeys.registered(self.cleaned_data["passkey"], challenge=self.challenge)
        except PasskeyRefused as refusal:
            raise ValidationError(refusal.detail) from None


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    password = password_field("New password", "new-password")
    again = password_field("The same once more", "new-password")

    def __init__(self, *args: Any, person: User, **given: Any) -> None:
        super().__init__(*args, **given)
        self.person = person
        self.fields["password"].help_text = "At least twelve characters; several words are easiest to remember."

    def clean_password(self) -> str:
        """Refuse a password that is easy to guess."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.person)
        return password

    def clean_again(self) -> str:
        """Refuse two different ones."""
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password", again):
            raise ValidationError("The two are not the same. Type the new password again.")
        return again
