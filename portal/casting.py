"""The cast: people, queues, rules and two flows for a fresh installation, all by the real actions."""

import json
import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from audit.actors import SystemJob
from portal.accounts import actions as accounts
from portal.accounts import pairs
from portal.accounts.models import User
from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.models import Queue
from reviews.policies import document

PEOPLE = (
    ("ana.lindqvist", "Ana Lindqvist", Role.ADJUSTER),
    ("ben.carter", "Ben Carter", Role.ADJUSTER),
    ("maya.okafor", "Maya Okafor", Role.SENIOR_ADJUSTER),
    ("daniel.reyes", "Daniel Reyes", Role.SENIOR_ADJUSTER),
    ("priya.nair", "Priya Nair", Role.QUEUE_MANAGER),
    ("ruth.abara", "Ruth Abara", Role.CORRESPONDENCE_REVIEWER),
    ("helen.marsh", "Helen Marsh", Role.COMPLIANCE_OFFICER),
)
AUDITOR = ("omar.haddad", "Omar Haddad", Role.AUDITOR)
ADMINISTRATOR = ("tom.becker", "Tom Becker", Role.ADMINISTRATOR)

_EXAMPLES = Path(settings.BASE_DIR) / "examples"


@dataclass(frozen=True, slots=True)
class Plot:
    """What a flow is made of: its names, its files, whom its receipts are for and who reviews."""

    slug: str
    name: str
    policy: str
    contract: str
    audience: str
    reviewers: tuple[Role, ...]


PLOTS = (
    Plot(
        "claims-triage", "Claims triage", "claims.yaml", "claim.json", "claims-core",
        (Role.ADJUSTER, Role.SENIOR_ADJUSTER),
    ),
    Plot(
        "complaint-replies", "Complaint replies", "complaints.yaml", "complaint.json", "letter-desk",
        (Role.CORRESPONDENCE_REVIEWER,),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A person with what they type to sign in and to sign, known only to this run."""

    user: User
    password: str = field(repr=False)
    totp_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Staged:
    """A registered flow with what was shown once: its key, its secret, its endpoint's secret."""

    slug: str
    audience: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    endpoint_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything that was seeded."""

    people: dict[str, Member]
    flows: dict[str, Staged]
    auditor: Member
    administrator: Member


def seed(callbacks: Mapping[str, str]) -> Cast:
    """Seed a migrated, empty database; `callbacks` gives the callback address of a flow by its slug."""
    pairs.open_defaults(by=SystemJob.SEEDER)
    administrator = _add(*ADMINISTRATOR)
    people = {name: _add(name, printed, role) for name, printed, role in PEOPLE}
    auditor = _add(*AUDITOR)
    for member in people.values():
        accounts.verify_identity(member.user, by=administrator.user)
    flows = {plot.slug: _stage(plot, callbacks.get(plot.slug, "")) for plot in PLOTS}
    fresh = {name: _reread(member) for name, member in people.items()}
    return Cast(fresh, flows, _reread(auditor), _reread(administrator))


def roles() -> dict[str, Role]:
    """Give everybody's role by user name, auditor and administrator last."""
    return {username: role for username, _, role in (*PEOPLE, AUDITOR, ADMINISTRATOR)}


def _reread(member: Member) -> Member:
    """Read a person again: what was done to them since is not in the object we hold."""
    return Member(User.objects.get(pk=member.user.pk), member.password, member.totp_secret)


def _password() -> str:
    """Make a password that can be read aloud and typed: 50 bits, for people who live for one run."""
    syllables = [secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(6)]
    return "-".join([*map("".join, zip(*[iter(syllables)] * 2, strict=True)), f"{secrets.randbelow(10_000):04}"])


def _add(username: str, printed_name: str, role: Role) -> Member:
    password, totp_secret = _password(), secrets.token_bytes(20)
    user = accounts.add_person(username, printed_name, password, by=SystemJob.SEEDER)
    accounts.enrol_totp(user, b32encode(totp_secret).decode(), by=SystemJob.SEEDER)
    accounts.grant_role(user, role, by=SystemJob.SEEDER)
    return Member(user, password, totp_secret)


def _stage(plot: Plot, callback: str) -> Staged:
    # Seeded by the installation itself: one person alone may not put rules and permissions in force.
    by = SystemJob.SEEDER
    text = (_EXAMPLES / "policies" / plot.policy).read_text()
    _open_queues(text, plot.reviewers)
    version = configuring.apply_policy(text, by=by)
    flow = configuring.register_flow(plot.slug, plot.name, version.policy, by=by, audience=plot.audience)
    contract = json.loads((_EXAMPLES / "contracts" / plot.contract).read_text())
    configuring.apply_contract(flow, contract, by=by)
    accounts.grant_access(Role.COMPLIANCE_OFFICER, "see_flow", flow, by=by)
    key, secret = configuring.issue_key(flow, by=by), configuring.issue_secret(flow, by=by)
    endpoint_secret = ""
    if callback:
        allowed = settings.CALLBACKS_ALLOW_PRIVATE
        _, endpoint_secret = configuring.register_endpoint(flow, callback, by=by, allow_private=allowed)
    return Staged(plot.slug, plot.audience, key, secret, endpoint_secret)


def _open_queues(text: str, reviewers: tuple[Role, ...]) -> None:
    """Open the queues a policy names, for those who review there."""
    by = SystemJob.SEEDER
    rules = document.parse(text)
    named = dict.fromkeys([*(rule.queue for rule in rules.rules), rules.fallback.queue])
    for slug in named:
        queue: Queue = configuring.open_queue(slug, slug.replace("-", " ").capitalize(), by=by)
        for role in reviewers:
            accounts.grant_access(role, "review_in_queue", queue, by=by)
        for permission in ("review_in_queue", "manage_in_queue"):
            accounts.grant_access(Role.QUEUE_MANAGER, permission, queue, by=by)
        accounts.grant_access(Role.COMPLIANCE_OFFICER, "see_queue", queue, by=by)
