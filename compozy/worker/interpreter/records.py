"""What an execution has written to the store, and what it still has to."""

import asyncio
from datetime import timedelta
from typing import Final

import attrs
from temporalio import workflow

from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.domain.work import ExecutionRequest, RecordRequest, TaskOutcome
from compozy.engine import conclusions
from compozy.worker.interpreter.cancelling import finish
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.patience import UNTIL_IT_WORKS
from compozy.worker.names import RECORD

_LIMIT: Final = timedelta(seconds=30)
"""How long one write may take before it is tried again."""

_MANY: Final = 500
"""How many states are written at once."""


@attrs.define
class Records:
    """The writes of one execution.

    A task that does no work of its own costs no write: its end waits for the next one.

    Attributes:
        request: The execution.
        unwritten: States of tasks, oldest first.
        concluded: How the execution ended, once that has been written.
    """

    request: ExecutionRequest
    unwritten: list[TaskState] = attrs.Factory(list)
    concluded: Status | None = None
    _standing: Status = attrs.field(default=Status.RUNNING, init=False)
    _in_turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    def note_end(self, state: TaskState, outcome: TaskOutcome) -> None:
        """Note the end of a task that no activity records."""
        self.unwritten.append(attrs.evolve(state, status=outcome.status, output=outcome.output, error=outcome.error))

    def take_unwritten(self) -> tuple[TaskState, ...]:
        """Return what is still to be written; the caller writes it."""
        taken = tuple(self.unwritten)
        self.unwritten.clear()
        return taken

    def put_back(self, states: tuple[TaskState, ...]) -> None:
        """Take back what may not have been written after all; to write it twice does no harm."""
        self.unwritten[:0] = states

    async def write(self, *states: TaskState, execution: WorkflowState | None = None) -> Status | None:
        """Write these states, and all that is still to be written, in one transaction unless they are many.

        Cancelling is left to whoever looks next: what has happened is written.

        Returns:
            How the execution stands on record, when it is among what is written.
        """
        while len(self.unwritten) > _MANY:
            first, self.unwritten[:] = self.unwritten[:_MANY], self.unwritten[_MANY:]
            await self._write(tuple(first), None)
        return await self._write((*self.take_unwritten(), *states), execution)

    async def write_standing(self, control: Control, *states: TaskState) -> None:
        """Write these states, all that is still to be written, and how the execution stands now if that is news.

        One of these is done after the other, so that none overtakes another.
        """
        async with self._in_turn:
            standing = control.standing
            if standing is not self._standing:
                self._standing = standing
                outcome = TaskOutcome(status=standing)
                recorded = await self.write(*states, execution=conclusions.final_state(self.request, outcome))
                if recorded is not None and recorded.is_terminal:  # canceled before it was known to have begun
                    self.concluded = recorded
            elif states or self.unwritten:
                await self.write(*states)

    async def write_if_any(self) -> None:
        """Write what is still to be written."""
        if self.unwritten:
            await self.write()

    async def write_if_many(self) -> None:
        """Write what is still to be written when it is too much to travel with the next task."""
        if len(self.unwritten) > _MANY:
            await self.write()

    async def _write(self, states: tuple[TaskState, ...], execution: WorkflowState | None) -> Status | None:
        writing: asyncio.Task[str | None] = workflow.start_local_activity(
            RECORD,
            RecordRequest(tasks=states, workflow=execution, traceparent=self.request.traceparent),
            result_type=str,
            start_to_close_timeout=_LIMIT,
            retry_policy=UNTIL_IT_WORKS,
        )
        recorded = await finish(writing)
        return None if recorded is None else Status(recorded)
