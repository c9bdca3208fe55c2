"""Steering: what people do to executions that run, and with those that have ended."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import attrs
import trio

from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Repositories
from compozy.domain.errors import ConflictError, NotFoundError, UnavailableError
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.engine import events, planning
from compozy.engine.executions import Executions
from compozy.engine.orders import Order, announce
from compozy.engine.repeating import check_task, read_runs

_PATIENCE_S: Final = 10.0
"""How long the orchestrator may take to answer."""


@attrs.frozen
class Steering:
    """Tells executions what to do.

    Each call returns when the execution will heed it whatever process dies; it does so when a worker has it in hand.
    All of them may be repeated.

    Attributes:
        executions: The executions of one project.
    """

    executions: Executions

    async def signal(self, exec_id: str, signal: Signal) -> WorkflowState:
        """Tell one execution that something happened, which it keeps until it waits for that; return how it stood.

        Raises:
            NotFoundError: There is no such execution.
            ConflictError: It has ended.
            UnavailableError: A backend cannot be reached now, or the execution has not begun yet.
        """
        return await self._tell(exec_id, lambda orchestrator: orchestrator.signal(exec_id, signal), "be told anything")

    async def pause(self, exec_id: str) -> WorkflowState:
        """Have an execution begin no further task, and those that run go on to their end; return how it stood.

        Raises:
            CompozyError: As :meth:`signal`.
        """
        state = await self._tell(exec_id, lambda orchestrator: orchestrator.pause(exec_id), "be paused")
        await announce(self.executions.pubsub, Order.PAUSE, exec_id)
        return state

    async def resume(self, exec_id: str) -> WorkflowState:
        """Have an execution go on that was paused; return how it stood.

        Raises:
            CompozyError: As :meth:`signal`.
        """
        state = await self._tell(exec_id, lambda orchestrator: orchestrator.resume(exec_id), "be resumed")
        await announce(self.executions.pubsub, Order.RESUME, exec_id)
        return state

    async def cancel(self, exec_id: str) -> WorkflowState:
        """Have an execution stop what it does and end as CANCELED; return how it stands.

        One that was accepted and not begun is CANCELED at once, and so is one that is canceled again.

        Raises:
            NotFoundError: There is no such execution.
            ConflictError: It has ended otherwise.
            UnavailableError: A backend cannot be reached now.
        """
        state = await self._cancel_unbegun(exec_id)
        if state.status is not Status.CANCELED:
            state = await self._tell(exec_id, lambda orchestrator: orchestrator.cancel(exec_id), "be canceled")
            await announce(self.executions.pubsub, Order.CANCEL, exec_id)
            return state
        # It may be with the orchestrator all the same, and notices what is recorded when it begins something.
        with suppress(NotFoundError, UnavailableError), trio.move_on_after(_PATIENCE_S):
            await self.executions.orchestrator().cancel(exec_id)
        return state

    async def draft_rerun(
        self, exec_id: str, *, first_task: str | None = None, new_exec_id: str | None = None
    ) -> WorkflowState:
        """Return an execution with the input of another one, for :meth:`Executions.accept`; nothing is recorded yet.

        The workflow is run as it is now.

        Args:
            exec_id: The other one.
            first_task: The task to take it up at; it sees those before as they ended in the other one. None begins
                anew.
            new_exec_id: Identifier of the new one; None makes one.

        Raises:
            NotFoundError: There is no such execution, or the project has its workflow no more.
            InvalidError: The other one did not come to that task; or its input does not fit the workflow any more.
            ConflictError: The other one has not ended, and is to be taken up.
        """
        earlier = await self.executions.state_of(exec_id)
        definition = self.executions.get_workflow(earlier.workflow_id)
        if first_task is not None:
            if not earlier.status.is_terminal:
                raise ConflictError(f"execution {exec_id} is {earlier.status}: it can be taken up when it has ended")
            runs = await read_runs(self.executions.store, exec_id, definition)
            runs.before(check_task(definition, first_task))
        return self.executions.draft(
            earlier.workflow_id,
            earlier.input,
            exec_id=new_exec_id,
            parent_exec_id=exec_id,
            trigger=earlier.trigger,
            first_task=first_task,
        )

    async def _tell(self, exec_id: str, tell: Callable[[Orchestrator], Awaitable[None]], what: str) -> WorkflowState:
        state = await self.executions.state_of(exec_id)
        if state.status.is_terminal:
            raise _ended(state, what)
        with trio.move_on_after(_PATIENCE_S) as patience:
            try:
                await tell(self.executions.orchestrator())
            except NotFoundError:
                raise await self._explained(exec_id, what) from None
        if patience.cancelled_caught:
            raise UnavailableError(f"the orchestrator did not answer within {_PATIENCE_S:g} seconds: try again")
        return state

    async def _explained(self, exec_id: str, what: str) -> ConflictError | UnavailableError:
        """Return why the orchestrator does not know an execution."""
        state = await self.executions.state_of(exec_id)
        if state.status.is_terminal:
            return _ended(state, what)
        if state.status is Status.PENDING:
            return UnavailableError(f"execution {exec_id} has not begun yet, so it cannot {what}: try again")
        return ConflictError(f"the orchestrator does not know execution {exec_id}, so it cannot {what}")

    async def _cancel_unbegun(self, exec_id: str) -> WorkflowState:
        """Record an execution that has not begun as CANCELED: nobody begins it then, and if it has it soon notices."""
        now = self.executions.clock()

        async def write(repos: Repositories) -> tuple[WorkflowState, bool]:
            state = await repos.workflows.get(exec_id)
            if state.status is not Status.PENDING:
                return state, False
            canceled = planning.CANCELED
            return await repos.workflows.update_status(exec_id, canceled.status, at=now, error=canceled.error), True

        state, is_news = await self.executions.store.transaction(write)
        if is_news:
            await events.publish(self.executions.pubsub, state)
        return state


def _ended(state: WorkflowState, what: str) -> ConflictError:
    return ConflictError(f"execution {state.exec_id} has ended {state.status}, so it cannot {what}")
