"""The actor that works: the Temporal worker, the project's tools, and whatever was accepted but not begun."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from compozy.app.executions import executions_over, orchestrator_on, task_queue_of
from compozy.app.imports import import_in_thread
from compozy.app.presence import beating, new_worker_id, pulse_of, read_outline
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.contracts.tools import Tools
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.clock import utc_now
from compozy.drivers.tools.python import PythonTools, exported_tools, load_entrypoint
from compozy.engine.executions import Executions
from compozy.engine.task_runs import TaskRuns
from compozy.telemetry.logger import get_logger
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tool_metrics import CountedTools
from compozy.telemetry.tracing import Tracing
from compozy.worker.background import beside
from supervisors import Context

_HAND_OVER_EVERY_S: Final = 10.0

_log = get_logger(__name__)


def worker_actor(project: Project, metrics: Metrics, *, tracing: Tracing) -> Callable[..., Awaitable[None]]:
    """Return the actor that carries out the executions of the project."""
    worker_id = new_worker_id()

    async def worker(ctx: Context, store: Store, cache: Cache, temporal: Any) -> None:
        tools = await trio.to_thread.run_sync(load_tools, project)
        known = {tool_id for workflow in project.workflows.values() for tool_id in workflow.tools}
        runs = TaskRuns(
            store=store,
            pubsub=cache.pubsub,
            tools=CountedTools(tools, known=known, metrics=metrics),
            clock=utc_now,
            observe=partial(count_end, metrics),
            tracing=tracing,
        )
        service = await import_in_thread("compozy.worker.service")
        executions = executions_over(project, store, cache, lambda: orchestrator_on(temporal, project))
        pulse = pulse_of(worker_id, project, cache, await trio.to_thread.run_sync(read_outline, project))
        async with beside(partial(_hand_over, executions)), beating(pulse) as begin:

            def started() -> None:
                begin()
                ctx.started()

            await service.run_worker(
                temporal, runs, task_queue=task_queue_of(project), started=started, stop=ctx.stopping.wait
            )

    return worker


async def _hand_over(executions: Executions) -> None:
    """Hand over, now and every ten seconds, what was accepted but did not reach the orchestrator."""
    while True:
        try:
            if resumed := await executions.resume_pending():
                _log.info("executions accepted earlier were handed over", count=resumed)
        except UnavailableError as error:
            _log.warning("executions accepted earlier are handed over later", reason=str(error))
        await trio.sleep(_HAND_OVER_EVERY_S)


def count_end(metrics: Metrics, state: TaskState | WorkflowState) -> None:
    """Count what has ended."""
    seconds = (state.updated_at - state.created_at).total_seconds()
    if isinstance(state, WorkflowState):
        metrics.count_execution(state.workflow_id, state.status, seconds=seconds)
    else:
        metrics.count_task(state.type, state.status, seconds=seconds)


def load_tools(project: Project) -> Tools:
    """Import the project's entrypoint and return its tools.

    Raises:
        InvalidError: It cannot be imported, or lacks a tool that a workflow names.
    """
    if project.entrypoint is None:
        return PythonTools({})
    path = Path(project.root, project.entrypoint)
    functions = exported_tools(load_entrypoint(path))
    named = {tool_id: workflow.id for workflow in project.workflows.values() for tool_id in workflow.tools}
    problems = [
        Problem(
            file=str(path),
            message=f"exports no function {tool_id!r}, which workflow {workflow_id!r} uses",
            hint=did_you_mean(tool_id, functions),
        )
        for tool_id, workflow_id in sorted(named.items())
        if tool_id not in functions
    ]
    if problems:
        raise InvalidError(problems)
    return PythonTools(functions)
