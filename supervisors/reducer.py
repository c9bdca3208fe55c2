"""What follows from what: the rules of supervision as one pure function.

`step` takes the tree as it is and one thing that happened, and returns the tree as it is then and what is to be done.
There is no task, no clock and no chance in it: time and jitter come with the input. That makes it the specification;
the executor only carries out effects.

After each input the tree settles: condemned actors whose dependents have ended are asked to stop, and waiting actors
whose dependencies are ready are started. Between that check and the start lies nothing, so no actor is ever started on
a dependency that is gone.
"""

from collections.abc import Callable
from typing import Any

from supervisors.draft import Draft
from supervisors.errors import EarlyReturnError, StartTimeoutError
from supervisors.events import Cause, describe
from supervisors.failing import fail
from supervisors.happenings import (
    Boot,
    Broken,
    Effect,
    Ended,
    Extended,
    Input,
    RestartRequested,
    Start,
    Started,
    StopRequested,
    Tick,
)
from supervisors.states import LEAVING, LIVE, RUNNING, State
from supervisors.stopping import abandon, begin_shutdown, cancel, condemn, take_turns
from supervisors.world import Fate, World

EXTENSION = 10
"""An actor may extend its start up to this many times its start timeout."""


def step(world: World, happened: Input) -> tuple[World, tuple[Effect, ...]]:
    """Return the tree after this has happened, and what is to be done, in order."""
    draft = Draft(world, happened.at)
    _HANDLERS[type(happened)](draft, happened)
    _settle(draft)
    return draft.finish()


def _settle(draft: Draft) -> None:
    take_turns(draft)
    if draft.world.shutdown is None:
        for name in draft.plan.specs:
            if _may_start(draft, name):
                generation = draft.cell(name).generation + 1
                due = draft.at + draft.spec(name).start_timeout if not draft.spec(name).main else float("inf")
                draft.move(
                    name,
                    State.STARTING,
                    Cause.DEPENDENCIES_READY,
                    generation=generation,
                    born=draft.at,
                    deadline=due,
                )
                draft.effects.append(Start(name, generation))
        ever_ready = draft.world.ever_ready or draft.finish()[0].is_ready
        draft.change(ever_ready=ever_ready)


def _may_start(draft: Draft, name: str) -> bool:
    # Dependents of its last generation have to be gone: they hold a value that is about to be replaced.
    return (
        draft.cell(name).state is State.WAITING
        and all(draft.cell(other).is_ready for other in draft.plan.needs[name])
        and not any(draft.cell(other).state in LIVE for other in draft.plan.needed_by[name])
    )


def _boot(draft: Draft, _: Boot) -> None:
    if draft.world.shutdown is not None:
        return  # whoever opened the tree was cancelled before the first task ran
    for name in draft.plan.specs:
        draft.move(name, State.WAITING, Cause.OPENED)


def _started(draft: Draft, happened: Started) -> None:
    # An actor that was asked to stop while it got ready could not know; its announcement is late, not wrong.
    cell = draft.cell(happened.name)
    if cell.state is State.STARTING and cell.generation == happened.generation:
        draft.move(happened.name, State.READY, Cause.ANNOUNCED, ready_in=cell.generation)


def _extended(draft: Draft, happened: Extended) -> None:
    cell = draft.cell(happened.name)
    if cell.state is State.STARTING and cell.generation == happened.generation:
        latest = cell.born + EXTENSION * draft.spec(happened.name).start_timeout
        draft.put(happened.name, deadline=min(cell.deadline + happened.seconds, latest))


def _ended(draft: Draft, happened: Ended) -> None:
    cell = draft.cell(happened.name)
    if cell.generation != happened.generation:
        return
    if cell.state in RUNNING:
        _ended_unasked(draft, happened)
    elif cell.state in LEAVING or cell.state is State.ABANDONED:
        _ended_on_request(draft, happened)


