"""Log lines of the Temporal SDK in our words.

Its loggers hang a dictionary on each record and write it into the message as well; its native part sends fields along.
Both become fields of the line. An execution is a Temporal workflow of the same id, so what the SDK calls
``workflow_id`` is our ``exec_id``; which workflow that is, and which task, has been bound, if by anybody
(:mod:`compozy.telemetry.facts`).
"""

import logging
from typing import Final

from structlog.typing import EventDict

from compozy.domain.errors import CompozyError

_DICTIONARIES: Final = ("temporal_workflow", "temporal_activity")
_NATIVE: Final = "temporal_log"
_KIND: Final = "__temporal_error_identifier"
_ACTIVITY_FAILED: Final = "ActivityFailure"


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record says what no other line does.

    The SDK writes a traceback for each activity that did not end well, also for one that an outage or the end of the
    worker has cut off. Of an outage our own line has told by then, and what was cut off is done again.
    """
    if getattr(record, _KIND, None) != _ACTIVITY_FAILED or not record.exc_info:
        return True
    error = record.exc_info[1]
    # The cancellation of asyncio is no Exception; an error that is neither is one that nobody expected.
    return isinstance(error, Exception) and not isinstance(error, CompozyError)


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
