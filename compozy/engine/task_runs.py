"""Carrying out one task run: record that it starts, run its tool, record how it ended; safe to repeat."""

from collections.abc import Callable, Iterable
from datetime import datetime

import attrs

from compozy.contracts.cache import PubSub
from compozy.contracts.store import Repositories, Store
from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import ToolError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.domain.work import RecordRequest, TaskOutcome, ToolRequest
from compozy.engine.events import publish
from compozy.engine.planning import outcome_of_output


def _stamped(states: Iterable[TaskState], now: datetime) -> list[TaskState]:
    """Return the states as of now. A workflow's own clock lags behind; the store keeps the time of the first write."""
    return [attrs.evolve(state, created_at=now, updated_at=now) for state in states]


def _ignore(_state: TaskState | WorkflowState) -> None:
    """Observe nothing."""


@attrs.frozen(kw_only=True)
class TaskRuns:
    """The work that an orchestrator hands out.

    A worker may die at any point, so the same request may come again. A run that has ended gives its recorded outcome;
    one that has not is carried out again, with ``attempt`` one higher: tools run at least once.

    Attributes:
        store: Where task runs are recorded.
        pubsub: Where changes are told, after they have been recorded.
        tools: What runs tools.
        clock: Gives the current time, UTC.
        observe: Called with each state that ended, after it was recorded; for metrics.
    """

    store: Store
    pubsub: PubSub
    tools: Tools
    clock: Callable[[], datetime]
    observe: Callable[[TaskState | WorkflowState], None] = _ignore

    async def run_tool(self, request: ToolRequest) -> TaskOutcome:
        """Run the tool of one task and return how that ended; a tool that fails is an outcome, not an exception.

        Raises:
            UnavailableError: The store cannot be reached; the run may be repeated.
            NotFoundError: The execution is not recorded any more.
        """
        started, changes = await self._begin(request)
        if started.status.is_terminal:
            return TaskOutcome(status=started.status, output=started.output, error=started.error)
        await publish(self.pubsub, *changes)
        outcome = await self._call(request)
        ended = attrs.evolve(
            started, status=outcome.status, output=outcome.output, error=outcome.error, updated_at=self.clock()
        )
        await self.record(RecordRequest(tasks=(ended,)))
        return outcome

    async def record(self, request: RecordRequest) -> None:
        """Write the states, and tell what is recorded now; a state that comes too late is dropped.

        Raises:
            UnavailableError: The store cannot be reached; nothing was written, and the call may be repeated.
            ConflictError: The execution is not recorded any more.
        """
        now = self.clock()
        tasks = _stamped(request.tasks, now)
        workflow = attrs.evolve(request.workflow, updated_at=now) if request.workflow is not None else None

        async def write(repos: Repositories) -> list[TaskState | WorkflowState]:
            recorded: list[TaskState | WorkflowState] = list(await repos.tasks.upsert_many(tasks))
            if workflow is not None:
                recorded.append(await repos.workflows.upsert(workflow))
            return recorded

        recorded = await self.store.transaction(write)
        for state in recorded:
            if state.status.is_terminal:
                self.observe(state)
        await publish(self.pubsub, *recorded)

    async def _begin(self, request: ToolRequest) -> tuple[TaskState, list[TaskState | WorkflowState]]:
        """Record that the run starts, in one transaction; return it as recorded, and all that changed."""
        now = self.clock()

        async def write(repos: Repositories) -> tuple[TaskState, list[TaskState | WorkflowState]]:
            changes: list[TaskState | WorkflowState] = []
            found = await repos.tasks.find(request.task.task_exec_id)
            if found is not None and found.status.is_terminal:
                return found, changes
            workflow = await repos.workflows.get(request.task.exec_id)
            if workflow.status is Status.PENDING:
                running = attrs.evolve(workflow, status=Status.RUNNING, updated_at=now)
                changes.append(await repos.workflows.upsert(running))
            attempt = found.attempt + 1 if found is not None else 1
            started = attrs.evolve(request.task, attempt=attempt, created_at=now, updated_at=now)
            recorded = list(await repos.tasks.upsert_many([*_stamped(request.earlier, now), started]))
            changes += recorded
            return recorded[-1], changes

        return await self.store.transaction(write)

    async def _call(self, request: ToolRequest) -> TaskOutcome:
        call = ToolCall(
            tool_id=request.tool_id,
            tool_exec_id=request.task.task_exec_id,
            input=request.task.input,
            config=request.config,
            timeout=request.timeout,
        )
        try:
            output = await self.tools.run(call)
        except ToolError as error:
            status = Status.TIMED_OUT if error.error_code == "TIMED_OUT" else Status.FAILED
            failure = Failure(code=error.error_code, message=str(error), details=error.details)
            return TaskOutcome(status=status, error=failure)
        return outcome_of_output(output)
