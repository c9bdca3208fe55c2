"""Random trees of misbehaving actors on a virtual clock; what must always hold is read off the event log.

There are groups, pools with children, health checks and watchdogs, and somebody who restarts actors by hand. Actors
crash, hang when they start and when they stop, shield themselves, fail in their teardown, and raise what is no
`Exception`.

A deadlock would not hang the test: the dog, a sleeper far in virtual time, fails the world when all others are asleep.
"""

import math
import os
from collections.abc import Callable
from contextlib import asynccontextmanager
from random import Random

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from supervisors import Backoff, Cause, State, Tree, TreeFailed, TreeStopped, Unavailable
from supervisors.core.health import Check

WORLDS = int(os.environ.get("FUZZ_WORLDS", "200"))  # `make fuzz` asks for more of them
PART = 500  # worlds in one test, so that several processes can share them
DOG = 10_000  # no world lasts as long: the longest sleep in it is a hundredth of that
BEHAVIOURS = (
    "serve",
    "serve",
    "serve",
    "crash",
    "fail to start",
    "hang on start",
    "hog on start",
    "return",
    "deaf",
    "hog",
    "fail to stop",
    "quit on stop",
    "quit",
    "sick",
    "silent",
    "leave",
)


fuzzing = settings(
    max_examples=min(WORLDS, PART),
    derandomize=settings.default.derandomize and WORLDS <= PART,  # else all parts would be the same
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow],
)


@attrs.frozen
class Script:
    """What one actor does: a behaviour for each of its first generations, and how long things take."""

    behaviours: tuple[str, ...]
    start_s: float
    run_s: float
    stop_s: float
    style: str

    def play(self, ctx):
        """Be an actor, in one of the two styles."""
        return self.hold(ctx) if self.style == "resource" else self.serve(ctx)

    def child(self, ctx):
        """Be the child of a pool: it is ready without saying so."""
        return self.serve(ctx, is_child=True)

    def behaviour(self, generation):
        return self.behaviours[generation - 1] if generation <= len(self.behaviours) else "serve"

    async def start(self, ctx):
        await trio.sleep(self.start_s)
        if self.behaviour(ctx.generation) == "fail to start":
            raise OSError("cannot start")
        if self.behaviour(ctx.generation) == "hang on start":
            await trio.sleep(200)  # not for ever: the start of a main actor may take as long as it likes
        if self.behaviour(ctx.generation) == "hog on start":
            with trio.CancelScope(shield=True):
                await trio.sleep(7)
        return Value(self.behaviour(ctx.generation) == "sick", trio.current_time() + self.run_s)

    async def serve(self, ctx, *, is_child=False):
        value = await self.start(ctx)
        if not is_child:
            ctx.started(value)
        await self.work(ctx)
        await self.stop(ctx)

    @asynccontextmanager
    async def hold(self, ctx):
        value = await self.start(ctx)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.work, ctx)
            yield value
            nursery.cancel_scope.cancel()
        await self.stop(ctx)

    async def work(self, ctx):
        behaviour = self.behaviour(ctx.generation)
        if behaviour in {"crash", "return", "quit", "leave"}:
            await self.run(ctx, self.run_s)
        if behaviour == "crash":
            raise OSError("crashed")
        if behaviour == "quit":
            raise KeyboardInterrupt
        if behaviour == "leave":
            ctx.request_stop()
        if behaviour in {"deaf", "silent"}:
            await trio.sleep_forever()
        if behaviour == "hog":
            with trio.CancelScope(shield=True):
                await trio.sleep(100)
        if behaviour != "return":
            await self.run(ctx, float("inf"))

    async def run(self, ctx, seconds):
        with trio.move_on_after(seconds):
            while not ctx.stopping.is_set():
                ctx.alive()
                with trio.move_on_after(0.9):
                    await ctx.stopping.wait()

    async def stop(self, ctx):
        await trio.sleep(self.stop_s)
        if self.behaviour(ctx.generation) == "fail to stop":
            raise ValueError("cannot stop")
        if self.behaviour(ctx.generation) == "quit on stop":
            raise SystemExit(1)


