"""Actors and helpers that the tests of the supervision library share."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import trio

from supervisors import Backoff, Context, Event, State, Tree
from supervisors.happenings import Boot, Emit, Ended, Started
from supervisors.reducer import step
from supervisors.world import World, new_world


class Journal:
    """Collects events and finds its way in them."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def names(self, state: State) -> list[str]:
        """Return who entered this state, in order."""
        return [event.name for event in self.events if event.to_state is state]

    def path(self, name: str) -> list[str]:
        """Return the states that this actor went through."""
        return [event.to_state.value for event in self.events if event.name == name]

    def ended(self) -> list[str]:
        """Return who ended on request, in order."""
        return self.names(State.STOPPED)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def service():
    """Return a factory of well-behaved services, whose value is ``name#generation``."""

    def make(name: str) -> Callable[..., object]:
        async def serve(ctx: Context) -> None:
            ctx.started(f"{name}#{ctx.generation}")
            await ctx.stopping.wait()

        serve.__name__ = name
        return serve

    return make


@pytest.fixture
def chain(service):
    """Return a factory of trees: ``chain({"a": (), "b": ("a",)})`` has an actor b that needs a."""

    def make(needs: dict[str, tuple[str, ...]], wants: dict[str, tuple[str, ...]] | None = None, **options) -> Tree:
        tree = Tree("test", **options)
        for name, edges in needs.items():
            tree.add(service(name), name=name, needs=edges, wants=(wants or {}).get(name, ()))
        return tree

    return make


@pytest.fixture
def crashing():
    """Return a factory of a service that crashes when its event is set, in its first generation only."""

    def make(error: Exception, name: str = "crashing") -> SimpleNamespace:
        box = SimpleNamespace(crash=trio.Event(), error=error)

        async def serve(ctx: Context) -> None:
            ctx.started(f"{name}#{ctx.generation}")
            if ctx.generation == 1:
                await box.crash.wait()
                raise box.error
            await ctx.stopping.wait()

        serve.__name__ = name
        box.actor = serve
        return box

    return make


@pytest.fixture
def resource():
    """Return a factory of resources that note their teardown."""

    def make(name: str, notes: list[str]) -> Callable[..., object]:
        @asynccontextmanager
        async def hold(ctx: Context):
            notes.append(f"+{name}")
            try:
                yield name
            finally:
                notes.append(f"-{name}")

        hold.__name__ = name
        return hold

    return make


class Driver:
    """Feeds a world without Trio: each call is one step."""

    def __init__(self, tree: Tree) -> None:
        self.world: World = new_world(tree.plan())
        self.effects: list[object] = []
        self.events: list[Event] = []
        self.now = 0.0

    def feed(self, kind, **fields) -> list[object]:
        self.world, effects = step(self.world, kind(at=self.now, **fields))
        self.events += [effect.event for effect in effects if isinstance(effect, Emit)]
        self.effects = [effect for effect in effects if not isinstance(effect, Emit)]
        return self.effects

    def boot(self) -> None:
        """Boot, and let every actor get ready as soon as it starts."""
        self.feed(Boot)
        while names := self.at(State.STARTING):
            for name in names:
                self.started(name)

    def started(self, name: str) -> None:
        self.feed(Started, name=name, generation=self.world.cells[name].generation)

    def ended(self, name: str, error: BaseException | None = None, **fields) -> None:
        self.feed(Ended, name=name, generation=self.world.cells[name].generation, error=error, **fields)

    def at(self, *states: State) -> list[str]:
        return [name for name, cell in self.world.cells.items() if cell.state in states]

    def state(self, name: str) -> State:
        return self.world.cells[name].state


@pytest.fixture
def drive() -> type[Driver]:
    return Driver


@pytest.fixture
def quick() -> Backoff:
    """A backoff that is over almost at once, whatever the jitter."""
    return Backoff(base=0.001, cap=0.001)
