"""Writes each event of a running tree as a line, for people or for a log."""

from collections.abc import Callable
from typing import TextIO

from supervisors.core.events import Event


class Reporter:
    """Writes each event that it is called with; what `run` and `Tree.open` take as ``on_event``.

    When nobody reads any more (a broken pipe), it falls silent: the tree goes on without its chronicler.

    Args:
        file: Where to; flushed after each line.
        render: Makes the line of an event, without its end.
    """

    def __init__(self, file: TextIO, render: Callable[[Event], str]) -> None:
        self._file = file
        self._render = render
        self._is_read = True

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if not self._is_read:
            return
        try:
            self._file.write(f"{self._render(event)}\n")
            self._file.flush()
        except BrokenPipeError:
            self._is_read = False


class Reckoning:
    """Renders events for people, with the seconds since the first of them."""

    def __init__(self) -> None:
        self._origin: float | None = None

    def __call__(self, event: Event) -> str:
        """Return the line of one event."""
        if self._origin is None:
            self._origin = event.at
        moved = f"{event.from_state} -> {event.to_state}"
        return f"+{event.at - self._origin:.3f} s  {event.name}#{event.generation}  {moved}  ({event.reason})"
