"""Collectors: metrics that are read from somebody's own counters when Prometheus asks."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from compozy.contracts.cache import CacheStatistics
from compozy.contracts.store import StoreStatistics


class ActorSample(Protocol):
    """How one supervised actor stands, as far as metrics care."""

    @property
    def name(self) -> str:
        """Its name in the tree."""
        ...

    @property
    def state(self) -> str:
        """Its state, one of the supervisor's few."""
        ...

    @property
    def ready(self) -> bool:
        """Whether others may use it."""
        ...

    @property
    def restarts(self) -> int:
        """How often it has been started again."""
        ...

    @property
    def ready_in(self) -> timedelta | None:
        """How long its first start took; None when it was not ready yet."""
        ...


class StoreCollector(Collector):
    """The statistics of a store.

    Args:
        statistics: Gives a snapshot; called once for each rendering.
    """

    def __init__(self, statistics: Callable[[], StoreStatistics]) -> None:
        self._statistics = statistics

    @override
    def collect(self) -> Iterable[Metric]:
        now = self._statistics()
        yield CounterMetricFamily("compozy_store_transactions", "Transactions committed.", value=now.transactions)
        yield CounterMetricFamily("compozy_store_rollbacks", "Transactions rolled back.", value=now.rollbacks)
        yield CounterMetricFamily("compozy_store_reads", "Read-only closures that ended well.", value=now.reads)
        yield GaugeMetricFamily("compozy_store_waiting", "Closures that wait for their turn.", value=now.waiting)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not read the statistics."""
        return ()


class CacheCollector(Collector):
    """The statistics of a cache.

    Args:
        statistics: Gives a snapshot; called once for each rendering.
    """

    def __init__(self, statistics: Callable[[], CacheStatistics]) -> None:
        self._statistics = statistics

    @override
    def collect(self) -> Iterable[Metric]:
        now = self._statistics()
        yield CounterMetricFamily("compozy_cache_commands", "Operations carried out.", value=now.commands)
        yield CounterMetricFamily(
            "compozy_cache_failures", "Operations that failed because the cache was unavailable.", value=now.failures
        )
        yield CounterMetricFamily("compozy_cache_published", "Messages published.", value=now.published)
        yield CounterMetricFamily("compozy_cache_lost", "Messages that slow subscribers lost.", value=now.lost)
        # Without a sample where counting would cost a command; the family is there on every driver.
        yield GaugeMetricFamily("compozy_cache_keys", "Keys there are.", value=now.keys)
        yield CounterMetricFamily("compozy_lock_waits", "Times somebody waited for a lock.", value=now.lock_waits)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not read the statistics."""
        return ()


class ActorCollector(Collector):
    """How the supervised actors stand.

    Args:
        actors: Gives a snapshot; called once for each rendering.
    """

    def __init__(self, actors: Callable[[], Sequence[ActorSample]]) -> None:
        self._actors = actors

    @override
    def collect(self) -> Iterable[Metric]:
        ready = GaugeMetricFamily("compozy_actor_ready", "1 while the actor can be used.", labels=["actor"])
        state = GaugeMetricFamily("compozy_actor_state", "1 for the state it is in.", labels=["actor", "state"])
        restarts = CounterMetricFamily("compozy_actor_restarts", "Times it was started again.", labels=["actor"])
        starts = GaugeMetricFamily("compozy_actor_start_seconds", "Time its first start took.", labels=["actor"])
        for actor in self._actors():
            if actor.ready_in is not None:
                starts.add_metric([actor.name], actor.ready_in.total_seconds())
            ready.add_metric([actor.name], float(actor.ready))
            state.add_metric([actor.name, actor.state], 1)
            restarts.add_metric([actor.name], actor.restarts)
        yield from (ready, state, restarts, starts)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not ask for the actors."""
        return ()
