"""An execution that is due: recorded, before it runs, by the workflow that will run it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs

from compozy.contracts.store import Repositories, Store
from compozy.domain.definitions import Project, ScheduleDefinition, WorkflowDefinition
from compozy.domain.errors import DuplicateError, InvalidError
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import DueRequest, ExecutionRequest
from compozy.engine.inputs import validate_input
from compozy.telemetry.logger import get_logger

TRIGGER_TYPE: Final = "schedule"
"""What ``.trigger.type`` is in an execution that a schedule has started."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class DueExecutions:
    """Records what is due.

    Attributes:
        project: Whose executions.
        store: Where they are recorded.
        clock: Gives the current time, UTC.
    """

    project: Project
    store: Store
    clock: Callable[[], datetime]

    async def accept(self, due: DueRequest) -> ExecutionRequest | None:
        """Record the execution and return what it needs to run; None when it is not to run.

        It may be called again for the same execution, which then is recorded once, as it was the first time. When the
        input that the files give does not satisfy the workflow's schema, it is recorded as FAILED and does not run.
        When they have no such schedule any more, nothing is recorded.

        Raises:
            UnavailableError: The store cannot be reached now.
        """
        definition = self.project.workflows.get(due.workflow_id)
        if definition is None or definition.schedule is None:
            _log.warning("what is due is left out: the project has no such schedule", workflow_id=due.workflow_id)
            return None
        state = await self._record(self._draft(due, definition, definition.schedule))
        if state.status.is_terminal:
            return None
        return ExecutionRequest(
            exec_id=state.exec_id,
            definition=definition,
            input=state.input,
            project={"name": self.project.name},
            accepted_at=state.created_at,
            env=dict(definition.env),
            trigger=state.trigger,
        )

    def _draft(self, due: DueRequest, definition: WorkflowDefinition, schedule: ScheduleDefinition) -> WorkflowState:
        now = self.clock()
        draft = WorkflowState(
            exec_id=due.exec_id,
            workflow_id=due.workflow_id,
            status=Status.PENDING,
            input=schedule.input,
            trigger=_trigger(due),
            created_at=now,
            updated_at=now,
        )
        try:
            return attrs.evolve(draft, input=validate_input(definition, schedule.input))
        except InvalidError as error:
            _log.warning("what is due does not run: its input is wrong", workflow_id=due.workflow_id, reason=str(error))
            failure = Failure(code=error.code, message=f"the input of its schedule is wrong: {error}")
            return attrs.evolve(draft, status=Status.FAILED, error=failure)

    async def _record(self, draft: WorkflowState) -> WorkflowState:
        """Return how the execution is recorded: by this call, or by an earlier one."""

        async def record(repos: Repositories) -> WorkflowState:
            try:
                await repos.archive.add([draft])
            except DuplicateError:
                return await repos.workflows.get(draft.exec_id)
            return draft

        return await self.store.transaction(record)


def _trigger(due: DueRequest) -> JsonObject:
    scheduled_at = due.due_at.isoformat().replace("+00:00", "Z")
    return {"type": TRIGGER_TYPE, "name": due.workflow_id, "scheduled_at": scheduled_at}
