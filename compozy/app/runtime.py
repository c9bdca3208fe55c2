"""A project's runtime inside another program: no signals, no logging set-up, no globals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import PathLike

import attrs

import compozy
from compozy.app.executions import current_orchestrator, executions_over
from compozy.app.options import Loaded, Options, load
from compozy.app.roles import Roles
from compozy.app.tracing import open_tracing
from compozy.app.tree import build_tree
from compozy.config.settings import Settings
from compozy.domain.definitions import Project
from compozy.domain.errors import CompozyError, ToolError
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.engine.dispatching import Dispatching
from compozy.engine.executions import Executions
from compozy.engine.steering import Steering
from compozy.telemetry.metrics import Deployment, Metrics
from supervisors import Live, TreeFailed


@attrs.frozen(kw_only=True)
class Runtime:
    """A running project.

    Attributes:
        settings: All settings, each with its origin.
        project: The workflows.
        executions: Start, run, find and watch executions.
        steering: Pause, resume, cancel, signal and repeat executions.
        events: Tell what happened to whoever waits for it or is started by it.
        metrics: What it counts.
        tree: The actors.
    """

    settings: Settings
    project: Project
    executions: Executions
    steering: Steering
    events: Dispatching
    metrics: Metrics
    tree: Live

    async def run(self, workflow_id: str, input_: JsonObject | None = None) -> Json:
        """Run a workflow to its end and return its outputs.

        For the tasks of the execution, or its state when it did not succeed, see :meth:`Executions.run`.

        Cancellation: stops the wait; the execution goes on.

        Args:
            workflow_id: Which workflow.
            input_: Its input; None: nothing, so that the schema's defaults apply.

        Raises:
            ToolError: The execution did not succeed. Its ``error_code`` is that of the failure, its ``details`` have
                ``exec_id`` and ``status`` too.
            NotFoundError: There is no such workflow.
            InvalidError: The input does not fit the workflow's schema.
            UnavailableError: A backend is gone just now; nothing was started.
        """
        return _output_of((await self.executions.run(workflow_id, input_ or {})).workflow)


@asynccontextmanager
async def open_runtime(project: str | PathLike[str] | Options, *, serves_http: bool = False) -> AsyncIterator[Runtime]:
    """Start a project's runtime; entering returns when all of it is ready, leaving stops it in order.

    Example::

        async with compozy.open_runtime("examples/hello") as app:
            outputs = await app.run("greet", {"name": "Ada"})

    Cancellation: the ordered stop still runs, shielded and bounded by its budget. Executions that have not ended go on
    at the next start.

    Args:
        project: ``compozy.yaml``, or the folder that holds it; or options, which say that and more.
        serves_http: Serve the API too.

    Raises:
        InvalidError: Something is wrong with the project.
        CompozyError: A backend could not be started, when that was the one cause.
        TreeFailed: Several causes.
    """
    loaded = load(project if isinstance(project, Options) else Options(path=project))
    metrics = Metrics(deployment_of(loaded))
    try:
        async with open_tracing(loaded.settings.telemetry) as tracing:
            tree = build_tree(loaded, metrics, tracing=tracing, roles=Roles(serves_http=serves_http, waits=False))
            async with tree.open() as live:
                yield _runtime(loaded, metrics, live)
    except TreeFailed as failed:
        raise simplest(failed) from failed


def _runtime(loaded: Loaded, metrics: Metrics, live: Live) -> Runtime:
    executions = executions_over(
        loaded.project,
        live["store"].get(),
        live["cache"].get(),
        lambda: current_orchestrator(live, loaded.project),
        max_input_bytes=loaded.settings.limits.max_payload_size,
    )
    return Runtime(
        settings=loaded.settings,
        project=loaded.project,
        executions=executions,
        steering=Steering(executions),
        events=Dispatching(executions),
        metrics=metrics,
        tree=live,
    )


def _output_of(ended: WorkflowState) -> Json:
    if ended.status is Status.SUCCESS:
        return ended.output
    failure = ended.error or Failure(code=ended.status.value, message="no reason was given")
    raise ToolError(
        f"workflow {ended.workflow_id!r} ended {ended.status}: {failure.message}",
        error_code=failure.code,
        details={**failure.details, "exec_id": ended.exec_id, "status": ended.status.value},
    )


def simplest(failed: TreeFailed) -> Exception:
    """Return the one error of ours that brought a tree down, else the failure as it is."""
    causes = [cause for cause in failed.exceptions if isinstance(cause, CompozyError)]
    return causes[0] if len(causes) == len(failed.exceptions) == 1 else failed


def deployment_of(loaded: Loaded) -> Deployment:
    """Return what metrics and log lines say about this process."""
    return Deployment(
        version=compozy.__version__,
        mode=loaded.settings.mode.value,
        store_driver=loaded.settings.database.driver.value,
        cache_driver=loaded.settings.cache_driver.value,
    )
