"""What can be said about who decides an item: plans returned, routed anew, walls, recusals, comments, impasses.

`sealed_sha256` is the digest of the sealed bytes of the text: it binds the text and tells nothing of it.
"""

from dataclasses import dataclass
from uuid import UUID

from audit.facts import Fact, Personal


@dataclass(frozen=True, slots=True)
class Rerouted(Fact):
    """A person routed an open item anew by the rules in force: the same content, with a plan of its own."""

    kind = "item.rerouted"
    sentence = "{actor} routed it anew: revision {revision}, unchanged, to {queue} by {rule}."
    revision: int
    action_sha256: bytes
    queue: UUID
    policy: UUID
    policy_version: int
    before: int
    rule: str
    reasons: list[str]
    plan: list[str]
    effect: str
    basis: str
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class Returned(Fact):
    """A rejection returned the plan to an earlier stage, as its stage says; what was signed before that stands."""

    kind = "item.returned"
    sentence = "{actor}'s rejection returned it to stage {stage} of the plan: round {round}."
    revision: int
    stage: int
    round: int
    signature: UUID


@dataclass(frozen=True, slots=True)
class Invalidated(Fact):
    """A rule refused the item: nothing is decided and nothing happens."""

    kind = "item.invalidated"
    sentence = "Invalidated by {rule}: it is not decided and nothing happens."
    rule: str
    code: str


@dataclass(frozen=True, slots=True)
class Walled(Fact):
    """Who may know of the item changed."""

    kind = "item.walled"
    sentence = "{actor} changed who may know of the item: {wall}."
    wall: str


@dataclass(frozen=True, slots=True)
class FileWalled(Fact):
    """Who may know of one file of the item changed. A note."""

    kind = "file.walled"
    sentence = "{actor} changed who may know of a file: {wall}."
    upload: UUID
    wall: str


@dataclass(frozen=True, slots=True)
class Commented(Fact):
    """Somebody said something about the item to those inside a wall. A note."""

    kind = "item.commented"
    sentence = "{actor} commented."
    comment: UUID
    wall: str
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recused(Fact):
    """A person does not decide this item. A note; the item goes on with the others."""

    kind = "item.recused"
    sentence = "{actor} stepped aside from this item."
    reason: Personal[str]
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadingOpened(Fact):
    """Somebody opened a text that the rule requires before signing. A note."""

    kind = "reading.opened"
    sentence = "{actor} opened the required reading “{title}”."
    title: str
    policy: UUID
    policy_version: int


@dataclass(frozen=True, slots=True)
class LeaseBroken(Fact):
    """A queue's manager ended somebody's hold. A note."""

    kind = "item.lease_broken"
    sentence = "{actor} ended the hold of {holder}."
    holder: UUID
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class Stuck(Fact):
    """The people there cannot give all the signatures that the plan lacks. A note."""

    kind = "item.stuck"
    sentence = "The plan cannot be completed: of its missing signatures as {role}, {able} of {asked} can be given."
    role: str
    asked: int
    able: int


@dataclass(frozen=True, slots=True)
class Unstuck(Fact):
    """The people there can give all the signatures that the plan lacks again. A note."""

    kind = "item.unstuck"
    sentence = "The plan can be completed again."
