"""Random trees of misbehaving actors on a virtual clock; what must always hold is read off the event log.

A deadlock would not hang the test: the stop is broken off some virtual seconds after its budget, and says so.
"""

from random import Random

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from supervisors import Backoff, Cause, State, Tree, TreeFailed, TreeStopped
from supervisors.states import LEAVING, LIVE, MOVES

BUDGET = 20
BEHAVIOURS = (
    "serve",
    "serve",
    "crash",
    "fail to start",
    "hang on start",
    "return",
    "deaf",
    "hog",
    "fail to stop",
    "raw",
)


@attrs.frozen
class Script:
    """What one actor does: a behaviour for each generation (the last one for good), and how long things take."""

    behaviours: tuple[str, ...]
    start_s: float
    run_s: float
    stop_s: float

    async def play(self, ctx):
        behaviour = self.behaviours[min(ctx.generation, len(self.behaviours)) - 1]
        await trio.sleep(self.start_s)
        if behaviour == "fail to start":
            raise OSError("cannot start")
        if behaviour == "hang on start":
            await trio.sleep_forever()
        ctx.started(ctx.generation)
        if behaviour in {"crash", "return"}:
            await trio.sleep(self.run_s)
            if behaviour == "crash":
                raise OSError("crashed")
            return
        if behaviour == "deaf":
            await trio.sleep_forever()
        if behaviour == "hog":
            with trio.CancelScope(shield=True):
                await trio.sleep(1000)
        await ctx.stopping.wait()
        await trio.sleep(self.stop_s)
        if behaviour == "fail to stop":
            raise ValueError("cannot stop")
        if behaviour == "raw":
            raise SystemExit(1)


durations = st.sampled_from([0, 0, 0.1, 1, 3, 40])
scripts = st.builds(
    Script,
    behaviours=st.lists(st.sampled_from(BEHAVIOURS), min_size=1, max_size=3).map(tuple),
    start_s=durations,
    run_s=durations,
    stop_s=durations,
)
worlds = st.lists(scripts, min_size=1, max_size=5)
edges = st.lists(st.sampled_from(["none", "needs", "wants"]), min_size=10, max_size=10)


def build(world, kinds, *, retry_boot):
    tree = Tree("random", shutdown=BUDGET, retry_boot=retry_boot)
    kind = iter(kinds)
    for index, script in enumerate(world):
        found = {"none": [], "needs": [], "wants": []}
        for other in range(index):
            found[next(kind)].append(f"a{other}")
        backoff = Backoff(0.1, 1)
        tree.add(
            script.play,
            name=f"a{index}",
            needs=tuple(found["needs"]),
            wants=tuple(found["wants"]),
            retries=2,
            backoff=backoff,
            start_timeout=5,
        )
    return tree


async def live_through(tree, events, stop_s, *, cancel):
    """Open the tree, leave it after a while, cancelled or not; return when that had ended and what came out."""
    error = None
    try:
        with trio.move_on_after(stop_s if cancel else 1e9):
            async with tree.open(on_event=events.append, random=Random(0)):  # noqa: S311 - a fixed source
                await trio.sleep(stop_s)
    except (TreeFailed, TreeStopped, BaseExceptionGroup) as raised:
        error = raised
    return trio.current_time(), error


def check(plan, events):
    states = dict.fromkeys(plan.specs, State.DECLARED)
    generations = dict.fromkeys(plan.specs, 0)
    for event in events:
        assert event.from_state is states[event.name]
        assert event.to_state in MOVES[event.from_state]
        states[event.name] = event.to_state
        if event.to_state is State.STARTING:
            generations[event.name] += 1
            assert all(states[need] is State.READY for need in plan.needs[event.name])
            assert not any(states[other] in LIVE for other in plan.needed_by[event.name])
        if event.to_state is State.STOPPING:
            assert not any(states[other] in LEAVING for other in plan.held_by[event.name])
            assert not any(states[other] in LIVE for other in plan.needed_by[event.name])
        assert event.generation == generations[event.name]
    return states


def stops(events):
    return [event.at for event in events if event.reason.cause is Cause.SHUTDOWN]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    world=worlds, kinds=edges, stop_s=st.sampled_from([0, 0.05, 1, 5, 100]), cancel=st.booleans(), retry=st.booleans()
)
def test_whatever_the_actors_do_the_rules_hold(world, kinds, stop_s, cancel, retry):
    tree = build(world, kinds, retry_boot=retry)
    events = []

    async def main():
        return await live_through(tree, events, stop_s, cancel=cancel)

    ended_at, error = trio.run(main, clock=MockClock(autojump_threshold=0))

    if not events:  # cancelled before anything was started
        return
    states = check(tree.plan(), events)
    at_rest = {State.STOPPED, State.EXITED, State.GAVE_UP, State.ABANDONED}
    assert set(states.values()) <= at_rest
    failed = any(state in {State.GAVE_UP, State.ABANDONED} for state in states.values())
    if failed:
        assert isinstance(error, BaseExceptionGroup)
    assert ended_at - min(stops(events), default=ended_at) <= BUDGET + 1e-6
