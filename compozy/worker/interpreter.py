"""The interpreter: carries a compiled definition out, inside a Temporal workflow.

Everything here is replayed by Temporal after a crash, so it must come to the same decisions again: time, identifiers
and random numbers come from the workflow, decisions from pure functions of the engine, and all that touches the world
is an activity. The event loop under it is Temporal's own, which is why this room may name asyncio.
"""

import asyncio
from datetime import timedelta
from typing import Final

import attrs
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from compozy.domain.definitions import DEFAULT_TOOL_TIMEOUT, TaskDefinition, TaskType, ToolDefinition
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.ids import task_exec_id
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import Closing, ExecutionRequest, RecordRequest, TaskOutcome, ToolRequest
from compozy.engine import conclusions, planning, scopes
from compozy.templates import Sources
from compozy.worker.names import RECORD, RUN_TOOL

_LONG_TASK: Final = timedelta(seconds=10)
"""A task that declares more than this runs as a queued, heartbeating activity: it must not hold a workflow task."""

_SLACK: Final = timedelta(seconds=30)
"""What an activity may take on top of its tool's own timeout, for the store."""

_HEARTBEAT: Final = timedelta(seconds=5)
"""A queued activity that is silent for so long has lost its worker, and is given to another."""

# A tool that fails is an outcome. What an activity raises is an outage, and it is repeated until that is over; or it is
# marked as not to be repeated (compozy.worker.activities).
_UNTIL_IT_WORKS: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=5),
)


@attrs.frozen
class _Place:
    """Where a task is in its execution: the ids of the tasks down to it, and the identifier that this gives its run."""

    path: str
    task_exec_id: str


