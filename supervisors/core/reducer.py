"""What follows from what: the rules of supervision as one pure function.

`step` takes the tree as it is and one thing that happened, and returns the tree as it is then and what is to be done.
There is no task, no clock and no chance in it: time and jitter come with the input. That makes it the specification;
the executor only carries out effects.

After each input the tree settles: condemned actors whose dependents have ended are asked to stop, failed groups whose
members have ended come back, and waiting actors whose dependencies are ready are started. Between that check and the
start lies nothing, so no actor is ever started on a dependency that is gone.
"""

from collections.abc import Callable
from typing import Any

from supervisors.core.draft import CALM, Draft
from supervisors.core.events import Cause, describe
from supervisors.core.failing import fail, release, release_waiting
from supervisors.core.happenings import (
    Boot,
    Broken,
    Checked,
    Dismissed,
    Drop,
    Effect,
    Ended,
    Extended,
    Hung,
    Input,
    RestartRequested,
    Spawn,
    Started,
    StopRequested,
    Tick,
    Watch,
)
from supervisors.core.states import LEAVING, RUNNING, State
from supervisors.core.stopping import (
    EXTENSION,
    abandon,
    begin_shutdown,
    cancel,
    condemn,
    drop_stopped,
    extend_stop,
    take_turns,
)
from supervisors.core.world import Cell, Fate, World
from supervisors.errors import EarlyReturnError, StartTimeoutError, UnhealthyError


def step(world: World, happened: Input) -> tuple[World, list[Effect]]:
    """Return the tree after this has happened, and what is to be done, in order."""
    draft = Draft(world, happened.at)
    _HANDLERS[type(happened)](draft, happened)
    _settle(draft)
    return draft.finish(), draft.effects


def _settle(draft: Draft) -> None:
    while draft.turns or draft.startable or draft.relieved:
        take_turns(draft)
        release_waiting(draft)
        names, draft.startable = draft.startable, {}
        if draft.shutdown is None:
            for name in names:
                if name in draft and _may_start(draft, name):
                    _start(draft, name)
    if not draft.ever_ready and draft.is_ready and draft.shutdown is None:
        draft.ever_ready = True


def _may_start(draft: Draft, name: str) -> bool:
    # Dependents of its last generation have to be gone: they hold a value that is about to be replaced.
    return (
        draft.cell(name).state is State.WAITING
        and draft.has_all_it_needs(name)
        and not draft.has_live_dependents(name)
        and not (draft.spec(name).group is not None and _group_is_down(draft, name))
    )


def _group_is_down(draft: Draft, name: str) -> bool:
    return any(draft.cell(group).state in {State.BACKOFF, State.GAVE_UP} for group in draft.plan.enclosing(name))


def _start(draft: Draft, name: str) -> None:
    spec = draft.spec(name)
    unlimited = spec.main or spec.is_virtual or spec.kind == "child"
    due = float("inf") if unlimited else draft.at + spec.start_timeout
    draft.move(name, State.STARTING, Cause.DEPENDENCIES_READY, deadline=due)
    if spec.is_virtual or spec.kind == "child":  # a child is ready as soon as it runs: nobody waits for it
        _become_ready(draft, name)


def _boot(draft: Draft, _: Boot) -> None:
    if draft.shutdown is not None:
        return  # whoever opened the tree was cancelled before the first task ran
    for name in draft.plan.specs:
        draft.move(name, State.WAITING, Cause.OPENED)


def _started(draft: Draft, happened: Started) -> None:
    # An actor that was asked to stop while it got ready could not know; its announcement is late, not wrong.
    cell = draft.current(happened.name, happened.generation)
    if cell is not None and cell.state is State.STARTING:
        _become_ready(draft, happened.name)


def _become_ready(draft: Draft, name: str) -> None:
    draft.move(name, State.READY, Cause.ANNOUNCED)
    spec = draft.spec(name)
    if spec.check is not None or spec.watchdog is not None:
        draft.effects.append(Watch(name, draft.cell(name).generation))


