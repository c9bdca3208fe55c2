"""The schedules of a project: listing them, acting on one, and bringing what is in force in line with the files."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from compozy.contracts.schedules import Scheduled, Schedules
from compozy.domain.definitions import Project, ScheduleDefinition
from compozy.domain.errors import ConflictError, NotFoundError
from compozy.domain.suggestions import did_you_mean
from compozy.engine.schedules.changes import Delete, Put, changes_between

BY_HAND: Final = "by hand"
"""The note of a pause for which nobody gave a reason."""


@attrs.frozen(kw_only=True)
class ScheduleReport:
    """One schedule of a project.

    Attributes:
        workflow_id: What it starts.
        definition: What the file says.
        scheduled: What is in force; None when no worker has put it in force yet.
    """

    workflow_id: str
    definition: ScheduleDefinition
    scheduled: Scheduled | None


@attrs.frozen(kw_only=True)
class Reconciled:
    """What has been changed.

    Attributes:
        put: Of which workflows a schedule is in force that was not, or not so.
        deleted: Of which workflows none is any more.
    """

    put: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ProjectSchedules:
    """The schedules of one project.

    Attributes:
        project: What its files say.
        schedules: Gives what holds those in force, or raises UnavailableError while it cannot be reached.
    """

    project: Project
    schedules: Callable[[], Schedules]

    @property
    def wanted(self) -> Mapping[str, ScheduleDefinition]:
        """What the files say, by workflow."""
        workflows = self.project.workflows.values()
        return {workflow.id: workflow.schedule for workflow in workflows if workflow.schedule is not None}

    async def list(self) -> tuple[ScheduleReport, ...]:
        """Return every schedule of the project, in the order of its files.

        Raises:
            UnavailableError: What holds them cannot be reached.
        """
        schedules = self.schedules()
        return tuple(
            [
                ScheduleReport(workflow_id=each, definition=definition, scheduled=await schedules.find(each))
                for each, definition in self.wanted.items()
            ]
        )

    async def get(self, workflow_id: str) -> ScheduleReport:
        """Return the schedule of one workflow.

        Raises:
            NotFoundError: The project has no such workflow, or it has no schedule.
            UnavailableError: What holds the schedules cannot be reached.
        """
        definition = self._get_wanted(workflow_id)
        scheduled = await self.schedules().find(workflow_id)
        return ScheduleReport(workflow_id=workflow_id, definition=definition, scheduled=scheduled)

    async def run_now(self, workflow_id: str) -> None:
        """Act as if a schedule were due now, paused or not; its overlap policy holds.

        Raises:
            NotFoundError: The project has no such schedule, or it is not in force yet.
            UnavailableError: What holds the schedules cannot be reached.
        """
        self._get_wanted(workflow_id)
        await self.schedules().run_now(workflow_id)

    async def pause(self, workflow_id: str, note: str = BY_HAND) -> None:
        """Have a schedule start nothing until it is resumed, whatever is restarted meanwhile.

        Raises:
            NotFoundError: As :meth:`run_now`.
            UnavailableError: As :meth:`run_now`.
        """
        self._get_wanted(workflow_id)
        await self.schedules().pause(workflow_id, note)

    async def resume(self, workflow_id: str, note: str = BY_HAND) -> None:
        """Have a schedule start what is due from now on.

        Raises:
            ConflictError: The file has turned it off.
            NotFoundError: As :meth:`run_now`.
            UnavailableError: As :meth:`run_now`.
        """
        if not self._get_wanted(workflow_id).enabled:
            raise ConflictError(f"the schedule of {workflow_id!r} has enabled: false in its file; change it there")
        await self.schedules().resume(workflow_id, note)

    async def reconcile(self) -> Reconciled:
        """Bring the schedules in force in line with the files, and return what has changed.

        Safe at any time and from several processes. Each brings them in line with the files that it has read, so
        when these differ the last one decides.

        Raises:
            InvalidError: One cannot be scheduled; those before it are in force.
            UnavailableError: What holds the schedules cannot be reached; what was done by then stays.
        """
        schedules, wanted = self.schedules(), self.wanted
        found = {each: await schedules.find(each) for each in sorted(await schedules.list_ids() | wanted.keys())}
        present = {each: scheduled for each, scheduled in found.items() if scheduled is not None}
        put: list[str] = []
        deleted: list[str] = []
        for change in changes_between(wanted, present):
            match change:
                case Put():
                    await schedules.put(change.workflow_id, change.definition, is_paused=change.is_paused)
                    put.append(change.workflow_id)
                case Delete():
                    await schedules.delete(change.workflow_id)
                    deleted.append(change.workflow_id)
        return Reconciled(put=tuple(put), deleted=tuple(sorted(deleted)))

    def _get_wanted(self, workflow_id: str) -> ScheduleDefinition:
        wanted = self.wanted
        if workflow_id not in wanted:
            raise NotFoundError(f"there is no schedule {workflow_id!r}; {did_you_mean(workflow_id, wanted)}")
        return wanted[workflow_id]
