"""What the flow proposes: the money it is about, line by line, and to whom it goes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reviews.showing.texts import decimal, visible
from reviews.words import Effect

_HEADINGS = {
    Effect.PAY: "Amount to pay",
    Effect.RESERVE: "Reserve",
    Effect.DENY: "Denied, money at stake",
    Effect.PARTIAL: "Amount to pay, a part of what was asked",
    Effect.LETTER: "Letter",
    Effect.RELEASE: "Release",
    Effect.OTHER: "Action",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the action: what stands now and what is proposed."""

    label: str
    current: Decimal | None
    proposed: Decimal | None

    @property
    def changes(self) -> bool:
        """Tell whether the line would move."""
        return self.current != self.proposed


@dataclass(frozen=True, slots=True)
class Payee:
    """Somebody who would be paid."""

    name: str
    account: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The action in a reader's words."""

    heading: str
    effect: str
    currency: str
    amount: Decimal | None
    at_stake: Decimal | None
    current: Decimal | None
    lines: tuple[Line, ...]
    payees: tuple[Payee, ...]

    @property
    def is_denial(self) -> bool:
        """Tell whether the money at stake says more than the amount does."""
        return self.effect == Effect.DENY

    @property
    def leading(self) -> Decimal | None:
        """Give the figure to print large."""
        return self.at_stake if self.is_denial else self.amount

    @property
    def more_at_stake(self) -> bool:
        """Tell whether more is decided about than is paid."""
        return not self.is_denial and self.at_stake is not None and self.at_stake != self.amount


def proposal(action: dict[str, Any]) -> Proposal:
    """Read an action."""
    lines = tuple(_line(each) for each in action.get("lines") or [])
    effect, amount = Effect(action["effect"]), decimal(action.get("amount"))
    at_stake = decimal(action["amount_at_stake"]) if "amount_at_stake" in action else amount
    payees = tuple(Payee(visible(each["name"]), visible(each.get("account_ref") or "")) for each in _payees(action))
    return Proposal(
        _HEADINGS[effect], effect, action.get("currency") or "", amount, at_stake, _current(lines), lines, payees
    )


def _line(line: dict[str, Any]) -> Line:
    return Line(visible(line.get("label") or line["id"]), decimal(line.get("current")), decimal(line.get("amount")))


def _payees(action: dict[str, Any]) -> list[dict[str, Any]]:
    return list(action.get("payees") or [])


def _current(lines: tuple[Line, ...]) -> Decimal | None:
    """Add up what the lines stand at now, if each of them says so."""
    known = [line.current for line in lines if line.current is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(lines) else None
