"""How actors are stopped: who is condemned, whose turn it is, how long each may take."""

from collections.abc import Collection

from supervisors.core.budget import LOST_GRACE, PATIENCE, template_of
from supervisors.core.draft import Draft
from supervisors.core.events import Cause
from supervisors.core.happenings import Abandon, Drop
from supervisors.core.plan import Slot
from supervisors.core.states import LEAVING, LIVE, RUNNING, State
from supervisors.core.world import Fate, Shutdown
from supervisors.errors import AbandonedError

EXTENSION = 10
"""An actor may extend its start up to this many times its start timeout, and its stop likewise."""


def begin_shutdown(draft: Draft, why: str, *, hurried: bool = False) -> None:
    """Take the whole tree down, or make a shutdown that is under way hurry."""
    before = draft.shutdown
    if before is None:
        draft.shutdown = Shutdown(at=draft.at, why=why, hurried=hurried)
        condemn(draft, tuple(draft.plan.specs), Fate.STOP, Cause.SHUTDOWN, why)
    elif hurried and not before.hurried:
        draft.shutdown = before._replace(hurried=True)
    if hurried:
        for name in draft.plan.specs:
            if draft.cell(name).state is State.STOPPING:
                cancel(draft, name, Cause.HURRIED, why)


def condemn(
    draft: Draft,
    names: Collection[str],
    fate: Fate,
    cause: Cause,
    detail: str,
    *,
    quick: bool = False,
    failing: str | None = None,
) -> None:
    """Decide that these actors stop; those that run lose their readiness in this step.

    Whoever no other holds back is asked to stop at once; the others wait for their turn.

    Args:
        draft: The tree.
        names: The actors.
        fate: What becomes of them when they have ended.
        cause: Why.
        detail: More about why.
        quick: Whether they get the short grace of those that have lost what they need.
        failing: A group that is about to fail with this.
    """
    held_by, is_hurried, holding = draft.plan.held_by, _is_hurried(draft), _Holding(draft, names, failing)
    for name in names:
        cell = draft.cell(name)
        if cell.state in RUNNING:
            holders = held_by[name]
            waits = draft.is_held(name) or (holders and any(each in holding for each in holders))
            if waits or is_hurried or not cell.is_available or draft.spec(name).is_virtual:
                draft.move(name, State.DRAINING, cause, detail, fate=fate, quick=quick)
            else:
                ends = _grace_ends(draft, name, quick=quick)
                draft.move(name, State.STOPPING, cause, detail, deadline=ends, fate=fate, quick=quick)
        elif fate is Fate.STOP and cell.state in {State.DECLARED, State.WAITING, State.BACKOFF}:
            draft.move(name, State.STOPPED, cause, detail, fate=fate)
            if draft.spec(name).kind == "child":
                drop_stopped(draft, name)
        elif fate is Fate.STOP and cell.state is State.GAVE_UP and draft.spec(name).kind == "child":
            draft.move(name, State.STOPPED, Cause.FORGOTTEN)  # it would have come back with its pool
            draft.effects.append(Drop(name, error=cell.fault))
            draft.drop(name)
        elif fate is Fate.STOP and cell.state in LEAVING:
            draft.put(name, fate=fate)
            if cell.state is State.STOPPING:
                draft.put(name, deadline=min(cell.deadline, _grace_ends(draft, name, quick=cell.quick)))
            elif cell.state is State.CANCELLING and draft.shutdown is not None:
                slot = slot_of(draft, name)  # its patience was that of a tree which has all the time in the world
                ends = draft.shutdown.at + slot.cancel_by + slot.patience
                draft.put(name, deadline=min(cell.deadline, ends))


def take_turns(draft: Draft) -> None:
    """Ask those condemned actors to stop whose dependents have all ended."""
    while draft.turns:
        names, draft.turns = draft.turns, {}
        for name in names:
            if name in draft and draft.cell(name).state is State.DRAINING and not draft.is_held(name):
                _take_turn(draft, name)


