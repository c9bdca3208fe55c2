"""Executions: accept, run, find and watch them."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Final

import attrs
import trio

from compozy.contracts.cache import PubSub
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Page, Repositories, Store, WorkflowFilter
from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import InvalidError, NotFoundError, Problem, UnavailableError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.suggestions import did_you_mean
from compozy.engine import events
from compozy.engine.inputs import validate_input
from compozy.telemetry.logger import get_logger

MAX_INPUT_BYTES: Final = 1024 * 1024
"""The largest input of an execution, as JSON: it becomes part of a history, whose entries Temporal limits to 2 MiB."""

_FIRST_WAIT_S: Final = 0.05
_LONGEST_WAIT_S: Final = 1.0
_HAND_OVER_S: Final = 5.0
"""How long the orchestrator may take to answer; an execution that it did not take is handed over later."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class Execution:
    """One execution with the tasks it has run so far.

    Attributes:
        workflow: The execution.
        tasks: Its task runs, oldest first, children included.
    """

    workflow: WorkflowState
    tasks: tuple[TaskState, ...] = ()


@attrs.frozen(kw_only=True)
class Executions:
    """The executions of one project.

    Attributes:
        project: What may be executed.
        store: Where executions are recorded.
        pubsub: Where their changes are told.
        orchestrator: Gives the engine that runs them, or raises UnavailableError while there is none.
        clock: Gives the current time, UTC.
    """

    project: Project
    store: Store
    pubsub: PubSub
    orchestrator: Callable[[], Orchestrator]
    clock: Callable[[], datetime]

    def find_workflow(self, workflow_id: str) -> WorkflowDefinition | None:
        """Return the workflow, or None when the project has none with this id."""
        return self.project.workflows.get(workflow_id)

    def get_workflow(self, workflow_id: str) -> WorkflowDefinition:
        """Return the workflow.

        Raises:
            NotFoundError: The project has none with this id.
        """
        definition = self.find_workflow(workflow_id)
        if definition is None:
            hint = did_you_mean(workflow_id, self.project.workflows)
            raise NotFoundError(f"there is no workflow {workflow_id!r}; {hint}")
        return definition

    async def start(self, workflow_id: str, input_: JsonObject, *, exec_id: str | None = None) -> WorkflowState:
        """Accept one execution and return as soon as it is recorded and handed to the orchestrator.

        Once it is recorded it will run: when the orchestrator goes away in that very moment, :meth:`resume_pending`
        hands it over later, and the state returned is PENDING all the same. Cancelling takes effect before the record
        is begun, or not at all.

        Args:
            workflow_id: Which workflow.
            input_: Its input; the schema's defaults are applied, then it is validated.
            exec_id: The identifier to use; None makes one.

        Raises:
            NotFoundError: There is no such workflow.
            InvalidError: The input does not fit the workflow's schema, or is larger than MAX_INPUT_BYTES; or the
                orchestrator refuses the execution, which is then recorded as FAILED.
            UnavailableError: There is no orchestrator now, or the store cannot be reached; nothing was recorded.
        """
        definition = self.get_workflow(workflow_id)
        checked = validate_input(definition, input_)
        _check_size(checked)
        self.orchestrator()  # raises when there is none: then nothing is recorded
        now = self.clock()
        state = WorkflowState(
            exec_id=exec_id or new_exec_id(),
            workflow_id=workflow_id,
            status=Status.PENDING,
            input=checked,
            created_at=now,
            updated_at=now,
        )

        async def record(repos: Repositories) -> WorkflowState:
            return await repos.workflows.upsert(state)

        refusal: InvalidError | None = None
        # Between the record and the start there must be no way out for a caller that is cancelled: the execution would
        # wait for the next start of the program.
        with trio.CancelScope(shield=True):
            await self.store.transaction(record)
            with trio.move_on_after(_HAND_OVER_S) as hand_over:
                try:
                    await self._hand_over(state, definition)
                except InvalidError as error:
                    refusal = error
            if refusal is not None:
                await self._refuse(state, refusal)
                raise refusal
        if hand_over.cancelled_caught:
            _log.warning("execution is recorded but not begun yet", exec_id=state.exec_id)
        return state

    async def _hand_over(self, state: WorkflowState, definition: WorkflowDefinition) -> None:
        """Start the execution on whatever orchestrator there is, for as long as it takes to find one that answers."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                return await self.orchestrator().start(state, definition, self.project)
            except UnavailableError as error:
                _log.debug("execution is handed over again", exec_id=state.exec_id, reason=str(error))
                await trio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _refuse(self, state: WorkflowState, error: InvalidError) -> None:
        """Record that the orchestrator will never take this execution, so that nobody offers it again."""
        failure = Failure(code=error.code, message=str(error))
        failed = attrs.evolve(state, status=Status.FAILED, error=failure, updated_at=self.clock())

        async def record(repos: Repositories) -> WorkflowState:
            return await repos.workflows.upsert(failed)

        await events.publish(self.pubsub, await self.store.transaction(record))

    async def run(self, workflow_id: str, input_: JsonObject) -> Execution:
        """Run one execution to its end and return it, whatever its outcome.

        Woken by the event of the end, not by polling. Cancelling stops the wait; the execution goes on. Raises what
        :meth:`start` raises. To know the identifier before the end, use :meth:`watch` and :meth:`start`.
        """
        exec_id = new_exec_id()
        async with self.watch(exec_id) as changes:
            await self.start(workflow_id, input_, exec_id=exec_id)
            async for change in changes:
                if change.ends_execution:
                    break
        return await self.get(exec_id)

    @asynccontextmanager
    async def watch(self, exec_id: str) -> AsyncIterator[AsyncIterator[events.ExecutionEvent]]:
        """Open a view of the changes of one execution, from now on.

        The execution need not exist yet. The iterator ends after the event that ends the execution. An execution that
        ended before the view was opened gives no event: read its state after entering, then iterate.
        """

        async def changes() -> AsyncGenerator[events.ExecutionEvent, None]:
            async for message in messages:
                event = events.parse_event(message.payload)
                yield event
                if event.ends_execution:
                    return

        async with self.pubsub.subscribe(events.channel_of(exec_id)) as messages, aclosing(changes()) as following:
            yield following

    async def get(self, exec_id: str) -> Execution:
        """Return one execution with its tasks, as one consistent snapshot.

        Raises:
            NotFoundError: There is none with this id.
        """

        async def read(repos: Repositories) -> Execution:
            workflow = await repos.workflows.get(exec_id)
            return Execution(workflow=workflow, tasks=tuple(await repos.tasks.list_by_workflow(exec_id)))

        return await self.store.read(read)

    async def list(self, where: WorkflowFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Return executions, newest first, as :meth:`compozy.contracts.store.WorkflowStates.list` does."""

        async def read(repos: Repositories) -> Page:
            return await repos.workflows.list(where, cursor=cursor, limit=limit)

        return await self.store.read(read)

    async def resume_pending(self) -> int:
        """Hand every execution that is recorded but not begun to the orchestrator; return how many there were.

        Starting one that has begun already does nothing, so this is safe at any time and from several processes.
        One whose workflow the project no longer has is left as it is, and logged; one that the orchestrator refuses is
        recorded as FAILED.
        """
        orchestrator = self.orchestrator()
        count = 0
        cursor = None
        while True:
            page = await self.list(WorkflowFilter(statuses=frozenset({Status.PENDING})), cursor=cursor, limit=500)
            for state in page.items:
                definition = self.find_workflow(state.workflow_id)
                if definition is None:
                    _log.warning("pending execution of an unknown workflow", exec_id=state.exec_id)
                    continue
                try:
                    await orchestrator.start(state, definition, self.project)
                except InvalidError as error:
                    _log.warning("pending execution is refused", exec_id=state.exec_id, reason=str(error))
                    await self._refuse(state, error)
                else:
                    count += 1
            cursor = page.next_cursor
            if cursor is None:
                return count


def _check_size(input_: JsonObject) -> None:
    """Refuse an input that no orchestrator would take, before anything is recorded."""
    size = len(json.dumps(input_))
    if size > MAX_INPUT_BYTES:
        hint = "pass large data by reference, for example as a path or a URL"
        raise InvalidError(
            Problem(key="input", message=f"is {size} bytes of JSON, more than {MAX_INPUT_BYTES}", hint=hint)
        )