@attrs.frozen
class Value:
    """What an actor gives others; sick ones fail their health check after a while."""

    is_sick: bool
    from_s: float

    async def ask(self):
        if self.is_sick and trio.current_time() >= self.from_s:
            await trio.sleep(3)


CHECK = Check(Value.ask, every=1, fails=2, timeout=1)
durations = st.sampled_from([0, 0, 0.1, 1, 3, 40])
scripts = st.builds(
    Script,
    behaviours=st.just(("serve",)) | st.lists(st.sampled_from(BEHAVIOURS), min_size=1, max_size=3).map(tuple),
    start_s=durations,
    run_s=durations,
    stop_s=durations,
    style=st.sampled_from(["service", "service", "resource"]),
)
options = st.fixed_dictionaries(
    {
        "retries": st.sampled_from([0, 1, 2]),
        "gives_up": st.sampled_from(["escalate", "escalate", "escalate", "park", "ignore"]),
        "restart": st.sampled_from(["on_failure", "on_failure", "on_failure", "always", "never"]),
        "check": st.sampled_from([None, None, CHECK]),
        "watchdog": st.sampled_from([None, None, 2.0]),
        "main": st.sampled_from([False] * 9 + [True]),
        "grace": st.sampled_from([0, 1, 5]),
    }
)
kinds = st.sampled_from(["none", "needs", "wants"])


@attrs.frozen
class Item:
    """One entry of a tree: an actor, a group of two, or a pool."""

    kind: str
    options: tuple[dict[str, object], dict[str, object]]
    scripts: tuple[Script, Script]
    edges: tuple[str, ...]
    inner: str

    @property
    def gives_up(self):
        return self.options[0]["gives_up"] if self.kind != "pool" else "escalate"


items = st.builds(
    Item,
    kind=st.sampled_from(["actor", "actor", "actor", "group", "pool", "pool"]),
    options=st.tuples(options, options),
    scripts=st.tuples(scripts, scripts),
    edges=st.tuples(*[kinds] * 5),
    inner=kinds,
)
deeds = st.tuples(
    st.sampled_from(["restart", "restart", "spawn", "spawn", "spawn", "wait", "stop", "hurry"]),
    st.integers(0, 5),
    st.sampled_from([0, 0.05, 1, 5, 100]),
    scripts,
    st.sampled_from([{}, {"restart": "on_failure", "retries": 1}, {"gives_up": "escalate"}]),
)


@attrs.frozen
class Life:
    """What happens to a tree from outside: deeds, each after some time, then leaving the block or being cancelled."""

    deeds: tuple[tuple[str, int, float, Script, dict[str, object]], ...]
    stop_s: float
    is_cancelled: bool
    retry_boot: bool
    budget: float

    async def lead(self, live, names):
        """Do all that, with names of actors that are there."""
        for deed, index, after_s, script, how in self.deeds:
            await trio.sleep(after_s)
            name = names[index % len(names)]
            if deed == "restart":
                with trio.move_on_after(10):
                    await live.restart(name)
            elif deed == "spawn" and (pools := [each for each in names if each.startswith("p")]):
                live.spawn(pools[index % len(pools)], script.child, **how)
            elif deed in {"stop", "hurry"}:
                live.request_stop(hurried=deed == "hurry")
        await trio.sleep(self.stop_s)


lives = st.builds(
    Life,
    deeds=st.lists(deeds, max_size=5).map(tuple),
    stop_s=st.sampled_from([0, 0.05, 1, 5, 100]),
    is_cancelled=st.booleans(),
    retry_boot=st.sampled_from([True, True, False]),
    budget=st.sampled_from([1, 20, 20]),
)


