"""Every tree of three actors, every order of what can happen to it, with one crash, one restart, one stop and one hang.

The walk visits each reachable state once (time aside) and checks on every step what must always hold.
"""

from itertools import product

import pytest

from supervisors import State
from supervisors.happenings import Ask, Boot, Cancel, Ended, RestartRequested, Start, Started, StopRequested, Tick
from supervisors.reducer import step
from supervisors.states import LEAVING, LIVE, RUNNING
from supervisors.world import new_world

PAIRS = (("b", "a"), ("c", "a"), ("c", "b"))
KINDS = ("none", "needs", "wants")


@pytest.fixture(params=list(product(KINDS, repeat=3)), ids="-".join)
def world(request, chain):
    edges = dict(zip(PAIRS, request.param, strict=True))
    needs = {n: tuple(to for (of, to), kind in edges.items() if of == n and kind == "needs") for n in "abc"}
    wants = {n: tuple(to for (of, to), kind in edges.items() if of == n and kind == "wants") for n in "abc"}
    return new_world(chain(needs, wants).plan())


def possible(world, spent, now):
    """Yield each thing that can happen next, and what is spent of the supply of misfortune: three of four at most."""
    for name, cell in world.cells.items():
        if cell.state is State.STARTING:
            yield Started(at=now, name=name, generation=cell.generation), spent
        if cell.state in {State.STOPPING, State.CANCELLING}:
            yield Ended(at=now, name=name, generation=cell.generation), spent
        if cell.state in LIVE and "crash" not in spent and len(spent) < 3:
            error = OSError(name)
            yield Ended(at=now, name=name, generation=cell.generation, error=error), spent | {"crash"}
        if "restart" not in spent and len(spent) < 2:
            yield RestartRequested(at=now, name=name), spent | {"restart"}
    if "stop" not in spent:
        yield StopRequested(at=now, why="stop"), spent | {"stop"}
    if any(cell.state is State.BACKOFF for cell in world.cells.values()):
        yield Tick(at=world.next_deadline), spent
    elif world.next_deadline < float("inf") and "hang" not in spent and len(spent) < 3:
        yield Tick(at=world.next_deadline), spent | {"hang"}


def key(world, spent):
    cells = tuple((c.state, min(c.generation, 3), c.fate, c.streak, c.was_ready) for c in world.cells.values())
    return cells, spent, world.shutdown is None, world.ever_ready


def check_always(world):
    for name, cell in world.cells.items():
        if cell.state in RUNNING:
            assert all(world.cells[need].is_ready for need in world.plan.needs[name])
        if cell.state in {State.STOPPING, State.CANCELLING} and cell.was_ready:
            assert not any(world.cells[other].state in LIVE for other in world.plan.needed_by[name])
    moving = {State.STARTING, State.BACKOFF, State.STOPPING, State.CANCELLING}
    is_settled = world.is_over if world.shutdown else world.is_ready
    assert is_settled or any(cell.state in moving for cell in world.cells.values()), "nothing can happen any more"


def check_step(before, happened, after, effects):
    for effect in effects:
        if isinstance(effect, Start):
            assert after.shutdown is None
            assert before.cells[effect.name].generation + 1 == effect.generation
        if isinstance(effect, Ask | Cancel) and not isinstance(happened, Tick):
            holders = after.plan.held_by[effect.name]
            assert not any(after.cells[holder].state in LEAVING for holder in holders)
    if isinstance(happened, Ended) and happened.error and before.shutdown is None and after.shutdown is None:
        touched = {happened.name, *after.plan.dependents(happened.name)}
        assert all(after.cells[n].is_ready for n, c in before.cells.items() if c.is_ready and n not in touched)


@pytest.mark.slow
def test_invariants_hold_in_every_reachable_state(world):
    frontier = [(step(world, Boot(at=0.0))[0], frozenset(), 0.0)]
    seen = set()
    was_over = False
    while frontier:
        before, spent, now = frontier.pop()
        if key(before, spent) in seen:
            continue
        seen.add(key(before, spent))
        for happened, left in possible(before, spent, now):
            after, effects = step(before, happened)
            check_always(after)
            check_step(before, happened, after, effects)
            frontier.append((after, left, happened.at))
            was_over |= after.is_over

    assert was_over
