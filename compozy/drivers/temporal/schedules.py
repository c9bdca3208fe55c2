"""Schedules on Temporal: its own schedules, which start a workflow whose id becomes the execution's.

A schedule's id is ``compozy:PROJECT:WORKFLOW``, so projects that share a namespace do not meet. The ids of what it
starts are ``PROJECT.WORKFLOW-TIME``; Temporal appends the time at which each was due.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import attrs
import cattrs
from temporalio.client import (
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    SchedulePolicy,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributeKey, TypedSearchAttributes
from temporalio.service import RPCError
from typing_extensions import override

from compozy.bridge import HostClosedError
from compozy.contracts.schedules import Scheduled, ScheduledRun, Schedules
from compozy.domain.definitions import OverlapPolicy, ScheduleDefinition
from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.domain.work import SCHEDULED_WORKFLOW, Due
from compozy.drivers.temporal.connection import Connection
from compozy.drivers.temporal.errors import translate
from compozy.drivers.temporal.pause_notes import PauseNote, read, written
from compozy.drivers.temporal.schedule_specs import CATCH_UP, OVERLAPS, spec_of
from compozy.telemetry.logger import get_logger

T = TypeVar("T")

_log = get_logger(__name__)

_TASK_TIMEOUT: Final = timedelta(seconds=5)
"""How long a step belongs to one worker, as for other executions (compozy.drivers.temporal.orchestrator)."""

_STARTED_BY: Final = SearchAttributeKey.for_keyword("TemporalScheduledById")
"""Under which Temporal notes, of what a schedule starts, the id of the schedule."""

_OFF: Final = "enabled: false in the workflow's file"


@attrs.frozen(kw_only=True)
class TemporalSchedules(Schedules):
    """The schedules of one project over a connection.

    Attributes:
        connection: A live connection.
        project: Name of the project.
        task_queue: Where its workers listen.
        clock: Gives the current time, UTC.
    """

    connection: Connection
    project: str
    task_queue: str
    clock: Callable[[], datetime]

    @override
    async def put(self, workflow_id: str, definition: ScheduleDefinition, *, is_paused: bool | None = None) -> None:
        await self._call(partial(self._put, Due(workflow_id=workflow_id, schedule=definition), is_paused))

    @override
    async def delete(self, workflow_id: str) -> None:
        try:
            await self._call(self._handle(workflow_id).delete)
        except NotFoundError:
            return

    @override
    async def find(self, workflow_id: str) -> Scheduled | None:
        try:
            description = await self._call(self._handle(workflow_id).describe)
        except NotFoundError:
            return None
        scheduled = _scheduled(workflow_id, description, await self._call(partial(_definition_of, description)))
        if description.schedule.policy.overlap is not OVERLAPS[OverlapPolicy.ALLOW]:
            return scheduled
        # A server keeps no account of executions that no later one has to heed.
        return attrs.evolve(scheduled, running=await self._call(partial(self._find_running, workflow_id)))

    @override
    async def list_ids(self) -> frozenset[str]:
        return await self._call(self._list_ids)

    @override
    async def run_now(self, workflow_id: str) -> None:
        await self._act(workflow_id, self._handle(workflow_id).trigger)

    @override
    async def pause(self, workflow_id: str, note: str) -> None:
        before = await self.find(workflow_id)
        since = (before.paused_at if before is not None else None) or self.clock()
        act = partial(self._handle(workflow_id).pause, note=written(PauseNote(note, since)))
        while not (await self._act(workflow_id, act)).paused:
            _log.debug("a schedule is paused again", workflow_id=workflow_id)

    @override
    async def resume(self, workflow_id: str, note: str) -> None:
        act = partial(self._handle(workflow_id).unpause, note=note)
        while (await self._act(workflow_id, act)).paused:
            _log.debug("a schedule is resumed again", workflow_id=workflow_id)

    async def _act(self, workflow_id: str, act: Callable[[], Awaitable[None]]) -> ScheduleState:
        """Tell a schedule something, and return how it stands once it has heeded that.

        Of two things that it is told at once a server forgets the first. It answers a question in its turn, so what
        was told before has been heeded by then, or forgotten for what somebody else told at the same time.
        """
        try:
            await self._call(act)
            return (await self._call(self._handle(workflow_id).describe)).schedule.state
        except NotFoundError as error:
            hint = "a worker puts it in force when it starts"
            raise NotFoundError(f"the schedule of {workflow_id!r} is not in force; {hint}") from error

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self.connection.host.call(call)
        except RPCError as error:
            raise translate(error) from error
        except HostClosedError as error:
            raise UnavailableError("the connection to temporal was closed") from error

    async def _put(self, due: Due, is_paused: bool | None) -> None:  # noqa: FBT001 - a state that may be left as it is
        labels = self.connection.labels
        try:
            await self._put_labelled(due, is_paused, labels.of(due.workflow_id, self.project))
        except RPCError as error:
            refusal = error
        else:
            return
        if not await labels.handle_refusal(self.connection.client, refusal):
            raise refusal
        await self._put_labelled(due, is_paused, TypedSearchAttributes.empty)

    async def _put_labelled(self, due: Due, is_paused: bool | None, labels: TypedSearchAttributes) -> None:  # noqa: FBT001 - as above
        state = _standing(due.schedule, is_paused, ScheduleState())
        made = partial(self._schedule, due, labels)
        try:
            await self.connection.client.create_schedule(self._id(due.workflow_id), made(state))
        except ScheduleAlreadyRunningError:
            # The updater is called again when somebody else was faster, so no pause is lost.
            def updated(now: ScheduleUpdateInput) -> ScheduleUpdate:
                return ScheduleUpdate(made(_standing(due.schedule, is_paused, now.description.schedule.state)))

            await self._handle(due.workflow_id).update(updated)

    def _schedule(self, due: Due, labels: TypedSearchAttributes, state: ScheduleState) -> Schedule:
        action = ScheduleActionStartWorkflow(
            SCHEDULED_WORKFLOW,
            due,
            id=self._started_id(due.workflow_id),
            task_queue=self.task_queue,
            task_timeout=_TASK_TIMEOUT,
            typed_search_attributes=labels,
        )
        policy = SchedulePolicy(overlap=OVERLAPS[due.schedule.overlap_policy], catchup_window=CATCH_UP)
        return Schedule(action=action, spec=spec_of(due.schedule), policy=policy, state=state)

    async def _list_ids(self) -> frozenset[str]:
        prefix = self._id("")
        found = await self.connection.client.list_schedules()
        ids = [each.id.removeprefix(prefix) async for each in found if each.id.startswith(prefix)]
        # A project whose name goes on with a colon has ids with one left; workflows have none in theirs.
        return frozenset(each for each in ids if ":" not in each)

    async def _find_running(self, workflow_id: str) -> tuple[str, ...]:
        """Return the executions that a schedule has started and that run, by when they were due."""
        # Not by the schedule's id in the query, for its language cannot quote every name of a project.
        query = f'WorkflowId STARTS_WITH "{self._started_id(workflow_id)}-" AND ExecutionStatus = "Running"'
        found = [each async for each in self.connection.client.list_workflows(query)]
        schedule_id = self._id(workflow_id)
        return tuple(sorted(each.id for each in found if each.typed_search_attributes.get(_STARTED_BY) == schedule_id))

    def _handle(self, workflow_id: str) -> ScheduleHandle:
        return self.connection.client.get_schedule_handle(self._id(workflow_id))

    def _id(self, workflow_id: str) -> str:
        return f"compozy:{self.project}:{workflow_id}"

    def _started_id(self, workflow_id: str) -> str:
        return f"{_slug(self.project)}.{workflow_id}"


def _standing(definition: ScheduleDefinition, is_paused: bool | None, now: ScheduleState) -> ScheduleState:  # noqa: FBT001 - as above
    if is_paused is None:
        return ScheduleState(paused=now.paused, note=now.note)
    return ScheduleState(paused=is_paused, note="" if definition.enabled else _OFF)


def _slug(project: str) -> str:
    """Return a project's name as it can be part of an address; different names give different ones."""
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", project)
    return slug if slug == project else f"{slug}-{hashlib.sha256(project.encode()).hexdigest()[:8]}"


