"""The actor that works: the Temporal worker, the project's tools, and whatever was accepted but not begun."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import trio

from compozy.app.executions import executions_over, orchestrator_on, task_queue_of
from compozy.app.imports import import_in_thread
from compozy.app.presence import beating, new_worker_id, pulse_of, read_outline
from compozy.app.project_tools import open_project_tools
from compozy.app.schedules import bring_in_line, schedules_on
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.contracts.tools import Tools
from compozy.domain.definitions import Project
from compozy.domain.errors import UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.drivers.clock import utc_now
from compozy.drivers.models import ProviderModels
from compozy.engine.asking import Asking
from compozy.engine.dispatching import Dispatching
from compozy.engine.executions import Executions
from compozy.engine.loading.rendered import all_tasks
from compozy.engine.memories import Memories
from compozy.engine.performers import Performers
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.engine.schedules.starting import DueExecutions
from compozy.engine.task_runs import TaskRuns
from compozy.telemetry.logger import get_logger
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.model_metrics import CountedModels
from compozy.telemetry.tool_metrics import CountedTools
from compozy.telemetry.tracing import Tracing
from compozy.worker.background import beside
from supervisors import Context

_HAND_OVER_EVERY_S: Final = 10.0
_HAND_OVER_GRACE: Final = timedelta(seconds=10)
"""How long whoever has recorded an execution is left to hand it over; it gives up long before that."""

_log = get_logger(__name__)


def worker_actor(
    project: Project,
    metrics: Metrics,
    *,
    tracing: Tracing,
    concurrency: int,
    max_output_bytes: int,
    keeps_schedules: bool,
) -> Callable[..., Awaitable[None]]:
    """Return the actor that carries out the executions of the project.

    Args:
        project: Whose executions.
        metrics: Where it counts.
        tracing: Who is told of executions and tasks.
        concurrency: How many tasks at a time.
        max_output_bytes: How large the output of a tool may be, as JSON.
        keeps_schedules: Whether it brings the schedules in force in line with the project.
    """
    worker_id = new_worker_id()

    async def worker(ctx: Context, store: Store, cache: Cache, temporal: Any) -> None:
        async with open_project_tools(project, max_output_bytes=max_output_bytes) as tools:
            await work(ctx, tools, store, cache, temporal)

    async def work(ctx: Context, tools: Tools, store: Store, cache: Cache, temporal: Any) -> None:
        known = {tool_id for workflow in project.workflows.values() for tool_id in workflow.tools}
        executions = executions_over(project, store, cache, lambda: orchestrator_on(temporal, project))
        memories = Memories.of(cache, project.name)
        models = ProviderModels.of_all()
        runs = TaskRuns(
            store=store,
            pubsub=cache.pubsub,
            performers=Performers(
                tools=CountedTools(tools, known=known, metrics=metrics),
                dispatching=Dispatching(executions),
                asking=Asking(
                    models=CountedModels(models, known=models_of(project), metrics=metrics), memories=memories
                ),
                memories=memories,
            ),
            clock=utc_now,
            observe=partial(count_end, metrics),
            tracing=tracing,
        )
        service = await import_in_thread("compozy.worker.service")
        pulse = pulse_of(worker_id, project, cache, await trio.to_thread.run_sync(read_outline, project))
        kept = ProjectSchedules(project=project, schedules=lambda: schedules_on(temporal, project))
        in_line = partial(bring_in_line, kept) if keeps_schedules else trio.lowlevel.checkpoint
        async with beside(partial(_hand_over, executions)), beside(in_line), beating(pulse) as begin:

            def started() -> None:
                begin()
                ctx.started()

            await service.run_worker(
                temporal,
                runs,
                task_queue=task_queue_of(project),
                concurrency=concurrency,
                due=DueExecutions(project=project, store=store, clock=utc_now),
                started=started,
                stop=ctx.stopping.wait,
            )

    return worker


async def _hand_over(executions: Executions) -> None:
    """Hand over, now and every ten seconds, what was accepted but did not reach the orchestrator."""
    taken: dict[str, datetime] = {}
    grace = timedelta()  # at first: whoever recorded it may be the one that has just died
    while True:
        try:
            if resumed := await executions.resume_pending(taken=taken, grace=grace):
                _log.info("executions accepted earlier were handed over", count=resumed)
        except UnavailableError as error:
            _log.warning("executions accepted earlier are handed over later", reason=str(error))
        await trio.sleep(_HAND_OVER_EVERY_S)
        grace = _HAND_OVER_GRACE


def models_of(project: Project) -> frozenset[tuple[str, str]]:
    """Return the models that the workflows of a project ask, each by its provider and its name there."""
    workflows = project.workflows.values()
    agents = (agent.model for workflow in workflows for agent in workflow.agents.values())
    asks = (task.ask for workflow in workflows for task in all_tasks(workflow.tasks))
    asked = (ask.model for ask in asks if ask is not None and ask.model is not None)
    return frozenset((model.provider, model.model) for model in (*agents, *asked))


def count_end(metrics: Metrics, state: TaskState | WorkflowState) -> None:
    """Count what has ended."""
    seconds = (state.updated_at - state.created_at).total_seconds()
    if isinstance(state, WorkflowState):
        metrics.count_execution(state.workflow_id, state.status, seconds=seconds)
    else:
        metrics.count_task(state.type, state.status, seconds=seconds)
