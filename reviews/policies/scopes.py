"""Bounds of a CEL condition, found before it is compiled: its names, its nesting, its macros."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .literals import faults_of, literal
from .suggesting import meant
from .tokens import Fault, Kind, Token, Unreadable, tokens


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_CHARACTERS = 2000
MAX_DEPTH = 16
MAX_MACROS = 3
# Chains such as `1 + 1 + 1 …` or `a[0][0]…` are evaluated by recursion in the library: about a thousand of
# them overflow a small thread stack and end the process. `+` also copies texts and lists: a lower bound.
MAX_STEPS = 200
MAX_PLUS = 10
MAX_GATHERED = 120

MACROS = frozenset({"map", "filter", "all", "exists", "exists_one", "existsOne"})
# Macros that build a list: the library copies it once per element.
GATHERING = frozenset({"map", "filter"})
FUNCTIONS = _names(
    """has size contains startsWith endsWith int uint double string timestamp duration
    getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds"""
)
FIELDS = {
    "action": _names("type effect title subject amount amount_at_stake currency jurisdiction payees lines"),
    "snapshot": _names("input current output extractions evaluations prompt model parameters tool_calls usage"),
    "counters": _names(
        "paid_on_subject_30d paid_on_subject_365d items_on_subject_30d denied_on_subject_365d open_on_subject"
    ),
}
# Small values, which a macro's body may read once per element.
LIGHT = frozenset({"flow", "tenant", "environment", "priority", "counters"})
VARIABLES = frozenset({*FIELDS, *LIGHT, "dates", "metadata"})

_CONSTANTS = frozenset({"true", "false", "null", "in"})
_OPENING = {"(": ")", "[": "]", "{": "}"}
_SELECTS_AFTER = frozenset({")", "]", "}"})


@dataclass(slots=True)
class _Scope:
    """One open bracket; `bound` is the element's name when a macro opened it."""

    closing: str
    bound: str | None = None


