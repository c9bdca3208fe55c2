"""The schedules of a project, put together from what the actors hold, and brought in line with its files."""

from typing import Any, Final

import trio

from compozy.app.connections import current_connection
from compozy.app.executions import task_queue_of
from compozy.contracts.schedules import Schedules
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, NotFoundError, UnavailableError
from compozy.drivers.clock import utc_now
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.telemetry.logger import get_logger
from supervisors import View

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 60.0

_log = get_logger(__name__)


def schedules_on(connection: Any, project: Project) -> Schedules:
    """Return the schedules that a project has on a live Temporal connection."""
    # Here, because it needs temporalio, which nobody waits for until there is a connection.
    from compozy.drivers.temporal.schedules import TemporalSchedules  # noqa: PLC0415

    return TemporalSchedules(
        connection=connection, project=project.name, task_queue=task_queue_of(project), clock=utc_now
    )


def current_schedules(tree: View, project: Project) -> Schedules:
    """Return the schedules over the connection that the tree has at this moment.

    Raises:
        UnavailableError: There is none now, or its server does not answer.
    """
    return schedules_on(current_connection(tree, "schedules cannot be reached"), project)


async def bring_in_line(kept: ProjectSchedules) -> None:
    """Bring the schedules in force in line with the files; when that cannot be done now, as soon as it can."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            changed = await kept.reconcile()
        except (NotFoundError, UnavailableError) as error:  # a server knows a namespace only some time after it is made
            _log.warning("schedules are brought in line with the files later", reason=str(error))
            await trio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
        except InvalidError as error:
            _log.error("schedules stay as they are: temporal refuses one", reason=str(error))
            return
        else:
            if changed.put or changed.deleted:
                _log.info("schedules were brought in line with the files", put=changed.put, deleted=changed.deleted)
            return
