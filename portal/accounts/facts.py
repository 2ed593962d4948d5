"""What can be said about a person's account."""

from dataclasses import dataclass
from uuid import UUID

from audit.facts import Fact, Personal


@dataclass(frozen=True, slots=True)
class PersonAdded(Fact):
    """Somebody got an account."""

    kind = "person.added"
    sentence = "{actor} added {printed_name} as {username}."
    username: Personal[str]
    printed_name: Personal[str]


@dataclass(frozen=True, slots=True)
class IdentityVerified(Fact):
    """A person's identity was proofed, so that they may sign (21 CFR 11.100(b))."""

    kind = "person.identity_verified"
    sentence = "{actor} verified the identity of this person."


@dataclass(frozen=True, slots=True)
class FactorEnrolled(Fact):
    """A second factor was enrolled."""

    kind = "person.factor_enrolled"
    sentence = "{actor} enrolled a second factor: {factor}."
    factor: str


@dataclass(frozen=True, slots=True)
class FactorRemoved(Fact):
    """A second factor was removed."""

    kind = "person.factor_removed"
    sentence = "{actor} removed a second factor: {factor}."
    factor: str


@dataclass(frozen=True, slots=True)
class PasswordChanged(Fact):
    """A person chose a new password."""

    kind = "person.password_changed"
    sentence = "{actor} changed the password of this account."


@dataclass(frozen=True, slots=True)
class RoleGranted(Fact):
    """A role was given to a person."""

    kind = "person.role_granted"
    sentence = "{actor} gave this person the role {role}."
    role: str
    proposal: UUID | None = None


@dataclass(frozen=True, slots=True)
class RoleWithdrawn(Fact):
    """A role was taken from a person."""

    kind = "person.role_withdrawn"
    sentence = "{actor} took the role {role} from this person."
    role: str
    reason: Personal[str] | None = None


@dataclass(frozen=True, slots=True)
class AccessGranted(Fact):
    """A role was given a permission on one object."""

    kind = "access.granted"
    sentence = "{actor} gave the role {role} the permission {permission} on {target} {target_id}."
    role: str
    permission: str
    target: str
    target_id: UUID
    proposal: UUID | None = None


@dataclass(frozen=True, slots=True)
class AccessWithdrawn(Fact):
    """A permission on one object was taken from a role."""

    kind = "access.withdrawn"
    sentence = "{actor} took the permission {permission} on {target} {target_id} from the role {role}."
    role: str
    permission: str
    target: str
    target_id: UUID
    reason: Personal[str] | None = None


@dataclass(frozen=True, slots=True)
class SigningLocked(Fact):
    """Signing was locked after too many failed ceremonies (21 CFR 11.300(d))."""

    kind = "person.signing_locked"
    sentence = "Signing was locked after {failures} failed ceremonies."
    failures: int


@dataclass(frozen=True, slots=True)
class SigningUnlocked(Fact):
    """Somebody else made sure of the person, so that they may sign again."""

    kind = "person.signing_unlocked"
    sentence = "{actor} unlocked signing for this person: “{reason}”."
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class Deactivated(Fact):
    """A person may no longer sign in."""

    kind = "person.deactivated"
    sentence = "{actor} deactivated this account."


@dataclass(frozen=True, slots=True)
class PairForbidden(Fact):
    """Two roles may no longer be held by one person."""

    kind = "roles.pair_forbidden"
    sentence = "{actor} forbade anybody to hold both {first} and {second}."
    first: str
    second: str
    proposal: UUID | None = None


@dataclass(frozen=True, slots=True)
class PairAllowed(Fact):
    """Two roles may be held by one person again."""

    kind = "roles.pair_allowed"
    sentence = "{actor} allowed {first} and {second} to be held together again."
    first: str
    second: str
    proposal: UUID | None = None
