"""Carrying out one task run: record that it starts, run its tool, record how it ended; safe to repeat."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import uuid4

import attrs

from compozy.contracts.cache import PubSub
from compozy.contracts.store import Repositories, Store
from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import ToolError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.domain.work import RecordRequest, TaskOutcome, ToolRequest
from compozy.engine.conclusions import closing_outcome, final_state
from compozy.engine.events import publish
from compozy.engine.planning import outcome_of_output
from compozy.templates import Sources


@attrs.frozen
class _Begun:
    """A run that starts, what was recorded of it, and, when it had ended before, how."""

    task: TaskState
    changes: list[TaskState | WorkflowState]
    recorded: TaskOutcome | None = None


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
        begun = await self._begin(request)
        if begun.recorded is not None:
            return begun.recorded
        await publish(self.pubsub, *begun.changes)
        outcome = await self._call(request)
        ended = attrs.evolve(begun.task, status=outcome.status, output=outcome.output, error=outcome.error)
        final = self._conclude(request, outcome)
        recorded = await self.record(RecordRequest(tasks=(ended,), workflow=final))
        return attrs.evolve(outcome, concluded=recorded.status if recorded is not None else None)

    async def record(self, request: RecordRequest) -> WorkflowState | None:
        """Write the states, and tell what is recorded now; a state that comes too late is dropped.

        Returns:
            The execution as recorded, when the request has one.

        Raises:
            UnavailableError: The store cannot be reached; nothing was written, and the call may be repeated.
            ConflictError: The execution is not recorded any more.
        """
        now = self.clock()
        tasks = _stamped(request.tasks, now)
        workflow = attrs.evolve(request.workflow, updated_at=now) if request.workflow is not None else None

        async def write(repos: Repositories) -> tuple[Sequence[TaskState], WorkflowState | None]:
            written = await repos.tasks.upsert_many(tasks)
            return written, None if workflow is None else await repos.workflows.upsert(workflow)

        written, ended = await self.store.transaction(write)
        recorded: list[TaskState | WorkflowState] = [*written, *([] if ended is None else [ended])]
        for state in recorded:
            if state.status.is_terminal:
                self.observe(state)
        await publish(self.pubsub, *recorded)
        return ended

    async def _begin(self, request: ToolRequest) -> _Begun:
        """Record that the run starts, in one transaction; or find that it has ended already."""
        now = self.clock()

        async def write(repos: Repositories) -> _Begun:
            workflow = await repos.workflows.get(request.task.exec_id)
            found = await repos.tasks.find(request.task.task_exec_id)
            if found is not None and found.status.is_terminal:
                concluded = workflow.status if workflow.status.is_terminal else None
                outcome = TaskOutcome(status=found.status, output=found.output, error=found.error, concluded=concluded)
                return _Begun(found, [], recorded=outcome)
            changes: list[TaskState | WorkflowState] = []
            if workflow.status is Status.PENDING:
                running = attrs.evolve(workflow, status=Status.RUNNING, updated_at=now)
                changes.append(await repos.workflows.upsert(running))
            attempt = found.attempt + 1 if found is not None else 1
            started = attrs.evolve(request.task, attempt=attempt, created_at=now, updated_at=now)
            changes += await repos.tasks.upsert_many([*_stamped(request.earlier, now), started])
            return _Begun(started, changes)

        return await self.store.transaction(write)

    def _conclude(self, request: ToolRequest, outcome: TaskOutcome) -> WorkflowState | None:
        """Return the end of the execution, when it ends with this task."""
        if request.closing is None:
            return None
        sources = Sources(now=self.clock, uuid4=lambda: str(uuid4()))
        final = closing_outcome(sources, request.closing, request.task.input, outcome)
        return final_state(request.closing.request, final) if final is not None else None

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
