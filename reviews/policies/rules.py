"""Reads rules: when one applies, and which of the three things it asks for: people, automatic approval, a refusal."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, cast

import yaml

from . import members
from .expressions import Condition, ConditionInvalid, condition
from .nodes import place_in
from .parts import ALL_VERDICTS, HARM, HARMLESS, PRIORITIES, VERDICTS, WALLS, Due, Reading, Rule, Unit
from .stages import PlanReader

MAX_READINGS: Final = 10
MAX_LICENCES: Final = 9

_DUE = re.compile(r"([1-9][0-9]{0,3})([mhd]|wh|wd)")
_DUE_WANTED = "use a number and m, h, d, wh or wd, such as 30m, 4h, 2d, 8wh or 2wd"
_SHARE = re.compile(r"(?!0{1,2}(?:\.0{1,2})?%)([0-9]{1,2}(?:\.[0-9]{1,2})?|100(?:\.0{1,2})?)%")
_SHARE_WANTED = "use a share from 0.01% to 100%, such as 5% or 0.5%"

_Parts = dict[str, yaml.Node]


@dataclass(slots=True)
class RuleReader(PlanReader):
    """Reads rules; `calendar` says whether the policy names one, `texts` what each title of a text stood for so far."""

    calendar: str = ""
    texts: dict[str, str] = field(default_factory=dict)

    def rule(self, node: yaml.Node, at: str) -> Rule | None:
        """Read a rule; None when its condition cannot be used."""
        parts = self.members(node, at, members.RULE)
        auto, refuse = (self.flag(parts.get(name), f"{at}/{name}") for name in ("auto_approve", "refuse"))
        if parts:
            self._form(node, parts, at, auto=auto, refuse=refuse)
        name = self.name(parts.get("name"), f"{at}/name")
        test = self._condition(parts.get("when"), f"{at}/when", rule=name)
        rule = Rule(
            name=name,
            condition=cast(Condition, test),
            when=test.source if test else "",
            reason=self.text(parts.get("reason"), f"{at}/reason", most=300),
            queue=self.queue(parts.get("queue"), f"{at}/queue"),
            plan=self.plan(parts.get("plan"), f"{at}/plan"),
            auto_approve=auto,
            effects=frozenset(self._effects(parts.get("effects"), f"{at}/effects")),
            priority=self.priority(parts.get("priority"), f"{at}/priority"),
            due=self.due(parts.get("due"), f"{at}/due"),
            sample=self._share(parts.get("sample"), f"{at}/sample"),
            refuse=refuse,
            reading=self._readings(parts.get("reading"), f"{at}/reading"),
            verdicts=self._verdicts(parts.get("verdicts"), f"{at}/verdicts"),
            wall=self._wall(parts.get("wall"), f"{at}/wall"),
            licences=self._licences(parts.get("licences"), f"{at}/licences"),
        )
        return rule if test else None

    def queue(self, node: yaml.Node | None, at: str) -> str:
        """Read the name of a queue."""
        name = self.name(node, at)
        if self.installation is not None:
            self.known(node, at, name, what="queue", among=self.installation.queues)
        return name

    def priority(self, node: yaml.Node | None, at: str) -> str | None:
        """Read a priority."""
        return self.word(node, at, among=PRIORITIES, wanted=f"use {', '.join(PRIORITIES)}") or None

    def due(self, node: yaml.Node | None, at: str) -> Due | None:
        """Read how long an item may wait; working time needs the policy's calendar."""
        found = _DUE.fullmatch(self.shaped(node, at, shape=_DUE, wanted=_DUE_WANTED))
        if node is None or found is None:
            return None
        due = Due(int(found[1]), cast(Unit, found[2]))
        if due.elapsed is None and not self.calendar:
            wanted = "name it with “calendar” at the top, or write m, h or d"
            self.fault(node, at, f"{due.words} are counted in a working calendar; {wanted}.")
        return due

    def flag(self, node: yaml.Node | None, at: str) -> bool:
        """Read true or false; what is not there is false."""
        return node is not None and self.truth(node, at)

    def _form(self, node: yaml.Node, parts: _Parts, at: str, *, auto: bool, refuse: bool) -> None:
        """Insist on exactly one of plan, automatic approval and refusal, and on what each needs."""
        if refuse:
            for name in members.NOT_WHEN_REFUSED:
                if name in parts:
                    self.fault(parts[name], f"{at}/{name}", f"“refuse: true” asks nobody; leave “{name}” out.")
            return
        if "queue" not in parts:
            self.fault(node, at, "“queue” is missing.")
        if auto:
            self._automatic(node, parts, at)
        else:
            self._by_people(node, parts, at)

    def _automatic(self, node: yaml.Node, parts: _Parts, at: str) -> None:
        if "effects" not in parts:
            wanted = ", ".join(HARMLESS)
            self.fault(node, at, f"“auto_approve” needs “effects”, a list among {wanted}.")
        if "plan" in parts and "sample" not in parts:
            wanted = "keep one, or add “sample”, the share that still goes to people"
            self.fault(parts["plan"], f"{at}/plan", f"There is “auto_approve: true” too; {wanted}.")
        if "sample" in parts and "plan" not in parts:
            self.fault(parts["sample"], f"{at}/sample", "“sample” needs “plan”: say who signs the items drawn.")

    def _by_people(self, node: yaml.Node, parts: _Parts, at: str) -> None:
        if "plan" not in parts:
            wanted = "say who signs, or “auto_approve: true”, or “refuse: true”"
            self.fault(node, at, f"“plan” is missing: {wanted}.")
        if "effects" in parts:
            self.fault(parts["effects"], f"{at}/effects", "“effects” is for “auto_approve: true”; use “when”.")
        if "sample" in parts:
            wanted = "without it every item goes to people anyway"
            self.fault(parts["sample"], f"{at}/sample", f"“sample” is for “auto_approve: true”; {wanted}.")

    def _condition(self, node: yaml.Node | None, at: str, *, rule: str) -> Condition | None:
        before = len(self.faults)
        source = self.text(node, at, most=100_000)
        if node is None or len(self.faults) > before:
            return None
        try:
            return condition(source)
        except ConditionInvalid as invalid:
            blank = len(node.value) - len(node.value.lstrip())
            for each in invalid.faults:
                place = place_in(node, blank + each.at - 1)
                where = f"see line {place.line + 1}, column {place.column + 1}"
                self.fault(node, at, f"The condition of rule “{rule}” cannot be used, {where}: {each.message}.")
        return None

    def _effects(self, node: yaml.Node | None, at: str) -> list[str]:
        wanted = f"automatic approval is for {', '.join(HARMLESS)}; {', '.join(sorted(HARM))} always need a person"
        return self.words(node, at, among=HARMLESS, wanted=wanted)

    def _share(self, node: yaml.Node | None, at: str) -> Decimal | None:
        found = _SHARE.fullmatch(self.shaped(node, at, shape=_SHARE, wanted=_SHARE_WANTED))
        return Decimal(found[1]) / 100 if found else None

    def _readings(self, node: yaml.Node | None, at: str) -> tuple[Reading, ...]:
        entries = self.entries(node, at, most=MAX_READINGS)
        found = [self._reading(entry, f"{at}/{index}") for index, entry in enumerate(entries)]
        titles = [reading.title for reading in found]
        self.each_once(entries, titles, at)
        for index, (entry, reading) in enumerate(zip(entries, found, strict=True)):
            if reading.title not in titles[:index]:
                self._one_text(entry, reading, f"{at}/{index}")
        return tuple(found)

    def _reading(self, node: yaml.Node, at: str) -> Reading:
        parts = self.members(node, at, members.READING)
        title = self.text(parts.get("title"), f"{at}/title", most=200)
        return Reading(title, self.text(parts.get("text"), f"{at}/text", most=20_000))

    def _one_text(self, node: yaml.Node, reading: Reading, at: str) -> None:
        """Note a title that stands for another text in a rule above: what a person has read is kept by its title."""
        if self.texts.setdefault(reading.title, reading.text) != reading.text:
            wanted = "give this one another title, since what a person has read is kept by its title"
            self.fault(node, at, f"“{reading.title[:60]}” stands for another text above; {wanted}.")

    def _verdicts(self, node: yaml.Node | None, at: str) -> frozenset[str]:
        found = self.words(node, at, among=VERDICTS, wanted=f"use {', '.join(VERDICTS)}")
        if node is not None and found and set(found) <= ALL_VERDICTS - {"approve", "reject"}:
            self.fault(node, at, "With these nobody could ever decide; add “approve” or “reject”.")
        return frozenset(found) if node is not None else ALL_VERDICTS

    def _wall(self, node: yaml.Node | None, at: str) -> str:
        return self.word(node, at, among=WALLS, wanted=f"use {', '.join(WALLS)}")

    def _licences(self, node: yaml.Node | None, at: str) -> tuple[str, ...]:
        entries = self.entries(node, at, most=MAX_LICENCES)
        kinds = [self.name(each, f"{at}/{index}") for index, each in enumerate(entries)]
        self.each_once(entries, kinds, at)
        return tuple(kinds)
