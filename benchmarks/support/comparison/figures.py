"""Experiments and figures: what is measured on which sides, what is made of it, and what it should come to."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import attrs

Statistic = Callable[[Mapping[str, Sequence[float]]], float]
"""Makes a number of the samples of one run of a job."""


def median(name: str, *, scale: float = 1.0) -> Statistic:
    """Return the median of these samples, in other units."""
    return lambda samples: scale * statistics.median(samples[name])


def each(name: str, *, scale: float = 1.0) -> Statistic:
    """Return the median of these samples, shared out among what was counted."""
    return lambda samples: scale * statistics.median(samples[name]) / samples["count"][0]


def growth(name: str) -> Statistic:
    """Return the k for which these times grow as n to the k does; each is of twice the n of the one before it."""
    return lambda samples: _slope([math.log2(time) for time in samples[name]])


def nth(name: str, position: int, *, scale: float = 1.0) -> Statistic:
    """Return one of these samples."""
    return lambda samples: scale * samples[name][position]


def quotient(name: str, other: str) -> Statistic:
    """Return how many times the median of these samples is that of the others."""
    return lambda samples: statistics.median(samples[name]) / statistics.median(samples[other])


def p95(name: str, *, scale: float = 1.0) -> Statistic:
    """Return what 19 of 20 of these samples are below."""
    return lambda samples: scale * statistics.quantiles(samples[name], n=20, method="inclusive")[-1]


def p99(name: str, *, scale: float = 1.0) -> Statistic:
    """Return what 99 of 100 of these samples are below."""
    return lambda samples: scale * statistics.quantiles(samples[name], n=100, method="inclusive")[-1]


@attrs.frozen
class Aim:
    """What a figure should be: our value, or its ratio to the other side's, compared with a limit."""

    of: Literal["value", "ratio"]
    relation: Literal["<=", ">="]
    limit: float

    def verdict(self, number: float) -> str:
        """Tell whether the number is on the right side of the limit."""
        is_met = number <= self.limit if self.relation == "<=" else number >= self.limit
        return "ok" if is_met else "missed"

    def __str__(self) -> str:
        return f"{self.relation} {self.limit:g}{'x' if self.of == 'ratio' else ''}"


@attrs.frozen
class Figure:
    """One number of an experiment.

    Attributes:
        name: What it says, with its unit.
        statistic: Makes it of what one run of a job gave.
        aim: What it should be, or None.
        digits: That are shown after the point.
    """

    name: str
    statistic: Statistic
    aim: Aim | None = None
    digits: int = 1


@attrs.frozen
class Side:
    """One side of an experiment.

    Attributes:
        label: For the table.
        module: Of the package `sides`.
        job: In it; None when it has no such thing.
        arguments: Of the job, when they differ from the experiment's.
        why_not: Why there is no job.
        package: What has to be installed for it, or None.
        has_aim: Whether the aims are about this side.
        aim: In place of the figures' own; None for those.
    """

    label: str
    module: str
    job: str | None
    arguments: Mapping[str, Any] = attrs.field(factory=dict, kw_only=True)
    why_not: str = attrs.field(default="", kw_only=True)
    package: str | None = attrs.field(default=None, kw_only=True)
    has_aim: bool = attrs.field(default=False, kw_only=True)
    aim: Aim | None = attrs.field(default=None, kw_only=True)


@attrs.frozen(kw_only=True)
class Experiment:
    """What is measured in the same rounds on several sides.

    Attributes:
        name: For ``--only``.
        ours: Our side.
        others: What it is compared with; where there is nothing, aims are about our values.
        figures: What is made of the samples.
        arguments: Of all jobs.
        places: Arguments of all jobs that are known only when there is such a place: what it is called, by argument.
    """

    name: str
    ours: Side
    others: Sequence[Side]
    figures: Sequence[Figure]
    arguments: Mapping[str, Any] = attrs.Factory(dict)
    places: Mapping[str, str] = attrs.Factory(dict)


def _slope(values: Sequence[float]) -> float:
    return statistics.linear_regression(range(len(values)), values).slope