def _ended_unasked(draft: Draft, happened: Ended) -> None:
    name, spec, cell = happened.name, draft.spec(happened.name), draft.cell(happened.name)
    if happened.error is not None:
        fail(draft, name, happened.error, happened.chance)
    elif spec.main:
        draft.move(name, State.EXITED, Cause.RETURNED)
        draft.change(result=happened.result)
        begin_shutdown(draft, f"{name} has finished")
    elif cell.state is State.STARTING:
        fail(draft, name, EarlyReturnError(name, "returned before it was ready"), happened.chance)
    elif spec.restart == "always":
        draft.move(name, State.EXITED, Cause.RETURNED)
        wait = spec.backoff.delay(1, chance=happened.chance)
        draft.move(name, State.BACKOFF, Cause.COMES_BACK, deadline=draft.at + wait)
        condemn(draft, draft.plan.dependents(name), Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)
    else:
        fail(draft, name, EarlyReturnError(name, "returned although nobody asked it to stop"), happened.chance)


def _ended_on_request(draft: Draft, happened: Ended) -> None:
    name, cell = happened.name, draft.cell(happened.name)
    if cell.fate is Fate.FAIL and cell.state is State.CANCELLING:
        limit = draft.spec(name).start_timeout
        error = happened.error or StartTimeoutError(name, f"was not ready within {limit:g} s")
        fail(draft, name, error, happened.chance)
        return
    draft.move(name, State.STOPPED, Cause.ENDED, describe(happened.error))
    was_reported = cell.state is State.ABANDONED
    if happened.error is not None and not was_reported and _is_root_cause(draft, name, happened.error):
        draft.blame(name, happened.error)
        begin_shutdown(draft, f"{name} failed to stop")
    if cell.fate is Fate.RETURN and draft.world.shutdown is None:
        draft.move(name, State.WAITING, Cause.COMES_BACK)


def _is_root_cause(draft: Draft, name: str, error: BaseException) -> bool:
    # What fails while something below it has failed is collateral; what fails in an orderly stop is a fault of its own.
    if not isinstance(error, Exception):
        return True
    if draft.world.shutdown is None:
        return False
    failed = {failure.name for failure in draft.world.failures}
    return not any(name in draft.plan.dependents(other) for other in failed if other in draft.cells)


def _tick(draft: Draft, _: Tick) -> None:
    for name in [n for n, cell in draft.cells.items() if cell.deadline <= draft.at]:
        state = draft.cell(name).state
        if draft.cell(name).deadline > draft.at:
            continue  # an earlier one of this tick has moved it
        if state is State.STARTING:
            cancel(draft, name, Cause.START_TIMEOUT, fate=Fate.FAIL)
        elif state is State.BACKOFF:
            draft.move(name, State.WAITING, Cause.BACKOFF_OVER)
        elif state is State.STOPPING:
            cancel(draft, name, Cause.GRACE_OVER)
        else:
            abandon(draft, name)


def _stop_requested(draft: Draft, happened: StopRequested) -> None:
    begin_shutdown(draft, happened.why, hurried=happened.hurried)


def _restart_requested(draft: Draft, happened: RestartRequested) -> None:
    name = happened.name
    if draft.world.shutdown is not None:
        return
    if draft.cell(name).state is State.BACKOFF:
        draft.move(name, State.WAITING, Cause.OPERATOR)
    elif draft.cell(name).state in RUNNING:
        condemn(draft, [name, *draft.plan.dependents(name)], Fate.RETURN, Cause.OPERATOR, name)


def _broken(draft: Draft, happened: Broken) -> None:
    draft.blame(happened.name, happened.error)
    begin_shutdown(draft, f"{happened.name} failed")


_HANDLERS: dict[type, Callable[[Draft, Any], None]] = {
    Boot: _boot,
    Started: _started,
    Extended: _extended,
    Ended: _ended,
    Tick: _tick,
    StopRequested: _stop_requested,
    RestartRequested: _restart_requested,
    Broken: _broken,
}
