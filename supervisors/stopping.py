"""How actors are stopped: who is condemned, whose turn it is, how long each may take."""

from collections.abc import Iterable

import attrs

from supervisors.budget import LOST_GRACE, PATIENCE
from supervisors.draft import Draft
from supervisors.errors import AbandonedError
from supervisors.events import Cause
from supervisors.happenings import Abandon, Ask, Cancel
from supervisors.states import LEAVING, RUNNING, State
from supervisors.world import Fate, Shutdown


def begin_shutdown(draft: Draft, why: str, *, hurried: bool = False) -> None:
    """Take the whole tree down, or make a shutdown that is under way hurry."""
    before = draft.world.shutdown
    if before is None:
        draft.change(shutdown=Shutdown(at=draft.at, why=why, hurried=hurried))
        condemn(draft, draft.plan.specs, Fate.STOP, Cause.SHUTDOWN, why)
    elif hurried and not before.hurried:
        draft.change(shutdown=attrs.evolve(before, hurried=True))
    if hurried:
        for name in [n for n, cell in draft.cells.items() if cell.state is State.STOPPING]:
            cancel(draft, name, Cause.HURRIED, why)


def condemn(draft: Draft, names: Iterable[str], fate: Fate, cause: Cause, detail: str, *, quick: bool = False) -> None:
    """Decide that these actors stop; those that run lose their readiness in this step and wait for their turn."""
    for name in names:
        cell = draft.cell(name)
        if cell.state in RUNNING:
            draft.move(name, State.DRAINING, cause, detail, fate=fate, quick=quick)
        elif fate is Fate.STOP and cell.state in {State.DECLARED, State.WAITING, State.BACKOFF}:
            draft.move(name, State.STOPPED, cause, detail, fate=fate)
        elif fate is Fate.STOP and cell.state in LEAVING:
            draft.put(name, fate=fate)
            if cell.state is State.STOPPING:
                draft.put(name, deadline=min(cell.deadline, _grace_ends(draft, name)))


def take_turns(draft: Draft) -> None:
    """Ask those condemned actors to stop whose dependents have all ended."""
    for name in [n for n, cell in draft.cells.items() if cell.state is State.DRAINING]:
        if any(draft.cell(other).state in LEAVING for other in draft.plan.held_by[name]):
            continue
        shutdown = draft.world.shutdown
        if shutdown is not None and shutdown.hurried:
            cancel(draft, name, Cause.HURRIED)
        elif not draft.cell(name).was_ready:
            cancel(draft, name, Cause.NEVER_READY)
        else:
            draft.move(name, State.STOPPING, Cause.TURN, deadline=_grace_ends(draft, name))
            draft.effects.append(Ask(name, draft.cell(name).generation))


def cancel(draft: Draft, name: str, cause: Cause, detail: str = "", *, fate: Fate | None = None) -> None:
    """Cancel an actor; from here on only its own cleanup runs."""
    patience = PATIENCE
    if draft.world.shutdown is not None:
        patience = draft.world.slots[name].patience
    fate = fate or draft.cell(name).fate
    draft.move(name, State.CANCELLING, cause, detail, deadline=draft.at + patience, fate=fate)
    draft.effects.append(Cancel(name, draft.cell(name).generation))


def abandon(draft: Draft, name: str) -> None:
    """Count on an actor no more: it runs on, so it cannot be started again, and the tree goes down."""
    cell = draft.cell(name)
    error = AbandonedError(name, f"did not end within {draft.at - cell.since:.3g} s of being cancelled")
    draft.move(name, State.ABANDONED, Cause.IGNORED_CANCELLATION)
    draft.effects.append(Abandon(name, cell.generation, error))
    draft.blame(name, error)
    begin_shutdown(draft, f"{name} was abandoned")


def _grace_ends(draft: Draft, name: str) -> float:
    grace, cell = draft.spec(name).grace, draft.cell(name)
    shutdown = draft.world.shutdown
    if shutdown is not None:
        return min(draft.at + grace, shutdown.at + draft.world.slots[name].cancel_by)
    return draft.at + (min(grace, LOST_GRACE) if cell.quick else grace)
