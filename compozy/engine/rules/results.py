"""What tasks have as output, by type, and which output means that the task failed."""

import json
from datetime import timedelta

from compozy.domain.durations import format_duration
from compozy.domain.executions import Failure
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import Signal, TaskOutcome
from compozy.templates.values import to_text


def output_of_result(result: Json) -> JsonObject:
    """Return the output of a task whose tool or model returned this.

    >>> output_of_result({"n": 1}), output_of_result(None), output_of_result("Faro"), output_of_result([1])
    ({'n': 1}, {}, {'value': 'Faro'}, {'value': [1]})
    """
    if result is None:
        return {}
    return result if isinstance(result, dict) else {"value": result}


def outcome_of_output(output: JsonObject) -> TaskOutcome:
    """Return how a task ended that has this output.

    A tool may report its own failure: a non-empty ``error``, or ``success: false``, marks the task FAILED.

    >>> outcome_of_output({"error": {"code": "NO_PAPER", "message": "the tray is empty"}}).error.code
    'NO_PAPER'
    >>> outcome_of_output({"success": False}).error.message
    'the tool returned success: false'
    >>> outcome_of_output({"success": True, "error": ""}).status.value
    'SUCCESS'
    """
    error = output.get("error")
    if error:
        return TaskOutcome(status=Status.FAILED, output=output, error=_reported(error))
    if output.get("success") is False:
        message = _worded(output.get("message") or "the tool returned success: false")
        return TaskOutcome(status=Status.FAILED, output=output, error=Failure(code="TOOL_FAILED", message=message))
    return TaskOutcome(status=Status.SUCCESS, output=output)


def router_output(value: Json, *, route_taken: str) -> JsonObject:
    """Return the output of a router.

    >>> router_output(True, route_taken="ship-order")
    {'condition': 'true', 'route_taken': 'ship-order', 'router_type': 'conditional'}
    >>> router_output(None, route_taken="ask-again")["condition"]
    'null'

    Args:
        value: What its condition came to; shown as text, as the key of a route is written.
        route_taken: Id of the task that follows.
    """
    shown = "null" if value is None else _worded(value).strip()
    return {"condition": shown, "route_taken": route_taken, "router_type": "conditional"}


def signal_view(signal: Signal) -> JsonObject:
    """Return what templates and expressions see as ``.signal``."""
    return {
        "payload": signal.payload,
        "metadata": {
            "signal_id": signal.event_id,
            "name": signal.name,
            "received_at_utc": signal.at.isoformat(),
            "sender": signal.sender,
        },
    }


def wait_output(signal: Signal, *, processor: Json = None) -> JsonObject:
    """Return the output of a wait that took this signal.

    Args:
        signal: What it took.
        processor: What templates see as ``.processor``; None without one.
    """
    return {"wait_status": "completed", "signal": signal_view(signal), "processor_output": processor}


def wait_timed_out(name: str, limit: timedelta) -> TaskOutcome:
    """Return how a wait ended that took no signal in time: FAILED with the code ``WAIT_TIMEOUT``.

    >>> wait_timed_out("approval", timedelta(hours=24)).error.message
    "no signal 'approval' was taken within 24h"

    Args:
        name: What it waited for.
        limit: How long it did.
    """
    return TaskOutcome(
        status=Status.FAILED,
        output={"wait_status": "timed_out", "signal": None, "processor_output": None},
        error=Failure(code="WAIT_TIMEOUT", message=f"no signal {name!r} was taken within {format_duration(limit)}"),
    )


def _reported(error: Json) -> Failure:
    if isinstance(error, dict):
        message = _worded(error.get("message") or error)
        return Failure(code=_worded(error.get("code") or "TOOL_FAILED"), message=message, details=error)
    return Failure(code="TOOL_FAILED", message=_worded(error))


def _worded(value: Json) -> str:
    """Return a value for people to read; lists and objects as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else to_text(value)
