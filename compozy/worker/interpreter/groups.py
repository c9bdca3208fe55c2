"""Short work of siblings that is asked for at the same moment: it travels together, as one local activity.

Theory of operation. What a local activity costs is mostly the way there and back, not the work. In a container that
waits for all of its tasks anyway, nobody sees in which order they end, so those that ask for work in the same turn of
the loop are handed out at once, and go on at once when the last of them has ended. Each is recorded by itself, as soon
as it ends.

Not where one end may decide (race, fail_fast), where children follow one another or only some run at a time: there the
end of one is news.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs
from temporalio import workflow
from temporalio.workflow import ActivityCancellationType

from compozy.domain.definitions import CollectionMode, Strategy, TaskDefinition, TaskType
from compozy.domain.work import TaskOutcome, TaskOutcomes, TaskRequest, TaskRequests
from compozy.worker.interpreter.patience import SLACK, UNTIL_IT_WORKS
from compozy.worker.names import RUN_TASKS

MOST_TOGETHER: Final = 250
"""How many travel together; their outcomes come back in one message."""

_PATIENT: Final = frozenset({Strategy.WAIT_ALL, Strategy.BEST_EFFORT})


def are_alike(task: TaskDefinition) -> bool:
    """Tell whether nobody sees in which order the tasks in a container end."""
    if task.strategy not in _PATIENT or task.max_workers is not None:
        return False
    if task.type is TaskType.COLLECTION:
        collection = task.collection
        return collection is not None and collection.mode is CollectionMode.PARALLEL and collection.batch is None
    return task.type is TaskType.PARALLEL


@attrs.define(eq=False)
class _Trip:
    requests: list[TaskRequest] = attrs.Factory(list)
    task: "asyncio.Task[Sequence[TaskOutcome]] | None" = None

    async def go(self) -> Sequence[TaskOutcome]:
        first = self.requests[0].task.task_exec_id
        outcomes: TaskOutcomes = await workflow.execute_local_activity(
            RUN_TASKS,
            TaskRequests(requests=tuple(self.requests)),
            result_type=TaskOutcomes,
            # If the worker does one at a time.
            start_to_close_timeout=sum((request.timeout for request in self.requests), start=timedelta()) + SLACK,
            retry_policy=UNTIL_IT_WORKS,
            activity_id=f"{first}+{len(self.requests)}@{self.requests[0].tried}",
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        return outcomes.outcomes


@attrs.define(eq=False)
class Group:
    """The short work of the tasks in one container."""

    _next: _Trip | None = None

    async def do(self, request: TaskRequest) -> TaskOutcome:
        """Have the work done together with that of others; return how it ended.

        Cancelling one of them cancels all: it happens to all or to none.
        """
        trip = self._next
        if trip is None:
            trip = self._next = _Trip()
            # Its first step comes after that of all siblings which are about to ask.
            trip.task = asyncio.create_task(self._depart(trip))
        position = len(trip.requests)
        trip.requests.append(request)
        if len(trip.requests) == MOST_TOGETHER:
            self._next = None
        assert trip.task is not None  # noqa: S101 - set above, or by the first
        return (await trip.task)[position]

    async def _depart(self, trip: _Trip) -> Sequence[TaskOutcome]:
        if self._next is trip:
            self._next = None
        return await trip.go()
