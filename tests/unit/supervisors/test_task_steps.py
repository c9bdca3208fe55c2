"""One fault at every step that any task takes in the life of a small tree.

The life is lived again and again: the fault comes at the first step of the first, at the second of the second, and so
on, until a life is over before its fault. Trio shuffles what it runs, so a step is not the same in each of them.
"""

from contextlib import asynccontextmanager
from itertools import count

import pytest
import trio
from trio.testing import MockClock

from supervisors import Backoff, State, Tree, TreeStopped, Unavailable

ACTORS = ("store", "worker", "front", "pool/job")


class Saboteur(trio.abc.Instrument):
    """Calls a function once, before the given step of any task."""

    def __init__(self, step, fault):
        self.left = step
        self._fault = fault

    @property
    def has_struck(self):
        return self.left < 0

    def before_task_step(self, _):
        self.left -= 1
        if self.left == -1:
            self._fault()


class Life:
    """A tree of a resource, two services and a pool with a child, from its opening to its end."""

    def __init__(self):
        self.events = []
        self.raised = None
        self.cleaned = []
        self.thrown = []
        self.outer = trio.CancelScope()
        self.contexts = {}
        self._crashes = {name: trio.Event() for name in ACTORS}
        self._errors = {}
        self.tree = self._declare()

    def cancel(self):
        """Cancel whoever opens the tree."""
        self.outer.cancel()

    def stop(self):
        """Ask for a stop, as the latest actor would; nobody can before there is one."""
        for context in list(self.contexts.values())[-1:]:
            context.request_stop()

    def crash(self, name, error):
        """Make this actor raise that, as soon as it runs."""
        self._errors[name] = error
        self._crashes[name].set()

    async def live(self):
        """Open the tree, use it and leave it."""
        with self.outer:
            try:
                async with self.tree.open(on_event=self.events.append) as live:
                    self._spawn(live)
                    await live.wait_ready()
                    await trio.sleep(1)
                    await live.restart("worker")
                    await trio.sleep(1)
            except (BaseExceptionGroup, TreeStopped, Unavailable) as error:
                self.raised = error

    def _spawn(self, live):
        live.spawn("pool", self._serve_child, name="job", restart="on_failure", backoff=Backoff(0.1, 0.1))

    def _declare(self):
        tree = Tree("small", shutdown=5)
        backoff = Backoff(0.1, 0.1)
        tree.add(self._hold_store, name="store", backoff=backoff)
        tree.add(self._serve, name="worker", needs=("store",), backoff=backoff)
        tree.pool("pool", needs=("store",))
        tree.add(self._serve, name="front", needs=("worker",), wants=("pool",), backoff=backoff)
        return tree

    @asynccontextmanager
    async def _hold_store(self, ctx):
        async with self._sabotaged(ctx):
            await trio.lowlevel.checkpoint()
            yield ctx.generation

    async def _serve(self, ctx):
        async with self._sabotaged(ctx):
            await trio.lowlevel.checkpoint()
            ctx.started(ctx.generation)
            await ctx.stopping.wait()
            await trio.lowlevel.checkpoint()

    async def _serve_child(self, ctx):
        async with self._sabotaged(ctx):
            await ctx.stopping.wait()

    @asynccontextmanager
    async def _sabotaged(self, ctx):
        self.contexts[ctx.name] = ctx
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._crash_on_demand, ctx.name)
                yield
                nursery.cancel_scope.cancel()
        finally:
            self.cleaned.append((ctx.name, ctx.generation))

    async def _crash_on_demand(self, name):
        await self._crashes[name].wait()
        error = self._errors.pop(name, None)
        if error is not None:
            self.thrown.append(error)
            raise error


FAULTS = {
    "the opener is cancelled": Life.cancel,
    "an actor asks for a stop": Life.stop,
    **{f"{name} crashes": lambda life, name=name: life.crash(name, OSError(name)) for name in ACTORS},
    **{f"{name} is interrupted": lambda life, name=name: life.crash(name, KeyboardInterrupt()) for name in ACTORS},
}


def live_with_fault(step, fault):
    """Live once with the fault at this step; return the life, and whether it came to the fault."""
    life = Life()
    saboteur = Saboteur(step, lambda: fault(life))
    trio.run(life.live, clock=MockClock(autojump_threshold=0), instruments=[saboteur])
    return life, saboteur.has_struck


def leaves(error):
    """Return the exceptions in a group, however deep."""
    return [leaf for each in error.exceptions for leaf in leaves(each)] if hasattr(error, "exceptions") else [error]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_tree_ends_in_order_whichever_step_the_fault_comes_at(chronicle, fault):
    for step in count():
        life, has_struck = live_with_fault(step, FAULTS[fault])

        history = chronicle(life.tree.plan())
        history.read_all(life.events)
        history.check_over()
        started = [(event.name, event.generation) for event in life.events if event.to_state is State.STARTING]
        assert sorted(life.cleaned) == sorted(each for each in started if each[0] in ACTORS)
        if life.raised is not None:
            assert leaves(life.raised) == life.thrown or isinstance(life.raised, TreeStopped | Unavailable)
        if any(isinstance(error, KeyboardInterrupt) for error in life.thrown):
            assert life.raised is not None
        if not has_struck:
            break

    assert step > 50
    assert life.raised is None
