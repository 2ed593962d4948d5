"""The policy document: what a routing policy in YAML says, read strictly with a position for every fault."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

import yaml

from portal.kit.problems import Problem
from reviews.words import HARMFUL, Effect

from . import nodes
from .expressions import Condition, ConditionInvalid, condition

HARM: Final = HARMFUL
HARMLESS: Final = tuple(effect.value for effect in Effect if effect not in HARMFUL)
PRIORITIES: Final = ("low", "normal", "high", "urgent")
MAX_RULES: Final = 500

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME_WANTED = "use lower-case letters, digits and hyphens, at most 63"
_DUE = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_DUE_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_RULE_MEMBERS = ("priority", "due", "plan", "auto_approve", "effects")


class PolicyInvalid(Problem):
    """The document is no policy; `errors` names line and column of each fault."""

    code: ClassVar[str] = "policy_invalid"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The routing policy cannot be used"


@dataclass(frozen=True, slots=True)
class Stage:
    """Who must sign, how often, and what the signature means."""

    role: str
    signatures: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where items go that no rule could decide: a queue and the people who sign there."""

    queue: str
    plan: tuple[Stage, ...]
    priority: str | None = None
    due: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when it applies, why, and what it asks for; `plan` is empty only for automatic approval."""

    name: str
    condition: Condition = field(repr=False, compare=False)
    when: str
    reason: str
    queue: str
    plan: tuple[Stage, ...]
    auto_approve: bool
    effects: frozenset[str]
    priority: str | None = None
    due: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A routing policy as read; `digest` is the SHA-256 of the text's UTF-8 bytes, in hexadecimal."""

    name: str
    digest: str
    fallback: Fallback
    rules: tuple[Rule, ...]


