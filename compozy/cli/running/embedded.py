"""Executions in this process: a runtime of our own, as long as the command runs."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from typing_extensions import override

from compozy import app
from compozy.app.garbage import put_all_aside
from compozy.cli.complaints import leaves
from compozy.cli.exits import Exit
from compozy.cli.launch import app_options
from compozy.cli.project import Flags, read
from compozy.cli.running.session import Request, run_session
from compozy.cli.running.sources import Source
from compozy.cli.running.views import View, view_of
from compozy.domain.definitions import Project
from compozy.domain.errors import ConflictError, NotFoundError
from compozy.domain.json import JsonObject
from compozy.domain.suggestions import did_you_mean
from compozy.engine.events import ExecutionEvent
from compozy.engine.executions import Executions
from compozy.engine.inputs import validate_input
from compozy.telemetry.logs import configure_logs
from supervisors import Live


@attrs.frozen(kw_only=True)
class Embedded(Source):
    """The executions of a runtime in this process.

    Attributes:
        executions: Those of the runtime.
        tree: Its actors.
        keeps_state: Whether its state outlives the command.
    """

    executions: Executions
    tree: Live
    keeps_state: bool = True

    @override
    async def start(self, workflow_id: str, input_: JsonObject) -> str:
        return (await self.executions.start(workflow_id, input_)).exec_id

    @override
    async def get(self, exec_id: str) -> View:
        execution = await self.executions.get(exec_id)
        return view_of(execution.workflow, execution.tasks)

    @override
    def watch(self, exec_id: str) -> AbstractAsyncContextManager[AsyncIterator[ExecutionEvent]]:
        return self.executions.watch(exec_id)

    @override
    def aftermath(self, exec_id: str) -> str:
        if self.keeps_state:
            return f"execution {exec_id} goes on when the runtime is started again, for example by `compozy serve`"
        return f"execution {exec_id} is gone with its temporary state"

    @override
    def hurry(self) -> None:
        self.tree.request_stop("hurried", hurried=True)


def run_embedded(request: Request, config: Path, flags: Flags, *, temporary: bool, format_: str) -> Exit:
    """Run the request in a runtime of our own.

    Args:
        request: What to run.
        config: The project.
        flags: Dotted setting to value.
        temporary: Keep the state in a folder that is gone afterwards, so that a running server is not in the way.
        format_: Of the output.
    """
    # Read here, and by the runtime again: it takes milliseconds, and what is wrong is told before anything starts.
    loaded = read(config, flags)
    check(request, loaded.project)
    log = loaded.settings.log
    configure_logs(level=log.level, format=log.format)
    with ExitStack() as stack:
        if temporary:
            folder = stack.enter_context(TemporaryDirectory(prefix="compozy-"))
            flags = {**flags, "state_dir": folder, "cache.durable": False}
        opening = open_embedded(app_options(config, flags), keeps_state=not temporary)
        try:
            return run_session(request, opening, format_=format_)
        finally:
            # As `serve` does: a worker that was stopped within a task, and is freed at exit, panics on stderr.
            put_all_aside()


def check(request: Request, project: Project) -> None:
    """Return when the project can take the request.

    Raises:
        NotFoundError: It has no such workflow.
        InvalidError: The input does not fit the workflow's schema.
    """
    definition = project.workflows.get(request.workflow_id)
    if definition is None:
        hint = did_you_mean(request.workflow_id, project.workflows)
        raise NotFoundError(f"there is no workflow {request.workflow_id!r}; {hint}")
    validate_input(definition, request.input)


@asynccontextmanager
async def open_embedded(options: app.Options, *, keeps_state: bool) -> AsyncIterator[Source]:
    """Boot the project's runtime and stop it in order on leaving, cancelled or not.

    Raises:
        ConflictError: Another runtime is at work on the same state.
    """
    async with AsyncExitStack() as stack:
        try:
            runtime = await stack.enter_async_context(app.open_runtime(options))
        except* ConflictError as found:
            cause = next(leaves(found))
            raise ConflictError(f"{cause}, or run this beside it with --temporary") from cause
        yield Embedded(executions=runtime.executions, tree=runtime.tree, keeps_state=keeps_state)
