"""Logs: structlog and the standard library through one handler, for people or for machines.

Everything that logs in the program ends in one handler on the root logger: our own modules, which pass facts as
keywords (:mod:`compozy.telemetry.logger`), and the libraries and the project's tools, which use :mod:`logging` or
structlog. What has been bound (:mod:`compozy.telemetry.facts`, or :func:`structlog.contextvars.bound_contextvars`) is
on every line of the task that bound it and of the tasks it starts, whoever writes the line.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, Literal, TextIO, get_args

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.stdlib import ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

from compozy.domain.errors import InvalidError, Problem
from compozy.telemetry.facts import bound_facts
from compozy.telemetry.sdk_lines import in_our_words, is_news

LogFormat = Literal["auto", "console", "json"]
"""How lines look; ``auto`` is ``console`` when the stream is a terminal, else ``json``."""

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""The levels, most talkative first."""

_HANDLER_NAME: Final = "compozy"
_SECRET: Final = re.compile(
    r"(^|_|-)(password|passwd|secret|token|api_?key|private_?key|authorization)$", re.IGNORECASE
)
_REDACTED: Final = "[redacted]"
_FIRST: Final = ("timestamp", "level", "logger", "event")


def configure_logs(*, level: str = "info", format: LogFormat = "auto", stream: TextIO | None = None) -> None:  # noqa: A002 - it is the setting's name
    """Send every log line of the process to one stream, and Python's warnings, which are lines of ``py.warnings``.

    May be called again: the last call counts. Handlers that others put on the root logger are left alone.

    Args:
        level: The least severe level that is written, one of :data:`LEVELS`, in any case.
        format: How lines look.
        stream: Where they go; None means standard error as it is now.

    Raises:
        InvalidError: The level or the format is none of ours.
    """
    threshold = level.lower()
    if threshold not in LEVELS:
        raise InvalidError(_unknown("log.level", level, LEVELS))
    if format not in get_args(LogFormat):
        raise InvalidError(_unknown("log.format", format, get_args(LogFormat)))
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.set_name(_HANDLER_NAME)
    handler.addFilter(is_news)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[_own_facts, in_our_words, _without_line_end, *_facts()],
            processors=[ProcessorFormatter.remove_processors_meta, redact_secrets, *_renderers(format, target)],
        )
    )
    root = logging.getLogger()
    for previous in [known for known in root.handlers if known.get_name() == _HANDLER_NAME]:
        root.removeHandler(previous)
    root.addHandler(handler)
    root.setLevel(threshold.upper())
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_facts(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Not cached: a logger that was used before would not notice a later call, nor a test that captures.
        cache_logger_on_first_use=False,
    )


def _own_facts(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put the facts that :mod:`compozy.telemetry.logger` hung on a record among the fields of its line."""
    event.update(getattr(event.get("_record"), "facts", {}))
    return event


def _without_line_end(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Take the end of the line off a message: Python's warnings come with one."""
    event["event"] = str(event["event"]).rstrip("\n")
    return event


def _bound_facts(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put the facts of the current task on the line; what the line itself says of them holds."""
    for name, value in bound_facts().items():
        event.setdefault(name, value)
    return event


def redact_secrets(_logger: object, _method: str, event: EventDict) -> Mapping[str, Any]:
    """Return the event with the value of every key that names a secret replaced, nested objects included."""
    return _redacted(event)


def _redacted(values: Mapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        key: _REDACTED if _SECRET.search(str(key)) else _redacted(value) if isinstance(value, dict) else value
        for key, value in values.items()
    }


def _facts() -> list[Processor]:
    """Return what puts on a line what it did not say itself, whichever library it comes from."""
    return [
        structlog.contextvars.merge_contextvars,
        _bound_facts,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(format_: LogFormat, target: TextIO) -> list[Processor]:
    """Return what turns an event into text. Neither shows the local variables of a traceback: they hold secrets."""
    terminal = target.isatty()
    if format_ == "json" or (format_ == "auto" and not terminal):
        tracebacks = ExceptionDictTransformer(show_locals=False, use_rich=False)
        return [ExceptionRenderer(tracebacks), _in_reading_order, JSONRenderer(ensure_ascii=False)]
    return [
        structlog.dev.ConsoleRenderer(
            # https://no-color.org: any non-empty value turns colours off.
            colors=terminal and not os.environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
            # As they were written: mode, store_driver, cache_driver is an order that people look for.
            sort_keys=False,
        )
    ]


def _in_reading_order(_logger: object, _method: str, event: EventDict) -> Mapping[str, Any]:
    """Return the event with what every line has in front, for people read these lines too."""
    first = {name: event[name] for name in _FIRST if name in event}
    return {**first, **event}


def _unknown(key: str, value: str, allowed: tuple[str, ...]) -> Problem:
    return Problem(key=key, message=f"{value!r} is not known", hint=f"allowed: {', '.join(allowed)}")
