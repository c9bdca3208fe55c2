"""Wait tasks: take the first signal that will do."""

import asyncio

import attrs
from temporalio import workflow

from compozy.domain.definitions import WaitDefinition
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import Signal, TaskOutcome
from compozy.engine import planning, scopes
from compozy.engine.rules.results import signal_view, wait_output, wait_timed_out
from compozy.worker.interpreter.cancelling import raise_if_canceled
from compozy.worker.interpreter.control import Waiter
from compozy.worker.interpreter.environment import inside
from compozy.worker.interpreter.event_names import event_name_of
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_wait(runner: Runner, run: TaskRun) -> Ending:
    """Wait until a signal comes that satisfies the condition, or for as long as the task's ``timeout``."""
    name = event_name_of(runner, run, _definition(run).name, key="wait_for")
    # Under way before it is recorded: whoever finds the record may tell at once.
    waiter = runner.control.begin_wait(name)
    try:
        waiting = attrs.evolve(run.state, status=Status.WAITING, awaits=name)
        await runner.records.write_standing(runner.control, waiting)
        if runner.records.concluded is not None:
            return Ending(outcome=planning.CANCELED)
        return await _within_time(runner, run, waiter)
    finally:
        runner.control.end_wait(waiter)


async def _within_time(runner: Runner, run: TaskRun, waiter: Waiter) -> Ending:
    limit = run.task.timeout
    if limit is None:
        return await _first_that_will_do(runner, run, waiter)
    try:
        async with asyncio.timeout(limit.total_seconds()) as scope:
            return await _first_that_will_do(runner, run, waiter)
    except TimeoutError:
        if not scope.expired():
            raise
    return Ending(outcome=wait_timed_out(waiter.name, limit), next=_definition(run).on_timeout)


async def _first_that_will_do(runner: Runner, run: TaskRun, waiter: Waiter) -> Ending:
    while True:
        raise_if_canceled()
        signal = await runner.control.next_signal(waiter)
        seen: JsonObject = {"signal": signal_view(signal)}
        processed = await _processed(runner, run, seen, number=len(waiter.looked_at))
        if processed is not None:
            seen["processor"] = processed
        if _will_do(runner, run, signal, {**run.scope, **seen}):
            output = wait_output(signal, processor=None if processed is None else processed["output"])
            return Ending(outcome=TaskOutcome(status=Status.SUCCESS, output=output))


def _will_do(runner: Runner, run: TaskRun, signal: Signal, scope: JsonObject) -> bool:
    condition = _definition(run).condition
    if condition is None:
        return True
    try:
        return scopes.holds(runner.sources, condition, scope)
    except InvalidError as error:
        # Anybody may send anything under this name; what cannot be asked the question does not end a long wait.
        facts = {"task_id": run.state.task_id, "signal": signal.name, "event_id": signal.event_id, "reason": str(error)}
        workflow.logger.warning("a signal is passed over: the condition fails on it", extra={"facts": facts})
        return False


async def _processed(runner: Runner, run: TaskRun, seen: JsonObject, *, number: int) -> JsonObject | None:
    """Run the processor for a signal and return it as templates see it; None when there is none.

    Raises:
        TaskError: ``PROCESSOR_FAILED``: it did not succeed.
    """
    processor = _definition(run).processor
    if processor is None:
        return None
    done = await runner.run(processor, {}, _frame_of(run, number).seeing(seen))
    if done.view.status is not Status.SUCCESS:
        cause = done.view.error
        reason = done.view.status.value if cause is None else cause.message
        details = {} if cause is None else {"error": attrs.asdict(cause)}
        raise TaskError(f"processor {processor.id!r}: {reason}", error_code="PROCESSOR_FAILED", details=details)
    return done.view.as_json()


def _frame_of(run: TaskRun, number: int) -> Frame:
    """Return where the processor runs for the signal with this number; each of its runs has a path of its own."""
    frame = inside(run)
    return frame if number == 1 else attrs.evolve(frame, path=f"{frame.path}/{number}")


def _definition(run: TaskRun) -> WaitDefinition:
    assert run.task.wait is not None  # noqa: S101 - the loader refuses a wait that waits for nothing
    return run.task.wait
