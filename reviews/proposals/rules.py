"""Routing rules as a change: which rules are new, gone, changed or moved."""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, Final
from uuid import UUID

import yaml

from portal.kit.wording import counted
from reviews.models import Policy
from reviews.policies import nodes
from reviews.proposals import installed
from reviews.proposals.summaries import NothingChanges, Summary, insist_on_target, version_of

_Rule = dict[str, Any]
_WHOLE: Final = {"fallback": "The fallback changed.", "calendar": "The working calendar its dues count in changed."}


class RoutingRules:
    """A policy in YAML; its name says which one it is a version of."""

    word = "policy"
    name = "routing rules"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read the policy for this installation and compare it with the version in force."""
        parsed = installed.parse(content)
        policy = Policy.objects.select_related("in_force").filter(name=parsed.name).first()
        insist_on_target(target, policy.pk if policy else None)
        current = policy.in_force if policy else None
        if current is not None and current.text == content:
            raise NothingChanges(f"{parsed.name} is in force with exactly this text, as version {current.version}.")
        title = f"Routing rules {parsed.name}"
        return Summary(
            title=title,
            told=f"{title}, version {current.version + 1 if current else 1}, {counted(len(parsed.rules), 'rule')}",
            content=content,
            base=version_of(current.version if current else None),
            target=policy.pk if policy else None,
            differences=differences(current.text if current else "", content),
        )


def changed_rules(before: str, after: str) -> list[str]:
    """Name the rules that the version before did not have in these words at this place among the others."""
    old, new = _rules(before), _rules(after)
    matcher = SequenceMatcher(None, [*map(_written, old)], [*map(_written, new)], autojunk=False)
    kept = {place for block in matcher.get_matching_blocks() for place in range(block.b, block.b + block.size)}
    return [_name(rule) for place, rule in enumerate(new) if place not in kept]


def differences(before: str, after: str) -> list[str]:
    """Say in sentences what a policy changes; of a first version, which rules it has."""
    old = {_name(rule): rule for rule in _rules(before)}
    new = {_name(rule): rule for rule in _rules(after)}
    told = [f"Rule “{name}” is gone." for name in old if name not in new]
    for name, rule in new.items():
        if name not in old:
            told.append(f"Rule “{name}” is new.")
        elif rule != old[name]:
            told.append(f"Rule “{name}” changed: {', '.join(_members(old[name], rule))}.")
    if [name for name in old if name in new] != [name for name in new if name in old]:
        told.append("The order of the rules changed; the first that applies decides.")
    whole = (_plain(before), _plain(after))
    told += [said for part, said in _WHOLE.items() if before and whole[0].get(part) != whole[1].get(part)]
    return told or ["Only comments or blanks changed."]


def _members(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _rules(text: str) -> list[_Rule]:
    found: list[_Rule] = _plain(text).get("rules", [])
    return found


def _plain(text: str) -> dict[str, Any]:
    """Read a policy's YAML without judging it: a version applied long ago may be refused by today's parser."""
    found: dict[str, Any] = _of(nodes.compose(text)) if text else {}
    return found


def _of(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_of(each) for each in node.value]
    return [node.tag, node.value]


def _name(rule: _Rule) -> str:
    return str(rule["name"][1])


def _written(rule: _Rule) -> str:
    return json.dumps(rule, sort_keys=True)