def edges_of(item, before):
    """Return what an item needs and wants of those before it; what may be missing is only wanted."""
    found = {"none": [], "needs": [], "wants": []}
    for (name, other), kind in zip(before.items(), item.edges, strict=False):
        may_miss = other.gives_up == "ignore" and item.gives_up != "ignore"
        found["wants" if may_miss and kind == "needs" else kind].append(name)
    return {"needs": tuple(found["needs"]), "wants": tuple(found["wants"])}


def build(world, life):
    """Return the tree of these items."""
    tree = Tree("random", shutdown=life.budget, retry_boot=life.retry_boot)
    before = {}
    for index, item in enumerate(world):
        name, edges, backoff = f"{item.kind[0]}{index}", edges_of(item, before), Backoff(0.1 * (index % 3), 0.15)
        policy = {"retries": item.options[0]["retries"], "gives_up": item.gives_up}
        if item.kind == "group":
            tree.include(pair(item, edges), name=name, backoff=backoff, **edges, **policy)
        elif item.kind == "pool":
            tree.pool(name, retries=policy["retries"], **edges)
        else:
            tree.add(item.scripts[0].play, name=name, start_timeout=5, backoff=backoff, **edges, **item.options[0])
        before[name] = item
    return tree


def pair(item, edges):
    """Return a tree of two members, which take the first thing that their group is given, if there is one."""
    tree = Tree("pair", takes=edges["needs"][:1])
    members = list(zip("xy", item.scripts, item.options, strict=True))
    may_miss = members[0][2]["gives_up"] == "ignore" and members[1][2]["gives_up"] != "ignore"
    for name, script, how in members:
        inner = {"none": {}, "needs": {"needs": ("x",)}, "wants": {"wants": ("x",)}}[item.inner] if name == "y" else {}
        given = {"wants": inner["needs"]} if may_miss and "needs" in inner else inner
        tree.add(script.play, name=name, start_timeout=5, backoff=Backoff(0.1, 0.15), **given, **how)
    return tree


async def dog(report: Callable[[], object]):
    """Fail the world once everybody else has been asleep for long."""
    await trio.sleep(DOG)
    raise AssertionError(f"deadlock: {report()}")


async def live_through(tree, life, events):
    """Open the tree, lead its life and leave it; return when that had ended, and what came out."""
    error = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(dog, lambda: events[-5:])
        try:
            with trio.CancelScope() as outer:
                async with tree.open(on_event=events.append, random=Random(0)) as live:  # noqa: S311 - a fixed source
                    await life.lead(live, tuple(tree.specs))
                    if life.is_cancelled:
                        outer.cancel()
                        await trio.sleep_forever()
        except (TreeFailed, TreeStopped, Unavailable, BaseExceptionGroup) as raised:
            error = raised
        nursery.cancel_scope.cancel()
    return error


@pytest.mark.slow
@pytest.mark.parametrize("part", range(math.ceil(WORLDS / PART)))
@fuzzing
@given(world=st.lists(items, min_size=2, max_size=6), life=lives)
def test_whatever_the_actors_do_the_rules_hold(chronicle, part, world, life):
    tree = build(world, life)
    events = []

    error = trio.run(live_through, tree, life, events, clock=MockClock(autojump_threshold=0))

    history = chronicle(tree.plan())
    history.read_all(events)
    history.check_over()
    has_failed = any(event.to_state is State.ABANDONED or " gave up (" in stop_reason(event) for event in events)
    assert isinstance(error, BaseExceptionGroup) or not has_failed


def stop_reason(event):
    """Return why the tree goes down, if that is what the event says."""
    return event.reason.detail if event.reason.cause is Cause.SHUTDOWN else ""


def test_a_world_in_which_all_are_asleep_fails_instead_of_hanging():
    tree = Tree("asleep")

    @tree.actor(main=True)
    async def forgetful(ctx):
        await trio.sleep_forever()

    life = Life(deeds=(), stop_s=float("inf"), is_cancelled=False, retry_boot=False, budget=1)

    with pytest.raises(ExceptionGroup) as caught:
        trio.run(live_through, tree, life, [], clock=MockClock(autojump_threshold=0))

    assert "deadlock" in str(caught.value.exceptions[0])
