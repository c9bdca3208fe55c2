"""The orchestrator on Temporal: an execution is a Temporal workflow whose id is the execution's."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import attrs
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError
from typing_extensions import override

from compozy.bridge import HostClosedError
from compozy.contracts.orchestrator import Orchestrator
from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import ConflictError, UnavailableError
from compozy.domain.executions import WorkflowState
from compozy.domain.views import TaskView
from compozy.domain.work import EXECUTION_WORKFLOW, PAUSE, RESUME, SIGNAL, ExecutionRequest, Signal
from compozy.drivers.temporal.connection import Connection
from compozy.drivers.temporal.errors import translate
from compozy.telemetry.logger import get_logger
from compozy.telemetry.tracing import current_traceparent

_TASK_TIMEOUT: Final = timedelta(seconds=5)
"""How long a step of a workflow belongs to one worker: what a killed one had in hand is taken up again after that."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class TemporalOrchestrator(Orchestrator):
    """Starts executions over a connection.

    Attributes:
        connection: A live connection.
        task_queue: Where the workers listen.
    """

    connection: Connection
    task_queue: str

    @override
    async def start(
        self,
        state: WorkflowState,
        definition: WorkflowDefinition,
        project: Project,
        *,
        earlier: Mapping[str, TaskView] | None = None,
    ) -> None:
        request = ExecutionRequest(
            exec_id=state.exec_id,
            definition=definition,
            input=state.input,
            project={"name": project.name},
            accepted_at=state.created_at,
            env=dict(definition.env),
            first_task=state.first_task,
            earlier=dict(earlier or {}),
            trigger=state.trigger,
            traceparent=current_traceparent(),
        )
        try:
            await self.connection.host.call(self._start, request, project.name)
        except WorkflowAlreadyStartedError:
            return
        except ConflictError as error:  # a payload of it cannot be kept
            _log.warning("the execution was deleted before it began", exec_id=state.exec_id, reason=str(error))
        except RPCError as error:
            raise translate(error) from error
        except HostClosedError as error:
            raise UnavailableError("the connection to temporal was closed") from error

    @override
    async def signal(self, exec_id: str, signal: Signal) -> None:
        await self._tell(partial(self._signal, exec_id, SIGNAL, signal))

    @override
    async def cancel(self, exec_id: str) -> None:
        await self._tell(partial(self._cancel, exec_id))

    @override
    async def pause(self, exec_id: str) -> None:
        await self._tell(partial(self._signal, exec_id, PAUSE))

    @override
    async def resume(self, exec_id: str) -> None:
        await self._tell(partial(self._signal, exec_id, RESUME))

    async def _tell(self, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await self.connection.host.call(call)
        except RPCError as error:
            raise translate(error) from error
        except HostClosedError as error:
            raise UnavailableError("the connection to temporal was closed") from error

    async def _signal(self, exec_id: str, name: str, *arguments: Signal) -> None:
        handle = self.connection.client.get_workflow_handle(exec_id)
        await handle.signal(name, args=arguments)

    async def _cancel(self, exec_id: str) -> None:
        await self.connection.client.get_workflow_handle(exec_id).cancel()

    async def _start(self, request: ExecutionRequest, project: str) -> None:
        labels = self.connection.labels
        try:
            await self._start_labelled(request, labels.of(request.definition.id, project))
        except RPCError as error:
            refusal = error
        else:
            return
        if not await labels.handle_refusal(self.connection.client, refusal):
            raise refusal
        await self._start_labelled(request, TypedSearchAttributes.empty)

    async def _start_labelled(self, request: ExecutionRequest, labels: TypedSearchAttributes) -> None:
        await self.connection.client.start_workflow(
            EXECUTION_WORKFLOW,
            request,
            id=request.exec_id,
            task_queue=self.task_queue,
            # One id, one run, ever: a repeated start finds the first one, running or ended.
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=labels,
            task_timeout=_TASK_TIMEOUT,
            # The worker of this process, if it has room, gets the first task with the answer: one hop less.
            request_eager_start=True,
        )