def _take_turn(draft: Draft, name: str) -> None:
    cell = draft.cell(name)
    if draft.spec(name).is_virtual:
        draft.move(name, State.STOPPED, Cause.ENDED)
        if cell.fate is Fate.RETURN and draft.shutdown is None:
            draft.move(name, State.WAITING, Cause.COMES_BACK)
    elif _is_hurried(draft):
        cancel(draft, name, Cause.HURRIED)
    elif not cell.was_ready:
        cancel(draft, name, Cause.NEVER_READY)
    else:
        ends, why = _grace_ends(draft, name, quick=cell.quick), str(cell.reason)
        draft.move(name, State.STOPPING, Cause.TURN, why, deadline=ends)


def cancel(draft: Draft, name: str, cause: Cause, detail: str = "", *, fate: Fate | None = None) -> None:
    """Cancel an actor; from here on only its own cleanup runs."""
    patience = PATIENCE if draft.shutdown is None else slot_of(draft, name).patience
    fate = fate or draft.cell(name).fate
    draft.move(name, State.CANCELLING, cause, detail, deadline=draft.at + patience, fate=fate)


def abandon(draft: Draft, name: str) -> None:
    """Count on an actor no more: it runs on, so it cannot be started again, and the tree goes down."""
    cell = draft.cell(name)
    error = AbandonedError(name, f"did not end within {draft.at - cell.since:.3g} s of being cancelled")
    draft.move(name, State.ABANDONED, Cause.IGNORED_CANCELLATION)
    draft.effects.append(Abandon(name, cell.generation, error))
    if draft.spec(name).kind == "child":
        draft.effects.append(Drop(name, error=error))  # whoever waits for it waits for nothing else
    draft.blame(name, error)
    begin_shutdown(draft, f"{name} was abandoned")


def extend_stop(draft: Draft, name: str, seconds: float) -> None:
    """Give an actor that is stopping more time, within its share of the shutdown budget."""
    cell = draft.cell(name)
    if draft.shutdown is not None:
        latest = draft.shutdown.at + slot_of(draft, name).cancel_by
    else:
        latest = cell.since + EXTENSION * draft.spec(name).grace
    draft.put(name, deadline=max(cell.deadline, min(cell.deadline + seconds, latest)))


def drop_stopped(draft: Draft, name: str, error: BaseException | None = None) -> None:
    """Forget the child of a pool that was stopped for good."""
    draft.effects.append(Drop(name, error=error, was_stopped=True))
    draft.drop(name)


def slot_of(draft: Draft, name: str) -> Slot:
    """Return the actor's share of the shutdown budget; the children of a pool share one."""
    slots, spec = draft.slots, draft.spec(name)
    return slots[template_of(spec.group or "")] if spec.kind == "child" else slots[name]


class _Holding:
    """The actors that hold those below them because condemned ones run: these, and what does not run below them."""

    def __init__(self, draft: Draft, condemned: Collection[str], failing: str | None) -> None:
        self._draft = draft
        self._condemned = frozenset(condemned)
        self._failing = failing
        self._passing: frozenset[str] | None = None

    def __contains__(self, name: str) -> bool:
        if self._runs(name):
            return name in self._condemned and self._draft.cell(name).state in RUNNING
        if name == self._failing and self._draft.is_held(name):
            return True
        if self._passing is None:
            self._passing = self._find_passing()
        return name in self._passing

    def _runs(self, name: str) -> bool:
        return name != self._failing and self._draft.cell(name).state in LIVE

    def _find_passing(self) -> frozenset[str]:
        # Those of the condemned that have moved meanwhile are on their way out, which is counted as they move.
        draft, found = self._draft, dict[str, None]()
        pending = [name for name in self._condemned if draft.cell(name).state in RUNNING]
        for name in pending:  # it grows meanwhile
            for below in draft.plan.holds[name]:
                if below not in found and not self._runs(below):
                    found[below] = None
                    pending.append(below)
        return frozenset(found)


def _is_hurried(draft: Draft) -> bool:
    return draft.shutdown is not None and draft.shutdown.hurried


def _grace_ends(draft: Draft, name: str, *, quick: bool) -> float:
    grace = draft.spec(name).grace
    if draft.shutdown is not None:
        return min(draft.at + grace, draft.shutdown.at + slot_of(draft, name).cancel_by)
    return draft.at + (min(grace, LOST_GRACE) if quick else grace)
