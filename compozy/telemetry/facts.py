"""Facts about what is being done now, for the log lines of whoever does it.

What a task binds is on its own lines, and on those of the tasks and threads that it starts from then on: the facts
live in a context variable, which Trio, asyncio and the bridge between them copy. The keys that executions use are
``exec_id``, ``workflow_id``, ``task_id`` and ``task_exec_id``.

This is not structlog's own context, because importing structlog takes a tenth of a second, which a program that embeds
the runtime need not spend. :mod:`compozy.telemetry.logs` shows both.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

_FACTS: Final[ContextVar[Mapping[str, Any]]] = ContextVar("compozy_facts", default=MappingProxyType({}))


def bound_facts() -> Mapping[str, Any]:
    """Return the facts of the current task."""
    return _FACTS.get()


def bind_facts(**facts: Any) -> None:
    """Put facts on every line from now on, until the current task ends; None takes one away.

    For whoever has a task of its own, such as a request or an activity. Others use :func:`facts_bound`.
    """
    _FACTS.set(_merged(facts))


@contextmanager
def facts_bound(**facts: Any) -> Iterator[None]:
    """Put facts on every line of the block; None takes one away."""
    token = _FACTS.set(_merged(facts))
    try:
        yield
    finally:
        _FACTS.reset(token)


def _merged(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in {**_FACTS.get(), **facts}.items() if value is not None}
