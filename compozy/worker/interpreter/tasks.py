"""The life that every task has, whatever its type: condition, input, attempts, time limits, outputs."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from itertools import count
from typing import Final

import attrs
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.exceptions import TimeoutError as ActivityTimeoutError
from typing_extensions import override

from compozy.domain.definitions import CONTAINERS, TaskDefinition, TaskType
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.executions import Failure, TaskState
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import SKIPPED, TaskView
from compozy.domain.work import ExecutionRequest, TaskOutcome
from compozy.engine import conclusions, planning, scopes
from compozy.engine.checking import check_output, check_task_input, input_schemas_of
from compozy.templates import Sources
from compozy.worker.interpreter.cancelling import raise_if_canceled
from compozy.worker.interpreter.changes import Change, has
from compozy.worker.interpreter.children import container_ending
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.environment import with_variables
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.kinds import KINDS
from compozy.worker.interpreter.records import Records
from compozy.worker.interpreter.runs import Done, Ending, Runner, TaskRun

_KEEP_TIME_THEMSELVES: Final = frozenset({TaskType.BASIC, TaskType.MEMORY, TaskType.WAIT})
"""The types whose ``timeout`` is kept by what they do."""


@attrs.frozen(kw_only=True)
class Tasks(Runner):
    """Runs the tasks of one execution, or of one part of it."""

    @classmethod
    def of(cls, request: ExecutionRequest, control: Control) -> "Tasks":
        """Return what runs the tasks of an execution that begins.

        Args:
            request: The execution.
            control: What is told to it meanwhile.
        """
        # What a replay answers the same again.
        sources = Sources(
            now=workflow.now,
            uuid4=lambda: str(workflow.uuid4()),
            counts_digits=lambda: has(Change.DIGITS_ARE_NUMBERS),
        )
        return cls(
            request=request,
            records=Records(request),
            control=control,
            sources=sources,
            ended=dict(request.earlier),
        )

    @override
    async def run(self, task: TaskDefinition, carried: JsonObject, frame: Frame) -> Done:
        scope = {**frame.scope, "task": {"id": task.id, "type": task.type.value}}
        run = TaskRun(task=task, state=self._state_of(task, frame), frame=frame, scope=scope, env=frame.env)
        try:
            await self.control.wait_while_paused()
            raise_if_canceled()
            workflow.logger.debug("task begins", extra={"facts": _facts_of(run.state)})
            # A condition may guard what the input needs; one that asks for the input itself has to wait for it.
            asks_input = scopes.names_input(task.condition)
            if not asks_input and not self._is_wanted(run):
                return self._skipped(run)
            run = self._prepared(run, carried)
            if asks_input and not self._is_wanted(run):
                return self._skipped(run)
            ending = await self._attempts(run)
        except (InvalidError, TaskError) as error:
            ending = _ended(error)
        except asyncio.CancelledError:
            self.records.note_end(run.state, planning.CANCELED)
            if run.children:
                self.stopped[run.state.task_exec_id] = dict(run.children)
            if workflow.cancellation_reason() is None:  # else the end of the execution is written next
                await self._told_no_more(run)
            raise
        done = self._concluded(run, ending)
        await self._told_no_more(run)
        return done

    @override
    def pass_over(self, task: TaskDefinition, frame: Frame) -> None:
        self.records.note_end(self._state_of(task, frame), planning.CANCELED)

    async def _told_no_more(self, run: TaskRun) -> None:
        """Write the end of a wait at once: whoever tells events, or looks, is not to find the execution waiting."""
        if run.task.type is TaskType.WAIT:
            await self.records.write_standing(self.control)

    def _is_wanted(self, run: TaskRun) -> bool:
        # What a wait asks of signals, and a router of its routes, is in their own parts of the definition.
        if run.task.condition is None:
            return True
        with scopes.placed("condition"):
            return scopes.holds(self.sources, run.task.condition, run.scope)

    def _prepared(self, run: TaskRun, carried: JsonObject) -> TaskRun:
        """Return the run with its variables and its input, rendered and checked."""
        task, definition = run.task, self.request.definition
        run = with_variables(self, run)
        tool = definition.tools.get(task.tool) if task.tool is not None else None
        input_ = scopes.task_input(self.sources, task, tool, carried, run.scope)
        input_ = check_task_input(input_schemas_of(task, definition), input_)
        return attrs.evolve(run, state=attrs.evolve(run.state, input=input_), scope={**run.scope, "with": input_})

    async def _attempts(self, run: TaskRun) -> Ending:
        """Try until it succeeds, or the policy or the time for all attempts gives out."""
        return await _within(run.task.limits.schedule_to_close, run, self._try_again(run))

    async def _try_again(self, run: TaskRun) -> Ending:
        for attempt in count(1):
            raise_if_canceled()
            run.children.clear()
            state = attrs.evolve(run.state, attempt=attempt)
            ending = await self._attempt(attrs.evolve(run, attempt=attempt, state=state))
            delay = planning.delay_after(run.task.retry, ending.outcome, attempt=attempt)
            if delay is None:
                break
            raise_if_canceled()
            await workflow.sleep(delay)
        return ending

    async def _attempt(self, run: TaskRun) -> Ending:
        keeps_time = run.task.type in _KEEP_TIME_THEMSELVES
        limit = None if keeps_time else run.task.timeout or run.task.limits.start_to_close
        try:
            ending = await _within(limit, run, KINDS[run.task.type](self, run))
            if not ending.is_recorded and ending.outcome.status is Status.SUCCESS:
                check_output(ending.outcome.output, run.task.output_schema)
        except (InvalidError, TaskError) as error:
            return _ended(error)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from error
            return _given_up(error)
        return ending

    def _skipped(self, run: TaskRun) -> Done:
        """Conclude a task that is not wanted; it has nothing that its ``outputs`` could shape."""
        outcome = TaskOutcome(status=Status.SUCCESS, output=dict(SKIPPED))
        self.records.note_end(run.state, outcome)
        view = TaskView(status=outcome.status, output=outcome.output, input=run.state.input, is_skipped=True)
        return Done(view=view)

    def _concluded(self, run: TaskRun, ending: Ending) -> Done:
        outcome = ending.outcome
        children = dict(run.children) if run.task.type in CONTAINERS else None
        view = conclusions.view_of(self.sources, run.task, run.state.input, outcome, scope=run.scope, children=children)
        if not ending.is_recorded:
            self.records.note_end(run.state, attrs.evolve(outcome, status=view.status, error=view.error))
        return Done(view=view, next=ending.next if view.status is outcome.status else None)

    def _state_of(self, task: TaskDefinition, frame: Frame) -> TaskState:
        now = workflow.now()
        return TaskState(
            task_exec_id=frame.run_id_of(task.id),
            task_id=task.id,
            type=task.type,
            exec_id=self.request.exec_id,
            workflow_id=self.request.definition.id,
            parent_id=frame.parent_id,
            status=Status.RUNNING,
            input={},
            created_at=now,
            updated_at=now,
        )


async def _within(limit: timedelta | None, run: TaskRun, work: Awaitable[Ending]) -> Ending:
    """Return how the work ended: TIMED_OUT when it took longer than the limit, and was cancelled."""
    if limit is None:
        return await work
    try:
        async with asyncio.timeout(limit.total_seconds()) as scope:
            return await work
    except TimeoutError:
        if not scope.expired():
            raise
    outcome = planning.timed_out(limit)
    return container_ending(run, outcome=outcome) if run.task.type in CONTAINERS else Ending(outcome=outcome)


def _ended(error: InvalidError | TaskError) -> Ending:
    return Ending(outcome=conclusions.outcome_of(error))


def _given_up(error: ActivityError) -> Ending:
    """Return how a task ended that no worker could do."""
    if isinstance(error.cause, ActivityTimeoutError):
        # Only a queued activity whose time in the queue is limited comes here: all else is repeated.
        failure = Failure(code="TIMED_OUT", message="no worker took it in time (schedule_to_start_timeout)")
        return Ending(outcome=TaskOutcome(status=Status.TIMED_OUT, error=failure))
    failure = Failure(code="INTERNAL", message=str(error.cause or error))
    return Ending(outcome=TaskOutcome(status=Status.FAILED, error=failure))


def _facts_of(state: TaskState) -> dict[str, str]:
    """Return what log lines about a task run say of it; which execution it is the SDK's logger says."""
    return {"workflow_id": state.workflow_id, "task_id": state.task_id, "task_exec_id": state.task_exec_id}
