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
from compozy.engine.spans import task_span, tell_execution, tell_outcome
from compozy.telemetry.logger import get_logger
from compozy.telemetry.tracing import OFF, Tracing
from compozy.templates import Sources

_log = get_logger(__name__)


@attrs.frozen
class _Begun:
    """A run that starts, what there is to tell of it, and, when it had ended before, how."""

    task: TaskState
    changes: list[TaskState | WorkflowState]
    recorded: TaskOutcome | None = None


def _stamped(states: Iterable[TaskState], now: datetime) -> list[TaskState]:
    """Return the states as of now. A workflow's own clock lags behind; the store keeps the time of the first write."""
    return [attrs.evolve(state, created_at=now, updated_at=now) for state in states]


def _end_of(task: TaskState) -> TaskOutcome:
    """Return how a task run that has ended did."""
    return TaskOutcome(status=task.status, output=task.output, error=task.error)


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
        tracing: Who is told of runs, and of executions that ended.
    """

    store: Store
    pubsub: PubSub
    tools: Tools
    clock: Callable[[], datetime]
    observe: Callable[[TaskState | WorkflowState], None] = _ignore
    tracing: Tracing = OFF

    async def run_tool(self, request: ToolRequest) -> TaskOutcome:
        """Run the tool of one task and return how that ended; a tool that fails is an outcome, not an exception.

        Raises:
            UnavailableError: The store cannot be reached; the run may be repeated.
            NotFoundError: The execution is not recorded any more.
        """
        begun = await self._begin(request)
        await publish(self.pubsub, *begun.changes)
        if begun.recorded is not None:
            return begun.recorded
        with task_span(self.tracing, request, begun.task) as span:
            outcome = await self._call(request)
            tell_outcome(span, outcome)
        if outcome.error is not None:
            _log.info("task did not succeed", status=outcome.status.value, code=outcome.error.code)
        return await self._end(request, begun.task, outcome)

    async def record(self, request: RecordRequest) -> None:
        """Write the states, and tell what is recorded now; a state that comes too late is dropped.

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

        await self._tell(*await self.store.transaction(write), traceparent=request.traceparent)

    async def _end(self, request: ToolRequest, task: TaskState, outcome: TaskOutcome) -> TaskOutcome:
        """Record how a run ended, and return how it ended according to the record, on which all that follows is built.

        They differ when this worker was given up for dead, or is the one that took over from it: both run the tool, and
        the end that is recorded first counts. What would follow from the other must not be recorded either.
        """
        now = self.clock()
        ended = attrs.evolve(
            task, status=outcome.status, output=outcome.output, error=outcome.error, created_at=now, updated_at=now
        )
        final = self._conclude(request, outcome)

        async def write(repos: Repositories) -> tuple[Sequence[TaskState], WorkflowState | None]:
            [written] = await repos.tasks.upsert_many([ended])
            if _end_of(written) != _end_of(ended):
                workflow = await repos.workflows.get(task.exec_id)
                return [written], workflow if workflow.status.is_terminal else None
            stamped = attrs.evolve(final, updated_at=now) if final is not None else None
            return [written], None if stamped is None else await repos.workflows.upsert(stamped)

        [written], workflow = await self.store.transaction(write)
        if _end_of(written) == _end_of(ended):
            await self._tell([written], workflow, traceparent=request.traceparent)
        else:  # counted by whoever recorded it, who may have died before telling watchers
            await publish(self.pubsub, written, *([] if workflow is None else [workflow]))
        return attrs.evolve(_end_of(written), concluded=workflow.status if workflow is not None else None)

    async def _tell(
        self, tasks: Sequence[TaskState], workflow: WorkflowState | None, *, traceparent: str | None
    ) -> None:
        """Tell everybody what is recorded now."""
        recorded: list[TaskState | WorkflowState] = [*tasks, *([] if workflow is None else [workflow])]
        for state in recorded:
            if state.status.is_terminal:
                self.observe(state)
        if workflow is not None and workflow.status.is_terminal:
            tell_execution(self.tracing, workflow, traceparent)
        await publish(self.pubsub, *recorded)

    async def _begin(self, request: ToolRequest) -> _Begun:
        """Record that the run starts, in one transaction; or find that it has ended already."""
        now = self.clock()

        async def write(repos: Repositories) -> _Begun:
            changes: list[TaskState | WorkflowState]
            workflow = await repos.workflows.get(request.task.exec_id)
            found = await repos.tasks.find(request.task.task_exec_id)
            if found is not None and found.status.is_terminal:
                concluded = workflow.status if workflow.status.is_terminal else None
                outcome = attrs.evolve(_end_of(found), concluded=concluded)
                # Whoever recorded it may have died, or lost the cache, before it could tell; so it is told again.
                changes = [found, workflow] if concluded is not None else [found]
                return _Begun(found, changes, recorded=outcome)
            changes = []
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
