"""Reads events and status back from the plain values that they were written as; logs that outlive the program."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from supervisors.core.events import Cause, Event, Reason
from supervisors.core.states import State
from supervisors.core.status import ActorStatus, TreeStatus
from supervisors.errors import LogError

EnumT = TypeVar("EnumT", bound=StrEnum)


def event_from_dict(values: Mapping[str, object]) -> Event:
    """Return the event that was written so; keys that it does not know are left alone.

    Raises:
        ValueError: A key is missing, or holds something else; the message names it.
    """
    return Event(
        name=_text(values, "name"),
        generation=_count(values, "generation"),
        at=_time(values, "at"),
        from_state=_member(values, "from", State),
        to_state=_member(values, "to", State),
        reason=Reason(_member(values, "cause", Cause), _text(values, "detail")),
    )


def status_from_dict(values: Mapping[str, object]) -> TreeStatus:
    """Return the status that was written so; keys that it does not know are left alone.

    Raises:
        ValueError: A key is missing, or holds something else; the message names it.
    """
    actors = _get(values, "actors", list)
    stopping = values.get("stopping")
    return TreeStatus(
        tree=_text(values, "tree"),
        at=_time(values, "at"),
        ready=_get(values, "ready", bool),
        stopping=None if stopping is None else _text(values, "stopping"),
        actors=tuple(actor_from_dict(row) for row in actors),
    )


def actor_from_dict(values: Mapping[str, object]) -> ActorStatus:
    """Return the row of a status that was written so.

    Raises:
        ValueError: A key is missing, or holds something else; the message names it.
    """
    return ActorStatus(
        name=_text(values, "name"),
        state=_member(values, "state", State),
        ready=_get(values, "ready", bool),
        since=_time(values, "since"),
        generation=_count(values, "generation"),
        restarts=_count(values, "restarts"),
        reason=Reason(_member(values, "cause", Cause), _text(values, "detail")),
    )


def event_to_line(event: Event) -> str:
    """Return an event as one line of JSON, without the line end; in ASCII, so that it can be written anywhere."""
    return json.dumps(event.as_dict(), separators=(",", ":"))


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of a log with one JSON object per line; empty lines are left out.

    Raises:
        LogError: A line is not an event; says which one and why.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _event_from_line(number, line)


def _event_from_line(number: int, line: str) -> Event:
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ValueError(f"an event is a JSON object, not {_shown(values)}")  # noqa: TRY004, TRY301 - the line's fault
        return event_from_dict(values)
    except json.JSONDecodeError as error:
        raise LogError(number, f"not JSON: {error.msg} at column {error.colno}") from None
    except ValueError as error:
        raise LogError(number, str(error)) from None


def _get(values: Mapping[str, object], key: str, *kinds: type) -> Any:
    if not isinstance(values, Mapping):
        raise ValueError(f"expected an object with {key!r}, not {_shown(values)}")  # noqa: TRY004 - data, not a bug
    if key not in values:
        raise ValueError(f"{key!r} is missing; there are {', '.join(map(repr, values)) or 'no keys'}")
    value = values[key]
    if type(value) not in kinds:  # a bool is an int to isinstance
        raise ValueError(f"{key!r} must be {_KINDS[kinds[0]]}, not {_shown(value)}")
    return value


def _text(values: Mapping[str, object], key: str) -> str:
    return str(_get(values, key, str))


def _count(values: Mapping[str, object], key: str) -> int:
    count = int(_get(values, key, int))
    if count < 0:
        raise ValueError(f"{key!r} must not be negative, not {count}")
    return count


def _time(values: Mapping[str, object], key: str) -> float:
    time = float(_get(values, key, float, int))
    if not math.isfinite(time):
        raise ValueError(f"{key!r} must be a finite number, not {time}")
    return time


def _member(values: Mapping[str, object], key: str, kind: type[EnumT]) -> EnumT:
    text = _text(values, key)
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise ValueError(f"{key!r} is {text!r}; this version knows {known}") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LINE else f"{text[:_LINE]}..."


_KINDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}

_LINE = 60  # characters of a wrong value that are shown
