"""Aggregate tasks: shape what others have produced."""

from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome
from compozy.engine.scopes import placed
from compozy.templates import render
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_aggregate(runner: Runner, run: TaskRun) -> Ending:  # noqa: ASYNC124 - all kinds are alike
    """Render ``outputs``, which are all that the task is; they are its raw output too."""
    scope = {**run.scope, "input": run.state.input}
    with placed("outputs"):
        output = render(run.task.outputs or {}, scope, sources=runner.sources)
    return Ending(outcome=TaskOutcome(status=Status.SUCCESS, output=output))
