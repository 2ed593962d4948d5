"""Figures: what a run measured, its aim, and the line that tells both."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; at most one of `least` and `most` is its aim."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def aim(self) -> str:
        """Write the aim, `-` for a value that is only told."""
        if self.least is not None:
            return f">={self.least:g}"
        return "-" if self.most is None else f"<={self.most:g}"

    @property
    def verdict(self) -> str:
        """Say whether the aim was met."""
        low = self.least is not None and self.value < self.least
        high = self.most is not None and self.value > self.most
        return "short" if low or high else "ok"

    @property
    def line(self) -> str:
        """Write the line that `make bench` prints."""
        shown = f"{self.value:.3f}" if self.value < 10 else f"{self.value:.0f}"
        return f"BENCH {self.name} {shown} {self.unit} aim {self.aim} {self.verdict}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a run does: `small` is the quick mode, which only shows that everything works."""

    rounds: int
    small: bool

    def amount(self, full: int, small: int) -> int:
        """Choose an amount for this run."""
        return small if self.small else full


def middle(values: Sequence[float]) -> float:
    """Give the median of the rounds."""
    return median(values)


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Give the median of the rounds' own ratios, so that a slow minute slows both sides."""
    return median(a / b for a, b in zip(above, below, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """Give a percentile of many values."""
    return quantiles(values, n=100)[percent - 1]