def _extended(draft: Draft, happened: Extended) -> None:
    name, cell = happened.name, draft.current(happened.name, happened.generation)
    if cell is None:
        return
    if cell.state is State.STARTING:
        latest = cell.since + EXTENSION * draft.spec(name).start_timeout
        draft.put(name, deadline=max(cell.deadline, min(cell.deadline + happened.seconds, latest)))
    elif cell.state is State.STOPPING:
        extend_stop(draft, name, happened.seconds)


def _checked(draft: Draft, happened: Checked) -> None:
    name, problem = happened.name, happened.problem
    cell = draft.current(name, happened.generation)
    if cell is None or not cell.is_available:
        return
    if problem is None:
        if cell.state is State.DEGRADED:
            draft.put(name, failing=0)
            draft.move(name, State.READY, Cause.RECOVERED)
        return
    failing = cell.failing + 1
    if failing >= happened.fails:
        times = f"{failing} times in a row" if failing > 1 else "once"
        error = UnhealthyError(name, f"failed its health check {times}, last with {problem}")
        _declare_unhealthy(draft, name, error, since=cell.since if cell.state is State.DEGRADED else draft.at)
        return
    draft.put(name, failing=failing)
    if cell.state is State.READY:
        draft.move(name, State.DEGRADED, Cause.CHECK_FAILED, problem)


def _hung(draft: Draft, happened: Hung) -> None:
    name = happened.name
    cell = draft.current(name, happened.generation)
    if cell is not None and cell.is_available:
        _declare_unhealthy(draft, name, happened.error, since=draft.at - (draft.spec(name).watchdog or 0.0))


def _declare_unhealthy(draft: Draft, name: str, error: BaseException, *, since: float) -> None:
    # What counts as calm is the time before it began to fail: it may take longer than that until it is certain.
    cell = draft.cell(name)
    streak = 0 if since - cell.available_since >= CALM else cell.streak
    condemn(draft, draft.plan.dependents(name), Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)
    draft.move(name, State.DRAINING, Cause.UNHEALTHY, describe(error), fate=Fate.FAIL, quick=True, streak=streak)
    draft.put(name, fault=error)


def _ended(draft: Draft, happened: Ended) -> None:
    cell = draft.current(happened.name, happened.generation)
    if cell is None:
        return
    if cell.state in RUNNING:
        _ended_unasked(draft, happened, cell)
    elif cell.state in LEAVING or cell.state is State.ABANDONED:
        _ended_on_request(draft, happened, cell)


def _ended_unasked(draft: Draft, happened: Ended, cell: Cell) -> None:
    name, spec = happened.name, draft.spec(happened.name)
    if happened.error is not None:
        fail(draft, name, happened.error, happened.chance)
    elif spec.main:
        draft.move(name, State.EXITED, Cause.RETURNED)
        draft.result = happened.result
        begin_shutdown(draft, f"{name} has finished")
    elif spec.kind == "child" and spec.restart != "always":
        draft.move(name, State.EXITED, Cause.RETURNED)
        draft.effects.append(Drop(name, result=happened.result))
        draft.drop(name)
    elif cell.state is State.STARTING:
        fail(draft, name, EarlyReturnError(name, "returned before it was ready"), happened.chance)
    elif spec.restart == "always":
        draft.move(name, State.EXITED, Cause.RETURNED)
        wait = spec.backoff.delay(1, chance=happened.chance)
        draft.move(name, State.BACKOFF, Cause.COMES_BACK)
        draft.put(name, deadline=draft.at + wait)
        condemn(draft, draft.plan.dependents(name), Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)
    else:
        fail(draft, name, EarlyReturnError(name, "returned although nobody asked it to stop"), happened.chance)


