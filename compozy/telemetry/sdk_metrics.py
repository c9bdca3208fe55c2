"""The Temporal SDK's own metrics among ours.

The SDK's native part counts by itself, and would open a listener of its own to show what it counted. Instead it puts
each change into a buffer of bounded size, some thirty to an execution, and this adds them up: about a microsecond each.
The buffer is emptied at each rendering and, because perhaps nobody asks for one, every second in between; when it is
full all the same, the SDK drops changes and says so in the log, each time.

Labels are the SDK's: namespaces, task queues, types and names of calls, all of them few. Its service name is left out.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Final, Protocol, TypeAlias

import attrs
import trio
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

BUFFER_SIZE: Final = 100_000
"""Changes that the buffer holds: those of half a minute at a hundred executions per second."""

_EVERY_S: Final = 1.0
_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0, 600.0)
_COUNTER, _GAUGE, _HISTOGRAM = range(3)

_Labels: TypeAlias = tuple[tuple[str, str], ...]
_Attributes: TypeAlias = tuple[tuple[str, str | int | float | bool], ...]


class SdkMetric(Protocol):
    """What a change belongs to, as ``temporalio.runtime.BufferedMetric`` has it."""

    @property
    def name(self) -> str:
        """With the prefix ``temporal_``."""
        ...

    @property
    def description(self) -> str | None:
        """What it counts."""
        ...

    @property
    def unit(self) -> str | None:
        """``s`` for durations."""
        ...

    @property
    def kind(self) -> int:
        """0 for a counter, 1 for a gauge, 2 for a histogram."""
        ...


class SdkUpdate(Protocol):
    """One change, as ``temporalio.runtime.BufferedMetricUpdate`` has it."""

    @property
    def metric(self) -> SdkMetric:
        """What it belongs to."""
        ...

    @property
    def value(self) -> float:
        """How much a counter grew, or what was measured."""
        ...

    @property
    def attributes(self) -> Mapping[str, str | int | float | bool]:
        """The labels."""
        ...


@attrs.define
class _Distribution:
    """What a histogram has seen: how many in each bucket (the last one has no upper end), and their sum."""

    counts: list[int] = attrs.Factory(lambda: [0] * (len(_BUCKETS) + 1))
    total: float = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(_BUCKETS, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return them as Prometheus wants them: each with all that are smaller."""
        below, found = 0, []
        for bound, count in zip([*map(str, _BUCKETS), "+Inf"], self.counts, strict=True):
            below += count
            found.append((bound, float(below)))
        return found


@attrs.frozen
class _Family:
    """One metric with all its series."""

    kind: int
    name: str
    help: str
    values: dict[_Labels, float] = attrs.Factory(dict)
    distributions: dict[_Labels, _Distribution] = attrs.Factory(dict)

    @classmethod
    def of(cls, metric: SdkMetric) -> "_Family":
        seconds = "_seconds" if metric.unit == "s" else ""
        return cls(metric.kind, metric.name + seconds, metric.description or f"The Temporal SDK's {metric.name}.")

    def add(self, labels: _Labels, value: float) -> None:
        if self.kind == _COUNTER:
            self.values[labels] = self.values.get(labels, 0) + value
        elif self.kind == _GAUGE:
            self.values[labels] = value
        else:
            self.distributions.setdefault(labels, _Distribution()).add(value)

    def rendered(self) -> Metric:
        names = sorted({name for labels in (*self.values, *self.distributions) for name, _ in labels})
        if self.kind == _HISTOGRAM:
            histogram = HistogramMetricFamily(self.name, self.help, labels=names)
            for labels, seen in self.distributions.items():
                histogram.add_metric(_ordered(names, labels), buckets=seen.buckets(), sum_value=seen.total)
            return histogram
        family: CounterMetricFamily | GaugeMetricFamily = (
            CounterMetricFamily(self.name, self.help, labels=names)
            if self.kind == _COUNTER
            else GaugeMetricFamily(self.name, self.help, labels=names)
        )
        for labels, value in self.values.items():
            family.add_metric(_ordered(names, labels), value)
        return family


class SdkMetrics(Collector):
    """The sums of what the SDK told."""

    def __init__(self) -> None:
        self._lock = Lock()  # whoever renders may do so on another thread than who reads every second
        self._families: dict[str, _Family] = {}
        self._series: dict[tuple[str, _Attributes], tuple[_Family, _Labels]] = {}
        self._retrieve: Callable[[], Sequence[SdkUpdate]] | None = None

    def read_from(self, retrieve: Callable[[], Sequence[SdkUpdate]]) -> None:
        """Take changes from there from now on.

        Args:
            retrieve: Empties a buffer and returns what was in it.
        """
        self._retrieve = retrieve

    def read(self) -> None:
        """Add up what has changed."""
        if self._retrieve is not None:
            with self._lock:
                for update in self._retrieve():
                    self._add(update)

    async def keep_reading(self) -> None:
        """Do so every second, until cancelled."""
        while True:
            await trio.sleep(_EVERY_S)
            self.read()

    @override
    def collect(self) -> Iterable[Metric]:
        self.read()
        with self._lock:
            return [family.rendered() for family in self._families.values()]

    def describe(self) -> Iterable[Metric]:
        """Return nothing: which there are is known when they have happened."""
        return ()

    def _add(self, update: SdkUpdate) -> None:
        # As the SDK has them, which is in the same order for all changes of one series.
        key = update.metric.name, tuple(update.attributes.items())
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = self._series_of(update)
        family, labels = found
        family.add(labels, update.value)

    def _series_of(self, update: SdkUpdate) -> tuple[_Family, _Labels]:
        """Return where a change belongs."""
        metric = update.metric
        family = self._families.get(metric.name)
        if family is None:
            family = self._families[metric.name] = _Family.of(metric)
        return family, tuple(sorted((name, str(value)) for name, value in update.attributes.items()))


def _ordered(names: Sequence[str], labels: _Labels) -> list[str]:
    """Return the values of the labels in this order; a series may lack one, and then it is empty."""
    given = dict(labels)
    return [given.get(name, "") for name in names]
