"""Figures: what was measured on both sides, what it is compared with, and how it is shown."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import attrs

from support.errors import BrokenError


def _p95(samples: Sequence[float]) -> float:
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=20, method="inclusive")[-1]


STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "median": statistics.median,
    "p95": _p95,
    "sum": sum,
}
"""How many samples become one number."""


@attrs.frozen(kw_only=True)
class Runs:
    """What some runs of the workflow came to.

    Attributes:
        durations_s: How long each took, in seconds.
        elapsed_s: How long all took together.
        failures: Why runs failed, one text for each.
    """

    durations_s: Sequence[float]
    elapsed_s: float
    failures: Sequence[str]

    @property
    def per_second(self) -> float:
        """How many succeeded in a second."""
        return (len(self.durations_s) - len(self.failures)) / self.elapsed_s

    def all_done_ms(self) -> list[float]:
        """Return how many milliseconds each took.

        Raises:
            BrokenError: Not all did the work, so that this means nothing.
        """
        if self.failures:
            raise BrokenError(f"{len(self.failures)} of {len(self.durations_s)} runs failed: {self.failures[0]}")
        return [1000 * duration for duration in self.durations_s]


@attrs.frozen
class Samples:
    """What was measured, each time, on both sides; measures append to it. One side may have no such thing."""

    compozy: list[float] = attrs.Factory(list)
    bare: list[float] = attrs.Factory(list)


@attrs.frozen
class Aim:
    """What a figure should be: our value, or its ratio to the other side's, compared with a limit."""

    of: Literal["value", "ratio"]
    relation: Literal["<=", ">="]
    limit: float

    def is_met_by(self, number: float) -> bool:
        """Tell whether the number is on the right side of the limit."""
        return number <= self.limit if self.relation == "<=" else number >= self.limit


@attrs.frozen(kw_only=True)
class Figure:
    """One line of the result.

    Attributes:
        name: What was measured.
        unit: Of the samples; empty when they are counts.
        digits: How many are shown after the point.
        statistic: Which number stands for the samples, a key of :data:`STATISTICS`.
        samples: What was measured.
        aim: What it should be; None when there is no aim.
    """

    name: str
    unit: str = ""
    digits: int
    statistic: str = "median"
    samples: Samples
    aim: Aim | None = None

    @property
    def ours(self) -> float:
        """Our number."""
        return STATISTICS[self.statistic](self.samples.compozy)

    @property
    def theirs(self) -> float | None:
        """The other side's number; None when it has no such thing."""
        return None if not self.samples.bare else STATISTICS[self.statistic](self.samples.bare)

    @property
    def ratio(self) -> float | None:
        """Ours in terms of theirs; None when theirs is none, or nothing."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; None when there is none, or nothing to compare with it."""
        number = self.ours if self.aim is not None and self.aim.of == "value" else self.ratio
        return None if self.aim is None or number is None else self.aim.is_met_by(number)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, samples included."""
        numbers = {"compozy": self.ours, "bare": self.theirs, "ratio": self.ratio, "is_met": self.is_met}
        return {**attrs.asdict(self), **numbers}


_HEADER: Final = ("measure", "compozy", "bare", "ratio", "aim", "met")


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned plain text."""
    rows = [_HEADER, *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_cells(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the cells of a row at their width: the first column is set to the left, the others to the right."""
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _row(figure: Figure) -> tuple[str, ...]:
    met = {None: "-", True: "yes", False: "NO"}[figure.is_met]
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.2f}x"
    return (figure.name, _shown(figure.ours, figure), _shown(figure.theirs, figure), ratio, _aim(figure), met)


def _shown(number: float | None, figure: Figure) -> str:
    if number is None:
        return "-"
    return f"{number:.{figure.digits}f} {figure.unit}".rstrip()


def _aim(figure: Figure) -> str:
    aim = figure.aim
    if aim is None:
        return "-"
    limit = f"{aim.limit:.1f}x" if aim.of == "ratio" else _shown(aim.limit, figure)
    return f"{aim.relation} {limit}"
