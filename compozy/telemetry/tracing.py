"""Traces: one for each execution, from the request that starts it to the last of its tasks; off unless asked for.

The spans are::

    POST /api/v0/workflows/<workflow_id>/executions      the request, in the process that serves the API
      execution greet                                    from its acceptance to its end
        task hello                                       each run of a tool, in the process of the worker

Off, nothing of OpenTelemetry is imported. What leads from one process to the next is the text of a ``traceparent``
(:mod:`compozy.domain.traces`), in the request for the execution, so workflow code knows nothing of spans.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from importlib import import_module
from typing import Final, Literal, TypeAlias

import attrs
from typing_extensions import override

from compozy.domain.errors import InvalidError, Problem

Attributes: TypeAlias = Mapping[str, str | int]
"""What is said of a span."""

TraceSink = Literal["off", "otlp", "log"]
"""Where spans go: nowhere, to a collector that speaks OpenTelemetry's protocol over HTTP, or into our log."""

CURRENT: Final[ContextVar[str | None]] = ContextVar("compozy_traceparent", default=None)
"""The ``traceparent`` of the span that the current task is in; set by whoever opens spans."""


@attrs.define
class Outcome:
    """How the work of an open span turned out; whoever does the work says so.

    Attributes:
        attributes: What is known by its end only.
        error: Why it failed; None when it did not.
    """

    attributes: dict[str, str | int] = attrs.Factory(dict)
    error: str | None = None


@attrs.frozen(kw_only=True)
class EndedExecution:
    """An execution that has come to its end.

    Attributes:
        exec_id: The execution.
        workflow_id: Its workflow.
        status: How it ended.
        traceparent: The span that it was accepted in; None when there was none.
        began: When it was accepted.
        ended: When that was recorded.
        error: Why it did not succeed; None when it did.
    """

    exec_id: str
    workflow_id: str
    status: str
    traceparent: str | None
    began: datetime
    ended: datetime
    error: str | None = None


class Tracing(ABC):
    """Opens and tells of spans."""

    @property
    @abstractmethod
    def is_on(self) -> bool:
        """Whether anybody is told; when not, there is no need to collect what is said of spans."""

    @abstractmethod
    def request(self, name: str, *, traceparent: str | None, attributes: Attributes) -> AbstractContextManager[Outcome]:
        """Open a span for a request, under the span that the client says it is in."""

    @abstractmethod
    def task(
        self, name: str, *, exec_id: str, traceparent: str | None, attributes: Attributes
    ) -> AbstractContextManager[Outcome]:
        """Open a span for the run of a task, under that of its execution, which was accepted in ``traceparent``."""

    @abstractmethod
    def execution(self, ended: EndedExecution) -> None:
        """Tell of the span of an execution."""

    @abstractmethod
    def close(self) -> None:
        """Send what has not been sent, for two seconds at most; blocks meanwhile."""


class NoTracing(Tracing):
    """Tells nobody."""

    @property
    @override
    def is_on(self) -> bool:
        return False

    @override
    def request(self, name: str, *, traceparent: str | None, attributes: Attributes) -> AbstractContextManager[Outcome]:
        return nullcontext(Outcome())

    @override
    def task(
        self, name: str, *, exec_id: str, traceparent: str | None, attributes: Attributes
    ) -> AbstractContextManager[Outcome]:
        return nullcontext(Outcome())

    @override
    def execution(self, ended: EndedExecution) -> None:
        pass

    @override
    def close(self) -> None:
        pass


OFF: Final = NoTracing()
"""For whoever is not asked to tell."""


def current_traceparent() -> str | None:
    """Return the ``traceparent`` of the span that the current task is in; None when it is in none."""
    return CURRENT.get()


def start_tracing(sink: TraceSink, *, version: str) -> Tracing:
    """Return what sends spans there; whoever has it closes it.

    ``otlp`` honours OpenTelemetry's own environment variables (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME``,
    ``OTEL_TRACES_SAMPLER`` and so on) and starts the one thread that sends.

    Args:
        sink: Where to; ``off`` imports nothing.
        version: Of Compozy, for those who read the spans.

    Raises:
        InvalidError: OpenTelemetry is not installed.
    """
    if sink == "off":
        return OFF
    try:
        tracing: Tracing = import_module("compozy.telemetry.opentelemetry_spans").start(sink, version=version)
    except ModuleNotFoundError as error:
        problem = Problem(
            key="telemetry.traces",
            message=f"{sink} needs OpenTelemetry, of which {error.name} is not installed",
            hint="pip install 'compozy[traces]'",
        )
        raise InvalidError(problem) from error
    return tracing


@contextmanager
def tracing_open(sink: TraceSink, *, version: str) -> Iterator[Tracing]:
    """Do as :func:`start_tracing` for the time of the block."""
    tracing = start_tracing(sink, version=version)
    try:
        yield tracing
    finally:
        tracing.close()
