"""Log lines of the Temporal SDK in our words.

Its loggers hang a dictionary on each record and write it into the message as well; its native part sends fields along.
Both become fields of the line. An execution is a Temporal workflow of the same id, so what the SDK calls
``workflow_id`` is our ``exec_id``; which workflow that is, and which task, has been bound, if by anybody
(:mod:`compozy.telemetry.facts`).
"""

from typing import Final

from structlog.typing import EventDict

_DICTIONARIES: Final = ("temporal_workflow", "temporal_activity")
_NATIVE: Final = "temporal_log"


def in_our_words(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put what the SDK hung on a record among the fields of its line; a processor of structlog."""
    record = event.get("_record")
    for name in _DICTIONARIES:
        details = getattr(record, name, None)
        if isinstance(details, dict):
            event["event"] = str(event["event"]).removesuffix(f" ({details})")
            event.setdefault("exec_id", details.get("workflow_id"))
    native = getattr(record, _NATIVE, None)
    if native is not None:
        for name, value in {"target": native.target, **native.fields}.items():
            event.setdefault("exec_id" if name == "workflow_id" else name, value)
    return event
