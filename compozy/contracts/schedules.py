"""Schedules: what starts executions at given times, whether or not anybody is there to ask for them."""

from abc import ABC, abstractmethod
from datetime import datetime

import attrs

from compozy.domain.definitions import ScheduleDefinition


@attrs.frozen(kw_only=True)
class ScheduledRun:
    """An execution that a schedule has started.

    Attributes:
        exec_id: The execution.
        due_at: When it was due (UTC).
        started_at: When it was started (UTC).
    """

    exec_id: str
    due_at: datetime
    started_at: datetime


@attrs.frozen(kw_only=True)
class Scheduled:
    """A schedule that is in force.

    Attributes:
        workflow_id: What it starts.
        definition: What it was made from, without its input; None when another version made it, which this one cannot
            read.
        is_paused: Whether it starts nothing now.
        note: Why it was paused, or was not any more; may be empty.
        paused_at: Since when it is (UTC), to the second; None when it is not, or nobody noted that.
        next_times: When it is due next (UTC), soonest first, at most ten; meant for one that is not paused.
        recent: The last executions that it started, oldest first, at most ten.
        running: Those of its executions that have not ended.
        skipped: How often it was due and started nothing, because its last execution still ran.
        missed: How often it was due when nobody was there, too long ago to be made up for.
    """

    workflow_id: str
    definition: ScheduleDefinition | None
    is_paused: bool
    note: str = ""
    paused_at: datetime | None = None
    next_times: tuple[datetime, ...] = ()
    recent: tuple[ScheduledRun, ...] = ()
    running: tuple[str, ...] = ()
    skipped: int = 0
    missed: int = 0


class Schedules(ABC):
    """The schedules of one project, at most one for each workflow. Those of others are neither seen nor touched.

    Every call may be repeated when it raised UnavailableError: what it did, it did not do by half.
    """

    @abstractmethod
    async def put(self, workflow_id: str, definition: ScheduleDefinition, *, is_paused: bool | None = None) -> None:
        """Put a schedule in force, in place of that which the workflow may have.

        Args:
            workflow_id: What it starts. Its input is not kept: it is that of the project at the time of the start.
            definition: When.
            is_paused: Whether it starts nothing for now; None leaves that as it is, which for a new one is no.

        Raises:
            InvalidError: It cannot be scheduled.
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def delete(self, workflow_id: str) -> None:
        """Put the schedule of a workflow out of force, if it has one; what it has started goes on.

        Raises:
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def find(self, workflow_id: str) -> Scheduled | None:
        """Return the schedule of a workflow as it stands now; None when it has none.

        Raises:
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def list_ids(self) -> frozenset[str]:
        """Return the workflows that have a schedule. One that was put or deleted within seconds may be told wrongly.

        Raises:
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def run_now(self, workflow_id: str) -> None:
        """Act as if the schedule were due now, paused or not; its overlap policy holds.

        Raises:
            NotFoundError: The workflow has no schedule.
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def pause(self, workflow_id: str, note: str) -> None:
        """Start nothing from now on; what runs goes on. One that is paused stays so, for this reason, since then.

        Raises:
            NotFoundError: The workflow has no schedule.
            UnavailableError: The orchestrator cannot be reached now.
        """

    @abstractmethod
    async def resume(self, workflow_id: str, note: str) -> None:
        """Start what is due from now on; what was due while it was paused is not made up for.

        Raises:
            NotFoundError: The workflow has no schedule.
            UnavailableError: The orchestrator cannot be reached now.
        """
