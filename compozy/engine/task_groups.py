"""Task runs that are handed out together: each is carried out as if it were alone."""

from collections.abc import Awaitable, Callable, Sequence

import trio

from compozy.domain.errors import UnavailableError
from compozy.domain.work import TaskOutcome, TaskRequest
from compozy.telemetry.facts import bind_facts


async def run_together(
    run: Callable[[TaskRequest], Awaitable[TaskOutcome]],
    requests: Sequence[TaskRequest],
    *,
    limiter: trio.CapacityLimiter,
) -> tuple[TaskOutcome, ...]:
    """Do the work of several tasks at once and return how each ended, in order.

    Those that end are recorded one by one. When some meet an outage, the others come to their end all the same, so that
    the repetition finds them done.

    Args:
        run: Does the work of one, and may be repeated.
        requests: The tasks.
        limiter: How many run at once, here and for others with the same one.

    Raises:
        UnavailableError: A backend cannot be reached; the whole may be repeated.
        Exception: What else one of them raised.
    """
    outcomes: dict[int, TaskOutcome] = {}
    errors: list[Exception] = []

    async def run_one(position: int, request: TaskRequest, place: object) -> None:
        try:
            task = request.task
            bind_facts(task_id=task.task_id, task_exec_id=task.task_exec_id)
            outcomes[position] = await run(request)
        except Exception as error:  # noqa: BLE001 - raised below, when all have ended
            errors.append(error)
        finally:
            limiter.release_on_behalf_of(place)

    async with trio.open_nursery() as nursery:
        for position, request in enumerate(requests):
            place = object()
            await limiter.acquire_on_behalf_of(place)  # here, so that they begin in order
            nursery.start_soon(run_one, position, request, place)
    if errors:
        # Of several, one that says that the repetition will fail too.
        raise min(errors, key=lambda error: isinstance(error, UnavailableError))
    return tuple(outcomes[position] for position in range(len(requests)))
