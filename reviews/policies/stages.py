"""Reads sign-off plans: stages in order or at the same time, and where a rejection returns to."""

import re
from dataclasses import dataclass, replace
from typing import Final

import yaml

from . import members
from .parts import FACTORS, Known, Stage
from .reader import Reader
from .suggesting import meant

MAX_STAGES: Final = 10
MAX_SIGNATURES: Final = 9
MAX_ROLES: Final = 4

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME_WANTED: Final = "use lower-case letters, digits and hyphens, at most 63"

_FACTORS_WANTED = f"use {', '.join(FACTORS)}"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A stage whose `reject_to` was not looked up yet."""

    stage: Stage
    at: str
    returns: yaml.Node | None
    returns_to: str
    blind: yaml.Node | None
    named: yaml.Node | None


@dataclass(slots=True)
class PlanReader(Reader):
    """Reads the stages of a plan; with `installation`, roles nobody has are faults."""

    installation: Known | None = None

    def name(self, node: yaml.Node | None, at: str) -> str:
        """Read a name, as queues, roles and rules have."""
        return self.shaped(node, at, shape=NAME, wanted=NAME_WANTED)

    def plan(self, node: yaml.Node | None, at: str) -> tuple[Stage, ...]:
        """Read a plan: its stages in order, with their steps and what they return to."""
        drafts: list[_Draft] = []
        for index, entry in enumerate(self.entries(node, at, most=MAX_STAGES)):
            drafts += self._step(entry, f"{at}/{index}", step=index + 1)
        if node is not None and len(drafts) > MAX_STAGES:
            self.fault(node, at, f"This plan has {len(drafts)} stages; at most {MAX_STAGES} are possible.")
        self._names_once(drafts)
        return tuple(self._checked(draft, drafts) for draft in drafts)

    def _step(self, node: yaml.Node, at: str, *, step: int) -> list[_Draft]:
        """Read one entry of a plan: a stage, or `parallel` with the stages of one step."""
        if not _is_parallel(node):
            return [self._stage(node, at, step=step)]
        parts = self.members(node, at, members.PARALLEL)
        entries = self.entries(parts.get("parallel"), f"{at}/parallel", least=2, most=MAX_STAGES)
        return [self._stage(entry, f"{at}/parallel/{index}", step=step) for index, entry in enumerate(entries)]

    def _stage(self, node: yaml.Node, at: str, *, step: int) -> _Draft:
        if _is_parallel(node):
            self.fault(node, at, "“parallel” stands inside “parallel”; write its stages out here.")
            return _Draft(Stage("", 1, "", step), at, None, "", None, None)
        parts = self.members(node, at, members.STAGE)
        signatures = parts.get("signatures")
        blind = parts.get("blind")
        stage = Stage(
            role=self._roles(node, parts, at),
            signatures=self.number(signatures, f"{at}/signatures", most=MAX_SIGNATURES) if signatures else 1,
            meaning=self.text(parts.get("meaning"), f"{at}/meaning", most=200),
            step=step,
            name=self.name(parts.get("name"), f"{at}/name"),
            factors=tuple(self.words(parts.get("factors"), f"{at}/factors", among=FACTORS, wanted=_FACTORS_WANTED)),
            blind=self.truth(blind, f"{at}/blind") if blind else False,
        )
        returns = parts.get("reject_to")
        return _Draft(stage, at, returns, self.name(returns, f"{at}/reject_to"), blind, parts.get("name"))

    def _roles(self, node: yaml.Node, parts: dict[str, yaml.Node], at: str) -> str:
        """Read the one role of a stage, or the several any of which may sign."""
        if not parts:
            return ""
        if ("role" in parts) == ("roles" in parts):
            wanted = "There are both; keep one" if "role" in parts else "Neither is here; say who signs"
            self.fault(node, at, f"A stage has “role” or “roles”. {wanted}.")
        single = self._role(parts.get("role"), f"{at}/role")
        entries = self.entries(parts.get("roles"), f"{at}/roles", most=MAX_ROLES)
        several = [self._role(each, f"{at}/roles/{index}") for index, each in enumerate(entries)]
        self.each_once(entries, several, f"{at}/roles")
        return " ".join(sorted(set(several))) if several else single

    def _role(self, node: yaml.Node | None, at: str) -> str:
        role = self.name(node, at)
        if self.installation is not None:
            self.known(node, at, role, what="role", among=self.installation.roles)
        return role

    def _names_once(self, drafts: list[_Draft]) -> None:
        for index, draft in enumerate(drafts):
            name = draft.stage.name
            if draft.named is not None and name and any(name == each.stage.name for each in drafts[:index]):
                self.fault(draft.named, f"{draft.at}/name", f"Two stages have the name “{name}”; rename one.")

    def _checked(self, draft: _Draft, drafts: list[_Draft]) -> Stage:
        """Give the stage with what it returns to; note a blind stage nobody signs beside or before."""
        stage = draft.stage
        alone = stage.step == 1 and not any(other.stage.step == 1 for other in drafts if other is not draft)
        if stage.blind and alone and draft.blind is not None:
            wanted = "A blind stage needs another stage beside or before it, whose verdict it does not see."
            self.fault(draft.blind, f"{draft.at}/blind", wanted)
        if draft.returns is None or not draft.returns_to:
            return stage
        earlier = {each.stage.name: n for n, each in enumerate(drafts, 1) if each.stage.step < stage.step}
        earlier.pop("", None)
        if draft.returns_to not in earlier:
            self.fault(draft.returns, f"{draft.at}/reject_to", _no_earlier(draft, drafts, list(earlier)))
        return replace(stage, back_to=earlier.get(draft.returns_to))


def _is_parallel(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and any(key.value == "parallel" for key, _ in node.value)


def _no_earlier(draft: _Draft, drafts: list[_Draft], earlier: list[str]) -> str:
    """Say why a rejection cannot return there, and where it can."""
    to = draft.returns_to
    found = next((each.stage for each in drafts if each.stage.name == to), None)
    if found is draft.stage:
        why = "A stage cannot return to itself"
    elif found is None:
        why = f"There is no stage named “{to[:60]}”"
    elif found.step == draft.stage.step:
        why = f"“{to}” runs at the same time"
    else:
        why = f"“{to}” comes later"
    if not earlier:
        return f"{why}; no stage before this one has a name, so give one a “name” or leave “reject_to” out."
    return f"{why}; a rejection returns to an earlier stage: {', '.join(earlier)}.{meant(to, earlier)}"
