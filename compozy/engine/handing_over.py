"""Handing over: a recorded execution is given to the orchestrator, which carries it to its end.

Theory of operation. Whoever records an execution hands it over at once. Should its process die in between, somebody
else has to, so workers look for executions that are PENDING, now and then. But one is PENDING until a worker begins it,
and of those there may be thousands, waiting in the orchestrator for their turn: to offer each of them again and again
would keep the orchestrator busy when it is busy already. So a worker passes over what has only just been recorded, and
what the orchestrator has told it that it has; the latter is offered again much later, should it have been lost there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
import trio

from compozy.contracts.cache import PubSub
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Page, Repositories, Store, WorkflowFilter
from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.statuses import Status
from compozy.engine import events
from compozy.engine.repeating import read_earlier
from compozy.telemetry.facts import facts_bound
from compozy.telemetry.logger import get_logger

_FIRST_WAIT_S: Final = 0.05
_LONGEST_WAIT_S: Final = 1.0
_PATIENCE_S: Final = 5.0
"""How long the orchestrator may take to answer; an execution that it did not take is handed over later."""

_OFFERED_AGAIN: Final = timedelta(minutes=10)
"""After what time the orchestrator is offered again what it had."""

_PAGE: Final = 500

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class HandingOver:
    """Gives executions to the orchestrator; the attributes are those of ``Executions``."""

    project: Project
    store: Store
    pubsub: PubSub
    orchestrator: Callable[[], Orchestrator]
    clock: Callable[[], datetime]

    async def begin(self, state: WorkflowState) -> None:
        """Hand one over on whatever orchestrator there is; one that nobody takes in time is left for later.

        Raises:
            InvalidError: The orchestrator refuses it, and it is recorded as FAILED.
        """
        with facts_bound(exec_id=state.exec_id, workflow_id=state.workflow_id):
            refusal: InvalidError | None = None
            with trio.move_on_after(_PATIENCE_S) as patience:
                try:
                    await self._offer(state, self.project.workflows[state.workflow_id])
                except InvalidError as error:
                    refusal = error
            if refusal is not None:
                await self._refuse(state, refusal)
                raise refusal
            if patience.cancelled_caught:
                _log.warning("execution is recorded but not begun yet", exec_id=state.exec_id)

    async def resume_pending(self, *, taken: dict[str, datetime], grace: timedelta) -> int:
        """Do as ``Executions.resume_pending`` says."""
        orchestrator = self.orchestrator()
        now = self.clock()
        pending: set[str] = set()
        count = 0
        cursor = None
        while True:
            page = await self._pending(cursor)
            for state in page.items:
                pending.add(state.exec_id)
                offered = taken.get(state.exec_id)
                is_known = offered is not None and now - offered < _OFFERED_AGAIN
                if is_known or now - state.created_at < grace:
                    continue
                with facts_bound(exec_id=state.exec_id, workflow_id=state.workflow_id):
                    if await self._resume(state, orchestrator):
                        taken[state.exec_id] = now
                        count += 1
            cursor = page.next_cursor
            if cursor is None:
                break
        for exec_id in taken.keys() - pending:
            del taken[exec_id]
        return count

    async def _offer(self, state: WorkflowState, definition: WorkflowDefinition) -> None:
        """Start the execution, for as long as it takes to find an orchestrator that answers."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                return await self._start(state, definition, self.orchestrator())
            except UnavailableError as error:
                _log.debug("execution is handed over again", exec_id=state.exec_id, reason=str(error))
                await trio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _resume(self, state: WorkflowState, orchestrator: Orchestrator) -> bool:
        """Hand over one that was found PENDING; return whether it was taken."""
        definition = self.project.workflows.get(state.workflow_id)
        if definition is None:
            _log.warning("pending execution of an unknown workflow", exec_id=state.exec_id)
            return False
        try:
            await self._start(state, definition, orchestrator)
        except InvalidError as error:
            _log.warning("pending execution is refused", exec_id=state.exec_id, reason=str(error))
            await self._refuse(state, error)
            return False
        return True

    async def _start(self, state: WorkflowState, definition: WorkflowDefinition, orchestrator: Orchestrator) -> None:
        earlier = await read_earlier(self.store, state, definition, self.project) if state.first_task else None
        await orchestrator.start(state, definition, self.project, earlier=earlier)

    async def _refuse(self, state: WorkflowState, error: InvalidError) -> None:
        """Record that the orchestrator will never take this execution, so that nobody offers it again."""
        failure = Failure(code=error.code, message=str(error))
        failed = attrs.evolve(state, status=Status.FAILED, error=failure, updated_at=self.clock())

        async def record(repos: Repositories) -> WorkflowState:
            return await repos.workflows.upsert(failed)

        await events.publish(self.pubsub, await self.store.transaction(record))

    async def _pending(self, cursor: str | None) -> Page:
        async def read(repos: Repositories) -> Page:
            where = WorkflowFilter(statuses=frozenset({Status.PENDING}))
            return await repos.workflows.list(where, cursor=cursor, limit=_PAGE)

        return await self.store.read(read)