async def _definition_of(description: ScheduleDescription) -> ScheduleDefinition | None:
    """Return what a schedule was made from; None when this version cannot read it."""
    action = description.schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return None
    try:
        (due,) = await description.data_converter.decode(action.args, [Due])
    except (cattrs.BaseValidationError, RuntimeError, ValueError, TypeError, KeyError):
        return None
    return due.schedule if isinstance(due, Due) else None


def _scheduled(workflow_id: str, description: ScheduleDescription, definition: ScheduleDefinition | None) -> Scheduled:
    info, state = description.info, description.schedule.state
    note = read(state.note or "")
    return Scheduled(
        workflow_id=workflow_id,
        definition=definition,
        is_paused=state.paused,
        note=note.text,
        paused_at=note.since if state.paused else None,
        next_times=tuple(each.astimezone(UTC) for each in info.next_action_times),
        recent=tuple(
            ScheduledRun(exec_id=each.action.workflow_id, due_at=each.scheduled_at, started_at=each.started_at)
            for each in info.recent_actions
            if isinstance(each.action, ScheduleActionExecutionStartWorkflow)
        ),
        running=tuple(
            each.workflow_id for each in info.running_actions if isinstance(each, ScheduleActionExecutionStartWorkflow)
        ),
        skipped=info.num_actions_skipped_overlap,
        missed=info.num_actions_missed_catchup_window,
    )
