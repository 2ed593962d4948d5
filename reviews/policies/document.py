"""The policy document: what a routing policy in YAML says, read strictly with a position for every fault."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final

import yaml

from portal.kit.problems import Problem

from . import members, nodes
from .parts import Fallback, Known, Policy, Rule
from .rules import RuleReader

MAX_RULES: Final = 500


class PolicyInvalid(Problem):
    """The document is no policy; `errors` names line and column of each fault."""

    code: ClassVar[str] = "policy_invalid"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "These routing rules cannot be used"


def parse(text: str, known: Known | None = None) -> Policy:
    """Read a policy document, or raise PolicyInvalid with every fault and its position.

    With `known`, queues, roles and calendars the installation does not have are faults too.
    """
    try:
        root = nodes.compose(text)
    except nodes.Unreadable as unreadable:
        raise PolicyInvalid(unreadable.fault["message"], errors=[unreadable.fault]) from None
    reader = _PolicyReader(installation=known)
    policy = reader.policy(root, digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    if reader.faults:
        count = len(reader.faults)
        detail = f"{reader.faults[0]['message']}" + (f" ({count - 1} more)" if count > 1 else "")
        raise PolicyInvalid(detail, errors=reader.faults)
    return policy


@dataclass(slots=True)
class _PolicyReader(RuleReader):
    """Reads the parts of a policy; what it returns counts only when it found no fault."""

    def policy(self, root: yaml.Node, *, digest: str) -> Policy:
        parts = self.members(root, "", members.POLICY)
        name = self.name(parts.get("policy"), "/policy")
        self.calendar = self._calendar(parts.get("calendar"))
        fallback = self._fallback(parts.get("fallback"))
        rules = self._rules(parts.get("rules"))
        return Policy(name, digest, fallback, tuple(rules), self.calendar)

    def _calendar(self, node: yaml.Node | None) -> str:
        name = self.name(node, "/calendar")
        if self.installation is not None:
            self.known(node, "/calendar", name, what="calendar", among=self.installation.calendars)
        return name

    def _fallback(self, node: yaml.Node | None) -> Fallback:
        if node is None:
            return Fallback("", ())
        parts = self.members(node, "/fallback", members.FALLBACK)
        return Fallback(
            queue=self.queue(parts.get("queue"), "/fallback/queue"),
            plan=self.plan(parts.get("plan"), "/fallback/plan"),
            priority=self.priority(parts.get("priority"), "/fallback/priority"),
            due=self.due(parts.get("due"), "/fallback/due"),
        )

    def _rules(self, node: yaml.Node | None) -> list[Rule]:
        rules: list[Rule] = []
        seen: set[str] = set()
        for index, entry in enumerate(self.entries(node, "/rules", most=MAX_RULES)):
            rule = self.rule(entry, f"/rules/{index}")
            if rule is None:
                continue
            if rule.name in seen:
                self.fault(entry, f"/rules/{index}/name", f"The name “{rule.name}” is used twice; rename one.")
            seen.add(rule.name)
            rules.append(rule)
        return rules
