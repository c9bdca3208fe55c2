"""The log of what happens to actors: that one is ready or has stopped, and, louder, what goes wrong."""

from typing import Any

from compozy.telemetry.logger import get_logger
from supervisors import Event, State

_log = get_logger("compozy")


class EventLog:
    """Logs the events of one tree.

    An actor that waits for its server fails again and again, for the same reason: that is told once, and again when
    the reason is another one, or when the actor was ready in between.
    """

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Log one event."""
        facts: dict[str, Any] = {"actor": event.name, "generation": event.generation}
        match event.to_state:
            case State.READY:
                self._told.pop(event.name, None)
                _log.info("ready", **facts)
            case State.STOPPED | State.EXITED:
                _log.info("stopped", **facts)
            case State.GAVE_UP | State.ABANDONED:
                _log.error(event.to_state.value, **facts, reason=str(event.reason))
            case State.FAILED | State.DEGRADED if self._is_news(event):
                _log.error(event.to_state.value, **facts, reason=str(event.reason))
            case _:
                _log.debug(event.to_state.value, **facts, reason=str(event.reason))

    def _is_news(self, event: Event) -> bool:
        reason = str(event.reason)
        if self._told.get(event.name) == reason:
            return False
        self._told[event.name] = reason
        return True