@dataclass(slots=True)
class Reading:
    """What one pass over a condition's tokens found."""

    words: list[Token]
    faults: list[Fault] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    bound: set[str] = field(default_factory=set)
    macros: int = 0
    gathers: int = 0
    elements: int = 0
    plus: int = 0
    steps: int = 0
    _open: list[_Scope] = field(default_factory=list)

    def run(self) -> None:
        """Look at each token once, then at the sums."""
        for index, token in enumerate(self.words):
            if token.kind is Kind.NAME:
                self._name(index, token)
            elif token.kind is Kind.SIGN:
                self._sign(index, token)
        self._bounds()
        self.faults += faults_of(self.words)

    def _fault(self, token: Token, message: str) -> None:
        self.faults.append(Fault(message, token.at))

    def _text(self, index: int) -> str:
        return self.words[index].text if 0 <= index < len(self.words) else ""

    def _inside(self) -> str | None:
        return next((scope.bound for scope in self._open if scope.bound is not None), None)

    def _selected(self, index: int) -> bool:
        """Say whether the name at `index` is a member, as in `a.name`; `.name` alone is a variable."""
        if self._text(index - 1) != "." or index < 2:
            return False
        before = self.words[index - 2]
        return before.kind is not Kind.SIGN or before.text in _SELECTS_AFTER

    def _name(self, index: int, token: Token) -> None:
        self.steps += token.text == "in"
        if self._text(index + 1) == "(":
            self._call(token)
        elif not self._selected(index) and token.text not in _CONSTANTS:
            self._variable(index, token)

    def _call(self, token: Token) -> None:
        if token.text == "matches":
            self._fault(token, "`matches` is not allowed; use `startsWith`, `endsWith`, `contains` or `in`")
        elif token.text not in FUNCTIONS | MACROS:
            self._fault(token, f"there is no function `{token.text}`{_meant(token.text, FUNCTIONS | MACROS)}")

    def _variable(self, index: int, token: Token) -> None:
        inside = self._inside()
        if inside is not None and token.text == inside:
            self.elements += 1
            return
        if token.text not in VARIABLES:
            near = _meant(token.text, VARIABLES | self.bound)
            self._fault(token, f"there is no variable `{token.text}`; there are {_listed(VARIABLES)}{near}")
            return
        self.reads[token.text] += 1
        if inside is not None and token.text not in LIGHT:
            allowed = f"a macro may only read its element and {_listed(LIGHT)}"
            self._fault(token, f"`{token.text}` would be read once per element; {allowed}")
        self._member(index, token)

    def _member(self, index: int, token: Token) -> None:
        known = FIELDS.get(token.text)
        opening = self._text(index + 1)
        if known is None or opening not in {".", "["} or index + 2 >= len(self.words):
            return
        member = self.words[index + 2]
        name = member.text if opening == "." else literal(member) if self._text(index + 3) == "]" else None
        if name is not None and name not in known:
            near = _meant(name, known)
            self._fault(member, f"`{token.text}` has no member `{name[:60]}`; it has {_listed(known)}{near}")

    def _sign(self, index: int, token: Token) -> None:
        self.plus += token.text == "+"
        self.steps += token.text not in {",", ":", ")", "]", "}"}
        if token.text == "+" and self._inside() is not None:
            self._fault(token, "`+` inside a macro copies once per element and is not allowed")
        if token.text in _OPENING:
            self._enter(index, token)
        elif self._open and token.text == self._open[-1].closing:
            self._open.pop()

    def _enter(self, index: int, token: Token) -> None:
        scope = _Scope(_OPENING[token.text])
        if token.text == "(" and self._text(index - 1) in MACROS and self.words[index - 1].kind is Kind.NAME:
            scope.bound = self._macro(index)
        self._open.append(scope)
        if len(self._open) == MAX_DEPTH + 1:
            self._fault(token, f"brackets are nested more than {MAX_DEPTH} deep")

    def _macro(self, index: int) -> str:
        """Note a macro and give its element's name, or an empty one when it has none."""
        name, word = self._text(index - 1), self.words[index - 1]
        self.macros += 1
        self.gathers += name in GATHERING
        if self._inside() is not None:
            self._fault(word, f"`{name}` stands inside another macro, which costs too much; use one level")
        if index + 1 >= len(self.words) or self.words[index + 1].kind is not Kind.NAME:
            self._fault(word, f"`{name}` needs a plain name for its element")
            return ""
        bound = self._text(index + 1)
        if bound in VARIABLES | _CONSTANTS:
            self._fault(word, f"`{name}` names its element `{bound}`, which is taken; use another name")
        self.bound.add(bound)
        return bound

    def _bounds(self) -> None:
        if self.gathers and len(self.words) > MAX_GATHERED:
            self._fault(self.words[0], f"with `map` or `filter` it may hold at most {MAX_GATHERED} words")
        for count, most, what in (
            (self.macros, MAX_MACROS, "macros"),
            (self.gathers, 1, "`map` or `filter`"),
            (self.plus, MAX_PLUS, "`+`"),
            (self.steps, MAX_STEPS, "operators"),
        ):
            if count > most:
                self._fault(self.words[0], f"it holds {count} {what}; at most {most} are allowed")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _meant(name: str, among: Iterable[str]) -> str:
    return f";{near.rstrip('?').lower()}" if (near := meant(name, among)) else ""


def read(source: str) -> Reading:
    """Read a condition's tokens; what is wrong with them is in `faults`."""
    if len(source) > MAX_CHARACTERS:
        return Reading([], [Fault(f"it has {len(source)} characters; at most {MAX_CHARACTERS} are allowed", 1)])
    try:
        reading = Reading(list(tokens(source)))
    except Unreadable as fault:
        return Reading([], [Fault(str(fault), fault.at)])
    reading.run()
    return reading
