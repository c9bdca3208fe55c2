"""Dispatching: an event is told to every execution that waits for it, and starts the workflows that it triggers.

Theory of operation. Who waits is on record, because a wait is recorded before it looks at anything; so a store, not a
broker, says whom to tell. Everything here may be done again under the same event id: an execution takes each event
once, and a workflow is started under an identifier that is made of it and the event. So whoever tells repeats until all
are told, and nothing happens twice.

A workflow that tells the event by which it is started would start itself for ever, and so would two that start one
another. So an event knows how many executions in a row have led to it, and from some depth on it starts none.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import attrs

from compozy.contracts.store import Repositories
from compozy.domain.definitions import TriggerDefinition, TriggerType, WorkflowDefinition
from compozy.domain.errors import InvalidError, NotFoundError, TaskError
from compozy.domain.ids import keyed_exec_id
from compozy.domain.json import JsonObject
from compozy.domain.work import Signal
from compozy.engine.executions import Executions
from compozy.engine.schemas import conformed
from compozy.telemetry.logger import get_logger

MOST_IN_A_ROW: Final = 20
"""How many executions may start one another by events, one after the other; as deep as tasks nest."""

_PAGE = 500

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class Refusal:
    """A workflow that an event triggers and that cannot run on it.

    Attributes:
        workflow_id: Which.
        reason: What is wrong with the event's payload.
    """

    workflow_id: str
    reason: str


@attrs.frozen(kw_only=True)
class Dispatched:
    """What became of an event.

    Attributes:
        event_id: Its identifier.
        delivered: How many executions that waited for it have been told.
        started: The executions that it started.
        refused: The workflows that it would have started.
    """

    event_id: str
    delivered: int = 0
    started: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def as_json(self) -> JsonObject:
        """Return what a signal task has as output, and what the API answers."""
        return {
            "event_id": self.event_id,
            "delivered": self.delivered,
            "started": list(self.started),
            "refused": [attrs.asdict(refusal) for refusal in self.refused],
        }


@attrs.frozen
class Dispatching:
    """Tells events.

    Attributes:
        executions: Those of the project, whose workflows may be triggered.
    """

    executions: Executions

    async def tell(self, event: Signal, *, informed: str | None = None) -> Dispatched:
        """Tell an event to every execution that waits for it, and start the workflows that it triggers.

        Cancelling and UnavailableError leave some of it done; telling it again does the rest.

        Args:
            event: The event.
            informed: An execution that knows of it already; None for none.

        Raises:
            UnavailableError: The store or the orchestrator cannot be reached now.
        """
        delivered = 0
        async with aclosing(self._waiting(event.name)) as waiting:
            async for exec_id in waiting:
                delivered += exec_id == informed or await self.deliver(exec_id, event)
        started, refused = await self._trigger(event)
        facts = {"event_name": event.name, "event_id": event.event_id}
        _log.info("an event was told", **facts, delivered=delivered, started=len(started), refused=len(refused))
        return Dispatched(event_id=event.event_id, delivered=delivered, started=started, refused=refused)

    def check_depth(self, event: Signal) -> None:
        """Refuse an event that comes at the end of too long a row and would go on with it.

        Raises:
            TaskError: ``EVENT_LOOP``: it starts a workflow; nobody is to be told of it.
        """
        if event.depth < MOST_IN_A_ROW:
            return
        workflows = self.executions.project.workflows.values()
        started = [workflow.id for workflow in workflows if trigger_of(workflow, event.name) is not None]
        if started:
            names = ", ".join(map(repr, started))
            message = (
                f"the event {event.name!r} would start {names}, after {event.depth} executions in a row that an event "
                "started; give the task that tells it a condition that ends this"
            )
            raise TaskError(message, error_code="EVENT_LOOP", details={"workflows": started, "depth": event.depth})

    async def _waiting(self, name: str) -> AsyncGenerator[str, None]:
        after = ""
        while True:

            async def read(repos: Repositories, after: str = after) -> list[str]:
                return list(await repos.tasks.awaiting(name, after=after, limit=_PAGE))

            page = await self.executions.store.read(read)
            for exec_id in page:
                yield exec_id
            if len(page) < _PAGE:
                return
            after = page[-1]

    async def deliver(self, exec_id: str, event: Signal) -> bool:
        """Tell one execution, whether it waits or not; return whether it was still there.

        Raises:
            UnavailableError: The orchestrator cannot be reached now.
        """
        try:
            await self.executions.orchestrator().signal(exec_id, event)
        except NotFoundError:  # it has ended since
            return False
        return True

    async def _trigger(self, event: Signal) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
        started: list[str] = []
        refused: list[Refusal] = []
        for workflow in self.executions.project.workflows.values():
            trigger = trigger_of(workflow, event.name)
            if trigger is None:
                continue
            try:
                started.append(await self._start(workflow, trigger, event))
            except InvalidError as error:
                _log.warning("an event does not fit what it triggers", workflow_id=workflow.id, reason=str(error))
                refused.append(Refusal(workflow_id=workflow.id, reason=str(error)))
        return tuple(started), tuple(refused)

    async def _start(self, workflow: WorkflowDefinition, trigger: TriggerDefinition, event: Signal) -> str:
        payload = event.payload
        if trigger.schema is not None:
            payload = conformed(payload, trigger.schema, called="payload")
        draft = self.executions.draft(
            workflow.id,
            payload,
            exec_id=keyed_exec_id("event", self.executions.project.name, workflow.id, event.event_id),
            parent_exec_id=event.sender,
            trigger={
                "type": trigger.type.value,
                "name": trigger.name,
                "payload": payload,
                "depth": event.depth + 1,
            },
        )
        return (await self.executions.accept_once(draft)).state.exec_id


def trigger_of(workflow: WorkflowDefinition, event: str) -> TriggerDefinition | None:
    """Return the trigger by which an event starts a workflow; None when it does not."""
    for trigger in workflow.triggers:
        if trigger.type is TriggerType.SIGNAL and trigger.name == event:
            return trigger
    return None
