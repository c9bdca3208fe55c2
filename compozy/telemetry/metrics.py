"""Metrics: what Prometheus reads at ``/metrics``, in a registry of our own.

Every sample carries ``mode``, ``store_driver`` and ``cache_driver``. They are added when the metrics are rendered, so
no family can forget them and counting costs nothing more. Label values come from bounded sets only (route templates,
workflow ids of the project, statuses), never from what a caller sends: a metric's memory is the product of its labels.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias

import attrs
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from typing_extensions import override

from compozy.contracts.cache import CacheStatistics
from compozy.contracts.models import Usage
from compozy.contracts.store import StoreStatistics
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status
from compozy.telemetry.collectors import ActorCollector, ActorSample, CacheCollector, StoreCollector
from compozy.telemetry.sdk_metrics import SdkMetrics

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""Media type of what :meth:`Metrics.render` returns."""

ModelOutcome: TypeAlias = Literal["answered", "failed", "unavailable", "canceled"]
"""How a question to a model ended: who did not get it answered in time gave it up, and it is canceled."""

_REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_TASK_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0)
_UNFINISHED: Final = tuple(status for status in Status if not status.is_terminal)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@attrs.frozen(kw_only=True)
class Deployment:
    """What this process runs, and on what it stands.

    Attributes:
        version: Of Compozy.
        mode: ``standalone`` or ``distributed``.
        store_driver: ``sqlite`` or ``postgres``.
        cache_driver: ``sugardb`` or ``redis``.
    """

    version: str
    mode: str
    store_driver: str
    cache_driver: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels that every sample carries."""
        return {"mode": self.mode, "store_driver": self.store_driver, "cache_driver": self.cache_driver}


class Metrics:
    """The metrics of one process. Counting is safe from any thread and takes about a microsecond.

    Attributes:
        temporal: Those of the Temporal SDK.

    Args:
        deployment: What this process runs.
    """

    def __init__(self, deployment: Deployment) -> None:
        registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        info = Gauge("compozy_build_info", "What runs here; always 1.", ["version"], registry=registry)
        info.labels(deployment.version).set(1)
        Gauge("compozy_up", "1 while the process answers.", registry=registry).set(1)
        self._http_requests = Counter(
            "compozy_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._http_seconds = Histogram(
            "compozy_http_request_duration_seconds",
            "Time from a request's head to the head of its answer.",
            ["method", "route"],
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._rate_limit = Counter(
            "compozy_http_rate_limit",
            "Requests that the rate limit refused, or that went unchecked because the limiter was away.",
            ["outcome"],
            registry=registry,
        )
        self._executions = Counter(
            "compozy_workflow_executions",
            "Executions that came to a status.",
            ["workflow_id", "status"],
            registry=registry,
        )
        self._execution_seconds = Histogram(
            "compozy_workflow_duration_seconds",
            "Time from the acceptance of an execution to its end.",
            ["workflow_id"],
            buckets=_TASK_BUCKETS,
            registry=registry,
        )
        self._tasks = Counter("compozy_tasks", "Task runs that ended.", ["type", "status"], registry=registry)
        self._task_seconds = Histogram(
            "compozy_task_duration_seconds",
            "Time a task run took.",
            ["type"],
            buckets=_TASK_BUCKETS,
            registry=registry,
        )
        self._tools = Counter("compozy_tool_calls", "Calls of tools.", ["tool_id", "status"], registry=registry)
        self._tool_seconds = Histogram(
            "compozy_tool_duration_seconds",
            "Time a call of a tool took.",
            ["tool_id"],
            buckets=_TASK_BUCKETS,
            registry=registry,
        )
        self._models = Counter(
            "compozy_model_calls", "Questions to models.", ["provider", "model", "outcome"], registry=registry
        )
        self._model_seconds = Histogram(
            "compozy_model_duration_seconds",
            "Time a question to a model took.",
            ["provider", "model"],
            buckets=_TASK_BUCKETS,
            registry=registry,
        )
        self._model_tokens = Counter(
            "compozy_model_tokens",
            "What answers took, in tokens as the provider counts them.",
            ["provider", "model", "direction"],
            registry=registry,
        )
        self._unfinished = Gauge(
            "compozy_workflow_unfinished",
            "Executions in the store that have not ended, those of other processes included.",
            ["status"],
            registry=registry,
        )
        self.temporal = SdkMetrics()
        registry.register(self.temporal)
        self._registry = registry
        self._output = CollectorRegistry()
        self._output.register(_Labelled(registry, deployment.labels))

    def count_request(self, method: str, route: str | None, *, status: int, seconds: float) -> None:
        """Count one answered request.

        Args:
            method: As the client sent it; what HTTP does not define is counted as ``OTHER``.
            route: The template that matched (``/api/v0/workflows/<workflow_id>``); None when none did.
            status: Of the answer.
            seconds: Until the head of the answer was ready.
        """
        verb = method if method in _METHODS else "OTHER"
        template = route or "unmatched"
        self._http_requests.labels(verb, template, str(status)).inc()
        self._http_seconds.labels(verb, template).observe(seconds)

    def count_rate_limit(self, outcome: Literal["refused", "unchecked"]) -> None:
        """Count one request that the rate limit refused, or that went unchecked because the limiter was away."""
        self._rate_limit.labels(outcome).inc()

    def count_execution(self, workflow_id: str, status: Status, *, seconds: float) -> None:
        """Count that an execution of a workflow of the project came to this status, and the seconds since its start."""
        self._executions.labels(workflow_id, status.value).inc()
        self._execution_seconds.labels(workflow_id).observe(seconds)

    def count_task(self, type_: TaskType, status: Status, *, seconds: float) -> None:
        """Count one task run that ended, and the seconds it took."""
        self._tasks.labels(type_.value, status.value).inc()
        self._task_seconds.labels(type_.value).observe(seconds)

    def count_tool(self, tool_id: str, status: Status, *, seconds: float) -> None:
        """Count one call of a tool of the project that ended, and the seconds it took."""
        self._tools.labels(tool_id, status.value).inc()
        self._tool_seconds.labels(tool_id).observe(seconds)

    def count_model(self, provider: str, model: str, outcome: ModelOutcome, *, seconds: float) -> None:
        """Count one question to a model of the project that came to an end, and the seconds it took."""
        self._models.labels(provider, model, outcome).inc()
        self._model_seconds.labels(provider, model).observe(seconds)

    def count_tokens(self, provider: str, model: str, usage: Usage) -> None:
        """Count what the answer of a model of the project took."""
        self._model_tokens.labels(provider, model, "input").inc(usage.input_tokens)
        self._model_tokens.labels(provider, model, "output").inc(usage.output_tokens)

    def set_unfinished(self, numbers: Mapping[Status, int] | None) -> None:
        """Show how many executions have not ended; none at all when that is not known now."""
        if numbers is None:
            self._unfinished.clear()
            return
        for status in _UNFINISHED:
            self._unfinished.labels(status.value).set(numbers.get(status, 0))

    @contextmanager
    def watching_store(self, statistics: Callable[[], StoreStatistics]) -> Iterator[None]:
        """Show the statistics of a store, read at each rendering, for as long as the block runs."""
        with self._registered(StoreCollector(statistics)):
            yield

    @contextmanager
    def watching_cache(self, statistics: Callable[[], CacheStatistics]) -> Iterator[None]:
        """Show the statistics of a cache, read at each rendering, for as long as the block runs."""
        with self._registered(CacheCollector(statistics)):
            yield

    @contextmanager
    def watching_actors(self, actors: Callable[[], Sequence[ActorSample]]) -> Iterator[None]:
        """Show how the supervised actors stand, read at each rendering, for as long as the block runs."""
        with self._registered(ActorCollector(actors)):
            yield

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format (:data:`CONTENT_TYPE`)."""
        return generate_latest(self._output)

    @contextmanager
    def _registered(self, collector: Collector) -> Iterator[None]:
        self._registry.register(collector)
        try:
            yield
        finally:
            self._registry.unregister(collector)


class _Labelled(Collector):
    """The families of a registry, each sample with the same further labels."""

    def __init__(self, registry: CollectorRegistry, labels: Mapping[str, str]) -> None:
        self._registry = registry
        self._labels = labels

    @override
    def collect(self) -> Iterable[Metric]:
        for family in self._registry.collect():
            labelled = Metric(family.name, family.documentation, family.type, family.unit)
            labelled.samples = [self._with_labels(sample) for sample in family.samples if _is_wanted(sample)]
            yield labelled

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are checked where the families are made."""
        return ()

    def _with_labels(self, sample: Sample) -> Sample:
        return sample._replace(labels={**sample.labels, **self._labels})


def _is_wanted(sample: Sample) -> bool:
    """Tell whether to show the sample. When each counter was made is of no use to us, and a third of the lines."""
    return not sample.name.endswith("_created")