def parse(text: str) -> Policy:
    """Read a policy document, or raise PolicyInvalid with every fault and its position."""
    try:
        root = nodes.compose(text)
    except nodes.Unreadable as unreadable:
        raise PolicyInvalid(unreadable.fault["message"], errors=[unreadable.fault]) from None
    reader = _PolicyReader()
    policy = reader.policy(root, digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    if reader.faults:
        count = len(reader.faults)
        detail = f"{reader.faults[0]['message']}" + (f" ({count - 1} more)" if count > 1 else "")
        raise PolicyInvalid(detail, errors=reader.faults)
    return policy


class _PolicyReader(nodes.Reader):
    """Reads the parts of a policy; what it returns counts only when it found no fault."""

    def policy(self, root: yaml.Node, *, digest: str) -> Policy:
        parts = self.members(root, "", required=("policy", "fallback", "rules"))
        name = self._name(parts.get("policy"), "/policy")
        fallback = self._fallback(parts.get("fallback"))
        rules = self._rules(parts.get("rules"))
        return Policy(name, digest, fallback, tuple(rules))

    def _fallback(self, node: yaml.Node | None) -> Fallback:
        if node is None:
            return Fallback("", ())
        parts = self.members(node, "/fallback", required=("queue", "plan"), optional=("priority", "due"))
        return Fallback(
            queue=self._name(parts.get("queue"), "/fallback/queue"),
            plan=self._plan(parts.get("plan"), "/fallback/plan"),
            priority=self._priority(parts.get("priority"), "/fallback/priority"),
            due=self._due(parts.get("due"), "/fallback/due"),
        )

    def _rules(self, node: yaml.Node | None) -> list[Rule]:
        rules: list[Rule] = []
        seen: set[str] = set()
        for index, entry in enumerate(self.entries(node, "/rules", most=MAX_RULES)):
            rule = self._rule(entry, f"/rules/{index}")
            if rule is None:
                continue
            if rule.name in seen:
                self.fault(entry, f"/rules/{index}/name", f"The name “{rule.name}” is used twice; rename one.")
            seen.add(rule.name)
            rules.append(rule)
        return rules

    def _rule(self, node: yaml.Node, at: str) -> Rule | None:
        parts = self.members(node, at, required=("name", "when", "reason", "queue"), optional=_RULE_MEMBERS)
        name = self._name(parts.get("name"), f"{at}/name")
        auto = "auto_approve" in parts and self.truth(parts["auto_approve"], f"{at}/auto_approve")
        self._plan_or_automatic(node, parts, at, auto=auto)
        test = self._condition(parts.get("when"), f"{at}/when", rule=name)
        reason = self.text(parts.get("reason"), f"{at}/reason", most=300)
        queue = self._name(parts.get("queue"), f"{at}/queue")
        plan = self._plan(parts.get("plan"), f"{at}/plan")
        effects = self._effects(parts.get("effects"), f"{at}/effects")
        priority = self._priority(parts.get("priority"), f"{at}/priority")
        due = self._due(parts.get("due"), f"{at}/due")
        if test is None:
            return None
        return Rule(name, test, test.source, reason, queue, plan, auto, effects, priority, due)

    def _plan_or_automatic(self, node: yaml.Node, parts: dict[str, yaml.Node], at: str, *, auto: bool) -> None:
        """Insist on exactly one of the two, and on stated effects for automatic approval."""
        if auto and "plan" in parts:
            self.fault(parts["plan"], f"{at}/plan", "There is “auto_approve: true” too; keep one.")
        if auto and "effects" not in parts:
            wanted = ", ".join(HARMLESS)
            self.fault(node, at, f"“auto_approve” needs “effects”, a list among {wanted}.")
        if not auto and "plan" not in parts:
            self.fault(node, at, "“plan” is missing: say who signs, or “auto_approve: true”.")
        if not auto and "effects" in parts:
            self.fault(parts["effects"], f"{at}/effects", "“effects” is for “auto_approve: true”; use “when”.")

    def _condition(self, node: yaml.Node | None, at: str, *, rule: str) -> Condition | None:
        before = len(self.faults)
        source = self.text(node, at, most=100_000)
        if node is None or len(self.faults) > before:
            return None
        try:
            return condition(source)
        except ConditionInvalid as invalid:
            for each in invalid.faults:
                self.fault(node, at, f"The condition of rule “{rule}” cannot be used: {each}.")
        return None

    def _plan(self, node: yaml.Node | None, at: str) -> tuple[Stage, ...]:
        entries = self.entries(node, at, most=10)
        return tuple(self._stage(entry, f"{at}/{index}") for index, entry in enumerate(entries))

    def _stage(self, node: yaml.Node, at: str) -> Stage:
        parts = self.members(node, at, required=("role", "meaning"), optional=("signatures",))
        return Stage(
            role=self._name(parts.get("role"), f"{at}/role"),
            signatures=self.number(parts["signatures"], f"{at}/signatures", most=9) if "signatures" in parts else 1,
            meaning=self.text(parts.get("meaning"), f"{at}/meaning", most=200),
        )

    def _effects(self, node: yaml.Node | None, at: str) -> frozenset[str]:
        shape = re.compile("|".join(HARMLESS))
        wanted = f"automatic approval is for {', '.join(HARMLESS)}; {', '.join(sorted(HARM))} always need a person"
        entries = self.entries(node, at, most=len(HARMLESS))
        return frozenset(
            self.shaped(each, f"{at}/{index}", shape=shape, wanted=wanted) for index, each in enumerate(entries)
        )

    def _name(self, node: yaml.Node | None, at: str) -> str:
        return self.shaped(node, at, shape=_NAME, wanted=_NAME_WANTED)

    def _priority(self, node: yaml.Node | None, at: str) -> str | None:
        shape = re.compile("|".join(PRIORITIES))
        return self.shaped(node, at, shape=shape, wanted=f"use {', '.join(PRIORITIES)}") or None

    def _due(self, node: yaml.Node | None, at: str) -> timedelta | None:
        value = self.shaped(node, at, shape=_DUE, wanted="use a number and m, h or d, such as 30m, 4h or 2d")
        found = _DUE.fullmatch(value)
        return timedelta(**{_DUE_UNITS[found[2]]: int(found[1])}) if found else None
