"""What has to change so that the schedules in force are those that the files say."""

from collections.abc import Iterator, Mapping

import attrs

from compozy.contracts.schedules import Scheduled
from compozy.domain.definitions import ScheduleDefinition


@attrs.frozen(kw_only=True)
class Put:
    """A schedule to put in force.

    Attributes:
        workflow_id: Of which workflow.
        definition: The schedule.
        is_paused: Whether it starts nothing for now; None leaves that as it is.
    """

    workflow_id: str
    definition: ScheduleDefinition
    is_paused: bool | None


@attrs.frozen(kw_only=True)
class Delete:
    """A schedule to put out of force.

    Attributes:
        workflow_id: Of which workflow.
    """

    workflow_id: str


def changes_between(
    wanted: Mapping[str, ScheduleDefinition], present: Mapping[str, Scheduled]
) -> Iterator[Put | Delete]:
    """Yield what brings the schedules in force to those that are wanted; nothing for what is as it should be.

    A schedule that somebody paused stays so, unless the file has turned it off or on since.

    Args:
        wanted: What the files say, by workflow.
        present: What is in force, by workflow.
    """
    for workflow_id, definition in wanted.items():
        given = without_input(definition)
        was = present.get(workflow_id)
        if was is None or was.definition is None:
            yield Put(workflow_id=workflow_id, definition=given, is_paused=not given.enabled)
        elif was.definition != given:
            is_turned = was.definition.enabled is not given.enabled
            yield Put(workflow_id=workflow_id, definition=given, is_paused=not given.enabled if is_turned else None)
    for workflow_id in present.keys() - wanted.keys():
        yield Delete(workflow_id=workflow_id)


def without_input(definition: ScheduleDefinition) -> ScheduleDefinition:
    """Return when a workflow runs, without what it is given then: that is read from the files at that time."""
    return attrs.evolve(definition, input={})
