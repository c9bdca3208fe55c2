"""What the Temporal server writes, as lines of our own log: a level, an event, and facts.

With ``--log-format json`` it writes one object a line. Two kinds of its errors say nothing about it, only that somebody
else had enough: a client that stopped waiting (``context canceled``), and all that its parts say to one another while
they are being stopped.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

Level = Literal["debug", "info", "warning", "error"]

_LEVELS: Final[Mapping[str, Level]] = {"INFO": "info", "WARN": "warning", "ERROR": "error", "FATAL": "error"}
_CANCELED: Final = re.compile(r"context cancell?ed|code = Canceled", re.IGNORECASE)
_ERRORS: Final = ("error", "Error")
_OWN: Final = frozenset({"time", "level", "msg"})
_TAKEN: Final[Mapping[str, str]] = {"event": "server_event", "exc_info": "server_exc_info", "logger": "server_logger"}


@attrs.frozen
class LogLine:
    """One line.

    Attributes:
        level: How severe it is.
        event: What happened.
        facts: Its other fields; names in snake case.
    """

    level: Level
    event: str
    facts: Mapping[str, Any]


def parse_line(text: str, *, is_stopping: bool = False) -> LogLine | None:
    """Return what a line of the server says; None for an empty one.

    What is not JSON (its greeting, an error of the command line, which is also part of the error of its exit) is
    for whoever looks for a fault.

    Args:
        text: The line.
        is_stopping: Whether the server was asked to end.
    """
    fields = _fields(text)
    if fields is None:
        event = text.strip()
        return LogLine("debug", event, {}) if event else None
    level: Level = _LEVELS.get(str(fields.get("level")), "debug")
    said = " ".join(str(fields[name]) for name in ("msg", *_ERRORS) if name in fields)
    if level in ("warning", "error") and (is_stopping or _CANCELED.search(said)):
        level = "debug"
    facts = {_name(key): value for key, value in fields.items() if key not in _OWN}
    return LogLine(level, str(fields.get("msg") or fields.get("component") or "no message"), facts)


def _fields(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except ValueError:  # a line that was too long and has been cut
        return None
    return fields if isinstance(fields, dict) else None


def _name(key: str) -> str:
    name = key.replace("-", "_").lower()
    return _TAKEN.get(name, name)
