"""Carrying out one task run: record that it starts, do its work, record how it ended; safe to repeat."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from uuid import uuid4

import attrs

from compozy.contracts.cache import PubSub
from compozy.contracts.store import Repositories, Store
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.domain.work import RecordRequest, TaskOutcome, TaskRequest
from compozy.engine.conclusions import closing_outcome, final_state, outcome_of, shaped
from compozy.engine.events import publish
from compozy.engine.performers import Performers
from compozy.engine.planning import delay_after
from compozy.engine.recordable import NOT_RECORDED, recordable
from compozy.engine.rules.results import outcome_of_output
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
    """Return the states as of now. A workflow's own clock lags behind; the store keeps the time of the first write.

    Each is a microsecond later than the one before, for the store lists task runs by the time of their beginning.
    """
    moments = (now + timedelta(microseconds=number) for number in count())
    return [
        attrs.evolve(state, created_at=moment, updated_at=moment)
        for state, moment in zip(states, moments, strict=False)
    ]


def _end_of(task: TaskState) -> TaskOutcome:
    """Return how a task run that has ended did."""
    return TaskOutcome(status=task.status, output=task.output, error=task.error)


def _ignore(_state: TaskState | WorkflowState) -> None:
    """Observe nothing."""


@attrs.frozen(kw_only=True)
class TaskRuns:
    """The work that an orchestrator hands out.

    A worker may die at any point, so the same request may come again. A run that has ended gives its recorded outcome;
    one that has not is carried out again, with ``attempt`` one higher: work is done at least once.

    Attributes:
        store: Where task runs are recorded.
        pubsub: Where changes are told, after they have been recorded.
        performers: What does the work of tasks.
        clock: Gives the current time, UTC.
        observe: Called with each state that ended, after it was recorded; for metrics.
        tracing: Who is told of runs, and of executions that ended.
    """

    store: Store
    pubsub: PubSub
    performers: Performers
    clock: Callable[[], datetime]
    observe: Callable[[TaskState | WorkflowState], None] = _ignore
    tracing: Tracing = OFF

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Do the work of one task and return how that ended; work that fails is an outcome, not an exception.

        Raises:
            UnavailableError: The store cannot be reached; the run may be repeated.
            NotFoundError: The execution is not recorded any more.
        """
        begun = await self._begin(request)
        await publish(self.pubsub, *begun.changes)
        if begun.recorded is not None:
            return begun.recorded
        with task_span(self.tracing, request, begun.task) as span:
            outcome = shaped(request, await self._perform(request, begun.task), now=self.clock)
            tell_outcome(span, outcome)
        if outcome.error is not None:
            _log.info("task did not succeed", status=outcome.status.value, code=outcome.error.code)
        if delay_after(request.retry, outcome, attempt=request.tried) is not None:
            return outcome  # it is tried again: this run has not ended
        return await self._end(request, begun.task, outcome)

    async def record(self, request: RecordRequest) -> Status | None:
        """Write the states, and tell what is recorded now; a state that comes too late is dropped.

        Returns:
            How the execution stands on record, when its state was among what was to be written.

        Raises:
            UnavailableError: The store cannot be reached; nothing was written, and the call may be repeated.
            ConflictError: The execution is not recorded any more.
        """
        now = self.clock()
        tasks = _stamped(request.tasks, now)
        workflow = attrs.evolve(request.workflow, updated_at=now) if request.workflow is not None else None

        async def write(
            tasks: list[TaskState], workflow: WorkflowState | None, repos: Repositories
        ) -> tuple[Sequence[TaskState], WorkflowState | None]:
            written = await repos.tasks.upsert_many(tasks)
            return written, None if workflow is None else await repos.workflows.upsert(workflow)

        try:
            written, recorded = await self.store.transaction(partial(write, tasks, workflow))
        except InvalidError:
            tasks = [recordable(task) for task in tasks]
            workflow = None if workflow is None else recordable(workflow)
            written, recorded = await self.store.transaction(partial(write, tasks, workflow))
        await self._tell(written, recorded, traceparent=request.traceparent)
        return recorded.status if recorded is not None else None

    async def _end(self, request: TaskRequest, task: TaskState, outcome: TaskOutcome) -> TaskOutcome:
        """Record how a run ended; one whose end, or what follows from it, cannot be recorded has failed."""
        try:
            return await self._end_so(request, task, outcome)
        except InvalidError as error:
            if outcome.error is not None and outcome.error.code == NOT_RECORDED:
                raise
            failure = Failure(code=NOT_RECORDED, message=f"not recorded: {error}")
            return await self._end_so(request, task, TaskOutcome(status=Status.FAILED, error=failure))

    async def _end_so(self, request: TaskRequest, task: TaskState, outcome: TaskOutcome) -> TaskOutcome:
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

    async def _begin(self, request: TaskRequest) -> _Begun:
        """Record that the run starts, in one transaction; or find that it has ended already."""
        now = self.clock()

        async def write(states: list[TaskState], repos: Repositories) -> _Begun:
            changes: list[TaskState | WorkflowState]
            workflow, found = await repos.workflows.get_with_task(request.task.exec_id, request.task.task_exec_id)
            if found is not None and found.status.is_terminal:
                concluded = workflow.status if workflow.status.is_terminal else None
                outcome = attrs.evolve(_end_of(found), concluded=concluded)
                # Whoever recorded it may have died, or lost the cache, before it could tell; so it is told again.
                changes = [found, workflow] if concluded is not None else [found]
                return _Begun(found, changes, recorded=outcome)
            if workflow.status.is_terminal:  # canceled before it was begun
                nothing = TaskOutcome(status=Status.CANCELED, concluded=workflow.status)
                return _Begun(request.task, [workflow], recorded=nothing)
            changes = []
            if workflow.status is Status.PENDING:
                running = attrs.evolve(workflow, status=Status.RUNNING, updated_at=now)
                changes.append(await repos.workflows.upsert(running))
            attempt = found.attempt + 1 if found is not None else 1
            states = _stamped([*states[:-1], attrs.evolve(states[-1], attempt=attempt)], now)
            changes += await repos.tasks.upsert_many(states)
            return _Begun(states[-1], changes)

        states = [*request.earlier, request.task]
        try:
            return await self.store.transaction(partial(write, states))
        except InvalidError:
            return await self.store.transaction(partial(write, [recordable(state) for state in states]))

    def _conclude(self, request: TaskRequest, outcome: TaskOutcome) -> WorkflowState | None:
        """Return the end of the execution, when it ends with this task."""
        if request.closing is None:
            return None
        sources = Sources(now=self.clock, uuid4=lambda: str(uuid4()))
        final = closing_outcome(sources, request, request.closing, outcome)
        return final_state(request.closing.request, final) if final is not None else None

    async def _perform(self, request: TaskRequest, task: TaskState) -> TaskOutcome:
        if task.error is not None:  # what it was to work on cannot be recorded
            return TaskOutcome(status=Status.FAILED, error=task.error)
        try:
            output = await self.performers.perform(request)
        except TaskError as error:
            return outcome_of(error)
        return outcome_of_output(output)