@attrs.define
class Interpreter:
    """One execution under way.

    Attributes:
        request: What to run.
        tasks: The tasks at the top that have ended, in the order they ran.
        unrecorded: States of tasks that ended without work of their own; written along with the next record.
        concluded: How the execution ended, once that has been recorded.
        sources: Where ``now`` and ``uuidv4`` come from: the workflow, so that a replay sees the same.
    """

    request: ExecutionRequest
    tasks: dict[str, TaskView] = attrs.Factory(dict)
    unrecorded: list[TaskState] = attrs.Factory(list)
    concluded: Status | None = None
    sources: Sources = attrs.Factory(lambda: Sources(now=workflow.now, uuid4=lambda: str(workflow.uuid4())))

    async def run(self) -> Status:
        """Run the execution to its end, record that, and return its final status."""
        try:
            final = await self._run_tasks()
        except InvalidError as error:
            final = TaskOutcome(status=Status.FAILED, error=conclusions.template_failure(error))
        except ActivityError as error:
            final = TaskOutcome(status=Status.FAILED, error=Failure(code="INTERNAL", message=str(error.cause or error)))
        except asyncio.CancelledError:
            await self._conclude(
                TaskOutcome(status=Status.CANCELED, error=Failure(code="CANCELED", message="it was canceled"))
            )
            raise
        if self.concluded is None:
            await self._conclude(final)
        return final.status

    async def _run_tasks(self) -> TaskOutcome:
        """Follow the transitions from the first task; return how the execution ended."""
        by_id = {task.id: task for task in self.request.definition.tasks}
        task = self.request.definition.tasks[0]
        carried: JsonObject = {}
        while True:
            view = await self._run_task(task, carried)
            self.tasks[task.id] = view
            transition = planning.transition_after(task, view.status)
            if self.concluded is not None or transition is None:
                return conclusions.final_outcome(self.sources, self.request, self.tasks, task.id)
            carried = scopes.carried_input(self.sources, transition, view, self._scope())
            task = by_id[transition.next or ""]

    async def _run_task(self, task: TaskDefinition, carried: JsonObject, *, parent: _Place | None = None) -> TaskView:
        """Run one task, children included; return how it ended as later templates see it."""
        place = self._place(task, parent)
        state = self._task_state(task, place, parent)
        workflow.logger.debug("task begins", extra={"facts": _facts_of(state)})
        tool = self.request.definition.tools.get(task.tool) if task.tool is not None else None
        try:
            state = attrs.evolve(state, input=scopes.task_input(self.sources, task, tool, carried, self._scope()))
        except InvalidError as error:
            return self._ended(state, TaskOutcome(status=Status.FAILED, error=conclusions.template_failure(error)))
        match task.type:
            case TaskType.BASIC:
                assert tool is not None  # noqa: S101 - the loader refuses a basic task without a known tool
                outcome = await self._run_tool(task, tool, state)
                return self._view(task, state, outcome)
            case TaskType.PARALLEL:
                outcome, children = await self._run_parallel(task, state, place)
                view = self._view(task, state, outcome, children)
                self._ended(state, attrs.evolve(outcome, status=view.status, error=view.error))
                return view

    async def _run_tool(self, task: TaskDefinition, tool: ToolDefinition, state: TaskState) -> TaskOutcome:
        declared = task.timeout or tool.timeout
        timeout = declared or DEFAULT_TOOL_TIMEOUT
        limit = timeout + _SLACK
        request = ToolRequest(
            task=state,
            tool_id=tool.id,
            config=tool.config,
            timeout=timeout,
            earlier=self._take_unrecorded(),
            traceparent=self.request.traceparent,
        )
        if declared is not None and declared > _LONG_TASK:
            queued: TaskOutcome = await workflow.execute_activity(
                RUN_TOOL,
                request,
                result_type=TaskOutcome,
                start_to_close_timeout=limit,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_UNTIL_IT_WORKS,
                activity_id=state.task_exec_id,
            )
            return queued
        local: TaskOutcome = await workflow.execute_local_activity(
            RUN_TOOL,
            attrs.evolve(request, closing=self._closing(task, state)),
            result_type=TaskOutcome,
            start_to_close_timeout=limit,
            retry_policy=_UNTIL_IT_WORKS,
            activity_id=state.task_exec_id,
        )
        self.concluded = local.concluded
        return local

    async def _run_parallel(
        self, task: TaskDefinition, state: TaskState, place: _Place
    ) -> tuple[TaskOutcome, dict[str, TaskView]]:
        """Run the children of a container at once, at most ``max_workers`` of them; return how it ended."""
        # The container is recorded first, so that whoever looks meanwhile sees the children under it.
        await self._record(state)
        slots = asyncio.Semaphore(task.max_workers or max(1, len(task.tasks)))

        async def run_child(child: TaskDefinition) -> TaskView:
            async with slots:
                return await self._run_task(child, {}, parent=place)

        views = await asyncio.gather(*(run_child(child) for child in task.tasks))
        children = {child.id: view for child, view in zip(task.tasks, views, strict=True)}
        outcomes = {
            child_id: TaskOutcome(status=view.status, output=view.output, error=view.error)
            for child_id, view in children.items()
        }
        status = planning.container_status(task.strategy, [view.status for view in views])
        assert status is not None  # noqa: S101 - all children have ended
        error = planning.container_failure(outcomes) if status is not Status.SUCCESS else None
        output = planning.container_output(outcomes, status)
        return TaskOutcome(status=status, output=output, error=error), children

    def _closing(self, task: TaskDefinition, state: TaskState) -> Closing | None:
        """Return what the worker needs to end the execution with this task; None when something follows in any case.

        Only for local activities, whose arguments are not recorded: in a queued one they would swell the history.
        """
        goes_on = all(planning.transition_after(task, status) for status in (Status.SUCCESS, Status.FAILED))
        if state.parent_id is not None or goes_on:
            return None
        # Without what the end does not need: this is written and read for every task that may be the last.
        definition = attrs.evolve(self.request.definition, tasks=(), tools={}, input_schema=None)
        return Closing(request=attrs.evolve(self.request, definition=definition), task=task, tasks=self.tasks)

    def _view(
        self,
        task: TaskDefinition,
        state: TaskState,
        outcome: TaskOutcome,
        children: dict[str, TaskView] | None = None,
    ) -> TaskView:
        return conclusions.view_of(self.sources, task, state.input, outcome, scope=self._scope(), children=children)

    def _scope(self) -> JsonObject:
        return scopes.execution_scope(self.request, self.tasks)

    def _place(self, task: TaskDefinition, parent: _Place | None) -> _Place:
        path = f"{parent.path}/{task.id}" if parent is not None else task.id
        return _Place(path, task_exec_id(self.request.exec_id, self.request.accepted_at, path))

    def _task_state(self, task: TaskDefinition, place: _Place, parent: _Place | None) -> TaskState:
        now = workflow.now()
        return TaskState(
            task_exec_id=place.task_exec_id,
            task_id=task.id,
            type=task.type,
            exec_id=self.request.exec_id,
            workflow_id=self.request.definition.id,
            parent_id=parent.task_exec_id if parent is not None else None,
            status=Status.RUNNING,
            input={},
            created_at=now,
            updated_at=now,
        )

    def _ended(self, state: TaskState, outcome: TaskOutcome) -> TaskView:
        """Note the end of a task that no activity records."""
        self.unrecorded.append(attrs.evolve(state, status=outcome.status, output=outcome.output, error=outcome.error))
        return TaskView(status=outcome.status, output=outcome.output, error=outcome.error, input=state.input)

    def _take_unrecorded(self) -> tuple[TaskState, ...]:
        taken = tuple(self.unrecorded)
        self.unrecorded.clear()
        return taken

    async def _conclude(self, final: TaskOutcome) -> None:
        await self._record(workflow_state=conclusions.final_state(self.request, final))

    async def _record(self, *states: TaskState, workflow_state: WorkflowState | None = None) -> None:
        await workflow.execute_local_activity(
            RECORD,
            RecordRequest(
                tasks=(*self._take_unrecorded(), *states),
                workflow=workflow_state,
                traceparent=self.request.traceparent,
            ),
            start_to_close_timeout=_SLACK,
            retry_policy=_UNTIL_IT_WORKS,
        )


def _facts_of(state: TaskState) -> dict[str, str]:
    """Return what log lines about a task run say of it; which execution it is the SDK's logger says."""
    return {"workflow_id": state.workflow_id, "task_id": state.task_id, "task_exec_id": state.task_exec_id}
