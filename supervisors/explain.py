"""One sentence about why an actor is in the state it is in."""

from supervisors.states import LEAVING, LIVE, State
from supervisors.world import World


def explain(world: World, name: str, now: float) -> str:
    """Return one sentence, without the actor's own name at its head.

    Args:
        world: The tree.
        name: An actor; one that is not in the tree was left out.
        now: For how long, and until when.
    """
    if name not in world.cells:
        return "is not part of this tree"
    cell = world.cells[name]
    for_s = max(now - cell.since, 0)
    if cell.state is State.WAITING:
        return _explain_waiting(world, name)
    if cell.state is State.DRAINING:
        holders = [n for n in world.plan.held_by[name] if world.cells[n].state in LEAVING]
        return f"is to stop ({cell.reason}) once {_listed(holders)} ended"
    if cell.state is State.BACKOFF:
        return f"failed; {cell.reason.detail or cell.reason} ({max(cell.deadline - now, 0):.3g} s left)"
    if cell.state is State.STARTING:
        return f"has been starting for {for_s:.3g} s"
    return f"is {cell.state.value.replace('_', ' ')} since {for_s:.3g} s ({cell.reason})"


def _explain_waiting(world: World, name: str) -> str:
    missing = [n for n in world.plan.needs[name] if not world.cells[n].is_available]
    if missing:
        parts = [f"{other}, which {explain(world, other, world.cells[other].since)}" for other in missing]
        return f"waits for {'; and for '.join(parts)}"
    leaving = [n for n in world.plan.needed_by[name] if world.cells[n].state in LIVE]
    return f"starts again once {_listed(leaving)} ended" if leaving else "is about to start"


def _listed(names: list[str]) -> str:
    return f"{' and '.join(names) or 'nothing'} {'have' if len(names) > 1 else 'has'}"