def _ended_on_request(draft: Draft, happened: Ended, cell: Cell) -> None:
    name = happened.name
    if cell.fate is Fate.FAIL and cell.state is not State.ABANDONED:
        said = f"; {happened.said}" if happened.said else ""
        late = StartTimeoutError(name, f"was not ready within {draft.spec(name).start_timeout:g} s{said}")
        error = cell.fault or happened.error or late
        fail(draft, name, error, happened.chance)
        return
    draft.move(name, State.STOPPED, Cause.ENDED, describe(happened.error))
    was_reported = cell.state is State.ABANDONED
    if happened.error is not None and not was_reported and _is_root_cause(draft, name, cell, happened.error):
        draft.blame(name, happened.error)
        begin_shutdown(draft, f"{name} failed to stop")
    comes_back = cell.fate is Fate.RETURN and draft.shutdown is None
    spec = draft.spec(name)
    if spec.kind == "child" and (not comes_back or spec.restart == "never"):
        drop_stopped(draft, name, happened.error)
    elif comes_back:
        draft.move(name, State.WAITING, Cause.COMES_BACK)


def _is_root_cause(draft: Draft, name: str, cell: Cell, error: BaseException) -> bool:
    # What fails while something below it has failed is collateral; what fails in an orderly stop is a fault of its own.
    if not isinstance(error, Exception):
        return True
    if draft.shutdown is None or cell.quick:
        return False
    below = draft.plan.dependencies(name)
    return not any(failure.name in below for failure in draft.failures)


def _tick(draft: Draft, happened: Tick) -> None:
    for name in tuple(draft.plan.specs) if happened.due is None else happened.due:
        if name not in draft or draft.cell(name).deadline > draft.at:
            continue  # it has moved since, or an earlier one of this tick has moved it
        state = draft.cell(name).state
        if state is State.STARTING:
            cancel(draft, name, Cause.START_TIMEOUT, fate=Fate.FAIL)
        elif state is State.BACKOFF:
            release(draft, name, Cause.BACKOFF_OVER)
        elif state is State.STOPPING:
            cancel(draft, name, Cause.GRACE_OVER)
        else:
            abandon(draft, name)


def _spawn(draft: Draft, happened: Spawn) -> None:
    name, pool = happened.spec.name, happened.spec.group or ""
    limit = draft.spec(pool).limit
    is_full = limit is not None and len(draft.plan.in_group[pool]) >= limit
    if draft.shutdown is not None or is_full or not draft.cell(pool).is_available:
        draft.effects.append(Drop(name, was_stopped=True))  # the pool was lost, or filled, before this was its turn
        return
    draft.adopt(happened.spec)
    draft.move(name, State.WAITING, Cause.SPAWNED)


def _dismissed(draft: Draft, happened: Dismissed) -> None:
    if happened.name in draft:
        condemn(draft, [happened.name], Fate.STOP, Cause.DISMISSED, happened.why)


def _stop_requested(draft: Draft, happened: StopRequested) -> None:
    begin_shutdown(draft, happened.why, hurried=happened.hurried)


def _restart_requested(draft: Draft, happened: RestartRequested) -> None:
    name = happened.name
    if draft.shutdown is not None or name not in draft:
        return
    # A group that is down keeps what is in it down, so it comes back first. What runs is stopped, and comes back.
    condemn(draft, (name, *draft.plan.lost_with(name)), Fate.RETURN, Cause.OPERATOR, name)
    for each in (*reversed(draft.plan.enclosing(name)), name, *draft.plan.members(name)):
        if draft.cell(each).state in {State.BACKOFF, State.GAVE_UP}:
            release(draft, each, Cause.OPERATOR)


def _broken(draft: Draft, happened: Broken) -> None:
    draft.blame(happened.name, happened.error)
    begin_shutdown(draft, f"{happened.name} failed")


_HANDLERS: dict[type, Callable[[Draft, Any], None]] = {
    Boot: _boot,
    Started: _started,
    Extended: _extended,
    Checked: _checked,
    Hung: _hung,
    Ended: _ended,
    Tick: _tick,
    Spawn: _spawn,
    Dismissed: _dismissed,
    StopRequested: _stop_requested,
    RestartRequested: _restart_requested,
    Broken: _broken,
}
