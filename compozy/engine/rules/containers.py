"""What a container of tasks shows of them: its output, its progress, and why it failed."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from compozy.domain.executions import Failure
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome

_MOST_TOLD: Final = 10
"""Of how many tasks the message of a failure tells."""

_MOST_DETAILED: Final = 20
"""How many messages of tasks the details of a failure have."""


def progress(statuses: Sequence[Status], *, total: int, status: Status) -> JsonObject:
    """Return the ``progress_info`` of a container: how many of its tasks ended how.

    The rates are parts of 1: ``completion_rate`` of those that succeeded, ``failure_rate`` of those that failed or
    timed out. Of no tasks, all are complete.

    >>> info = progress([Status.SUCCESS, Status.TIMED_OUT], total=4, status=Status.RUNNING)
    >>> info["success_count"], info["timed_out_count"], info["completion_rate"], info["failure_rate"]
    (1, 1, 0.25, 0.25)

    Args:
        statuses: Of its tasks; those that have not begun may be left out.
        total: How many tasks it has.
        status: The container's own.
    """
    count = statuses.count
    broken = count(Status.FAILED) + count(Status.TIMED_OUT)
    return {
        "total_children": total,
        "success_count": count(Status.SUCCESS),
        "failed_count": count(Status.FAILED),
        "canceled_count": count(Status.CANCELED),
        "timed_out_count": count(Status.TIMED_OUT),
        "completion_rate": count(Status.SUCCESS) / total if total else 1.0,
        "failure_rate": broken / total if total else 0.0,
        "overall_status": status.value,
    }


def container_output(children: Mapping[str, TaskOutcome], status: Status, *, total: int | None = None) -> JsonObject:
    """Return the recorded output of a container: the outputs of its tasks that have one, and how many ended how.

    Args:
        children: How its tasks ended, by id.
        status: How it ended.
        total: How many tasks it has, when some never began; None means these.
    """
    statuses = [outcome.status for outcome in children.values()]
    return {
        "outputs": {child_id: outcome.output for child_id, outcome in children.items() if outcome.output is not None},
        "progress_info": progress(statuses, total=len(children) if total is None else total, status=status),
    }


def container_failure(
    children: Mapping[str, TaskOutcome], *, total: int | None = None, most: int = _MOST_DETAILED
) -> Failure:
    """Return why a container failed: which of its tasks did not succeed, and what each said.

    Those that were canceled come last: with most strategies they are the consequence, not the cause.

    >>> broken = TaskOutcome(status=Status.FAILED, error=Failure(code="TOOL_FAILED", message="no paper"))
    >>> container_failure({"scan": TaskOutcome(status=Status.CANCELED), "print": broken}, total=3).message
    '2 of 3 tasks did not succeed: print: no paper; scan: CANCELED'

    Args:
        children: How its tasks ended, by id.
        total: As for :func:`container_output`.
        most: How many messages its details have; how many tasks more there are they say under ``more``.
    """
    failed = {child_id: outcome for child_id, outcome in children.items() if outcome.status is not Status.SUCCESS}
    messages = {
        child_id: outcome.error.message if outcome.error else outcome.status.value
        for child_id, outcome in sorted(failed.items(), key=lambda item: item[1].status is Status.CANCELED)
    }
    told = [f"{child_id}: {message}" for child_id, message in messages.items()]
    listed = "; ".join(told[:_MOST_TOLD]) + (f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else "")
    details: JsonObject = {"children": dict(islice(messages.items(), most))}
    if len(messages) > most:
        details["more"] = len(messages) - most
    return Failure(
        code="CHILD_FAILED",
        message=f"{len(failed)} of {len(children) if total is None else total} tasks did not succeed: {listed}",
        details=details,
    )
