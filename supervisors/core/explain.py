"""One sentence about why an actor is in the state it is in."""

import math

from supervisors.core.events import Cause
from supervisors.core.plan import Edges
from supervisors.core.states import LEAVING, LIVE, State
from supervisors.core.world import World

_BRANCHES = 3  # of what an actor waits for so many are told about; a group may wait for hundreds
_STEPS = 4  # of a chain of actors that wait for one another so many are told about; a chain may be a thousand long

_SENTENCES = {
    State.STARTING: "has been starting for {seconds:.3g} s",
    State.GAVE_UP: "gave up {seconds:.3g} s ago ({reason})",
    State.EXITED: "returned {seconds:.3g} s ago",
}


def explain(world: World, name: str, now: float) -> str:
    """Return one sentence, without the actor's own name at its head.

    What waits for what is told once each, and not to the last detail: neither the sentence nor the time that it takes
    grows with the number of ways that lead from one actor to another.

    Args:
        world: The tree.
        name: An actor; one that is not in the tree was left out.
        now: For how long, and until when.
    """
    return _explain(world, name, now, {name}, 0) if name in world.cells else "is not part of this tree"


def _explain(world: World, name: str, now: float, told: set[str], steps: int) -> str:
    cell = world.cells[name]
    for_s = max(now - cell.since, 0)
    if cell.state is State.WAITING:
        return _explain_waiting(world, name, now, told, steps)
    if cell.state is State.DRAINING:
        holders = _through_dead(world, world.plan.held_by, name, LEAVING)
        return f"is to stop ({cell.reason}) once {_listed(holders)} ended"
    if cell.state is State.BACKOFF:
        how = "returned" if cell.reason.cause is Cause.COMES_BACK else "failed"
        left = (
            f"{max(cell.deadline - now, 0):.3g} s left" if cell.deadline < math.inf else "waits for its members to end"
        )
        return f"{how}; {cell.reason.detail or cell.reason} ({left})"
    sentence = _SENTENCES.get(cell.state, "is {state} since {seconds:.3g} s ({reason})")
    return sentence.format(state=cell.state.value, seconds=for_s, reason=cell.reason)


def _explain_waiting(world: World, name: str, now: float, told: set[str], steps: int) -> str:
    awaited = _awaited(world, name)
    if not awaited:
        leaving = _through_dead(world, world.plan.needed_by, name, LIVE)
        return f"starts again once {_listed(leaving)} ended" if leaving else "is about to start"
    if steps == _STEPS:
        last = _end_of_chain(world, awaited[0])
        if last in told:
            return f"waits in the end for {last}"
        told.add(last)
        return f"waits in the end for {last}, which {_explain(world, last, now, told, steps)}"
    parts = []
    for other in awaited[:_BRANCHES]:
        is_told = other in told
        told.add(other)
        parts.append(other if is_told else f"{other}, which {_explain(world, other, now, told, steps + 1)}")
    if len(awaited) > _BRANCHES:
        parts.append(f"{len(awaited) - _BRANCHES} more")
    return f"waits for {'; and for '.join(parts)}"


def _through_dead(world: World, edges: Edges, name: str, states: frozenset[State]) -> list[str]:
    """Return those in one of the states that the edges lead to, themselves or through some that do not run."""
    found = dict.fromkeys(edges[name])
    pending = list(found)
    for other in pending:  # it grows meanwhile
        if world.cells[other].state not in LIVE:
            new = [each for each in edges[other] if each not in found]
            found.update(dict.fromkeys(new))
            pending.extend(new)
    return [other for other in found if world.cells[other].state in states]


def _awaited(world: World, name: str) -> list[str]:
    # What is in a group that is down stays down with it, although it does not need the group.
    missing = [n for n in world.plan.needs[name] if not world.cells[n].is_available]
    down = {State.BACKOFF, State.GAVE_UP}
    return missing or [group for group in world.plan.enclosing(name) if world.cells[group].state in down]


def _end_of_chain(world: World, name: str) -> str:
    while world.cells[name].state is State.WAITING and (awaited := _awaited(world, name)):
        name = awaited[0]
    return name


def _listed(names: list[str]) -> str:
    shown = [*names[:_BRANCHES], f"{len(names) - _BRANCHES} more"] if len(names) > _BRANCHES else names
    return f"{' and '.join(shown) or 'nothing'} {'have' if len(names) > 1 else 'has'}"
