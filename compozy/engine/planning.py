"""What follows what: the decisions of an execution, as pure functions."""

from collections.abc import Mapping, Sequence

from compozy.domain.definitions import Strategy, TaskDefinition, Transition
from compozy.domain.executions import Failure
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome


def transition_after(task: TaskDefinition, status: Status) -> Transition | None:
    """Return what follows the task that ended so; None when nothing does."""
    transition = task.on_success if status is Status.SUCCESS else task.on_error
    return transition if transition is not None and transition.next is not None else None


def outcome_of_output(output: JsonObject) -> TaskOutcome:
    """Return how a task whose tool returned this ended.

    A tool may report its own failure: a non-empty ``error``, or ``success: false``, marks the task FAILED.
    """
    error = output.get("error")
    if error:
        return TaskOutcome(status=Status.FAILED, output=output, error=_reported(error))
    if output.get("success") is False:
        message = str(output.get("message") or "the tool returned success: false")
        return TaskOutcome(status=Status.FAILED, output=output, error=Failure(code="TOOL_FAILED", message=message))
    return TaskOutcome(status=Status.SUCCESS, output=output)


def _reported(error: Json) -> Failure:
    if isinstance(error, dict):
        message = str(error.get("message") or error)
        return Failure(code=str(error.get("code") or "TOOL_FAILED"), message=message, details=error)
    return Failure(code="TOOL_FAILED", message=str(error))


def container_status(strategy: Strategy, statuses: Sequence[Status]) -> Status | None:
    """Return how a container stands whose children stand so; None while it has not ended.

    A container without children has succeeded.
    """
    match strategy:
        case Strategy.WAIT_ALL:
            if not all(status.is_terminal for status in statuses):
                return None
            return Status.SUCCESS if all(status is Status.SUCCESS for status in statuses) else Status.FAILED


def container_output(children: Mapping[str, TaskOutcome], status: Status) -> JsonObject:
    """Return the recorded output of a container: its children's outputs, and how many ended how."""
    statuses = [outcome.status for outcome in children.values()]
    total = len(statuses)
    failed = sum(status in {Status.FAILED, Status.TIMED_OUT} for status in statuses)
    succeeded = statuses.count(Status.SUCCESS)
    return {
        "outputs": {child_id: outcome.output for child_id, outcome in children.items()},
        "progress_info": {
            "total_children": total,
            "success_count": succeeded,
            "failed_count": statuses.count(Status.FAILED),
            "canceled_count": statuses.count(Status.CANCELED),
            "timed_out_count": statuses.count(Status.TIMED_OUT),
            "completion_rate": succeeded / total if total else 1.0,
            "failure_rate": failed / total if total else 0.0,
            "overall_status": status.value,
        },
    }


def container_failure(children: Mapping[str, TaskOutcome]) -> Failure:
    """Return why a container failed: which of its children did, and what each said."""
    failed = {child_id: outcome for child_id, outcome in children.items() if outcome.status is not Status.SUCCESS}
    messages = {
        child_id: outcome.error.message if outcome.error else outcome.status.value
        for child_id, outcome in failed.items()
    }
    listed = "; ".join(f"{child_id}: {message}" for child_id, message in messages.items())
    return Failure(
        code="CHILD_FAILED",
        message=f"{len(failed)} of {len(children)} tasks did not succeed: {listed}",
        details={"children": messages},
    )
