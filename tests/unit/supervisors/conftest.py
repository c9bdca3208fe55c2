"""Actors, helpers and laws that the tests of the supervision library share.

Long, for test files can share things through here alone.
"""

import math
from collections.abc import Callable, Collection, Iterable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import trio

import supervisors.runtime.journal
from supervisors import Backoff, Cause, Context, Event, Plan, State, Tree
from supervisors.core.budget import LOST_GRACE, PATIENCE
from supervisors.core.draft import CALM
from supervisors.core.happenings import Alarm, Boot, Ended, Input, Started, Tick
from supervisors.core.plan import Edges
from supervisors.core.reducer import step
from supervisors.core.states import AT_REST, AVAILABLE, LEAVING, LIVE, MOVES, RUNNING
from supervisors.core.world import World, new_world


class Journal(supervisors.runtime.journal.Journal):
    """A journal that knows what these tests ask for most."""

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


def to_be_done(effect):
    """Return ``(state, name, generation)`` of a move that is an order, None of any other; other effects as they are."""
    if isinstance(effect, Event):
        orders = {State.STARTING, State.STOPPING, State.CANCELLING}
        return (effect.to_state.value, effect.name, effect.generation) if effect.to_state in orders else None
    return None if isinstance(effect, Alarm) else effect


class Driver:
    """Feeds a world without Trio: each call is one step."""

    def __init__(self, tree: Tree) -> None:
        self.world: World = new_world(tree.plan())
        self.effects: list[object] = []
        self.events: list[Event] = []
        self.now = 0.0

    def feed(self, kind, **fields) -> list[object]:
        self.world, effects = step(self.world, kind(at=self.now, **fields))
        self.events += [effect for effect in effects if isinstance(effect, Event)]
        self.effects = [to_be_done(effect) for effect in effects if to_be_done(effect) is not None]
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

    def comply(self) -> None:
        """Let all that start get ready, and all that were asked to stop end, until nothing moves by itself."""
        while names := self.at(State.STARTING, State.STOPPING, State.CANCELLING):
            for name in names:
                if self.state(name) is State.STARTING:
                    self.started(name)
                elif self.state(name) in {State.STOPPING, State.CANCELLING}:
                    self.ended(name)

    def pass_time(self) -> None:
        """Go on to the next deadline."""
        self.now = self.world.next_deadline
        self.feed(Tick)

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


EPSILON = 1e-6
TIMED = frozenset({State.STARTING, State.STOPPING, State.CANCELLING, State.BACKOFF})


class Laws:
    """What holds in every world, whatever has happened to it."""

    @staticmethod
    def of_world(world: World) -> None:
        """Check one instant: the counters say what can be counted, and nobody runs without what it needs.

        Hundreds of thousands of worlds are checked, so what is asked of a state is asked once, and of plain tables.
        """
        plan, cells = world.plan, world.cells.table
        missing, dependents, holders = world.missing.table, world.live_dependents.table, world.leaving_holders.table
        for counter in (cells, missing, dependents, holders):
            assert counter.keys() == set(plan.specs)
        states = {name: cell.state for name, cell in cells.items()}
        available = {name for name, state in states.items() if state in AVAILABLE}
        live = {name for name, state in states.items() if state in LIVE}
        leaving = {name for name, state in states.items() if state in LEAVING}
        in_use = _with_dead_below(plan.needs, live, live)
        held = _with_dead_below(plan.holds, leaving, live)
        for name, state in states.items():
            assert missing[name] == _count_outside(plan.needs[name], available)
            assert dependents[name] == _count_inside(plan.needed_by[name], in_use)
            assert holders[name] == _count_inside(plan.held_by[name], held)
            assert cells[name].deadline == math.inf or state in TIMED
            if state in RUNNING:
                assert not missing[name]
            elif state is State.WAITING:
                around = {states[group] for group in plan.enclosing(name)}
                assert missing[name] or dependents[name] or around & {State.BACKOFF, State.GAVE_UP}
            elif state is State.DRAINING:
                assert holders[name]
            elif state in LEAVING:
                assert not dependents[name]
            elif state in {State.STOPPED, State.EXITED}:
                assert plan.specs[name].kind != "child", "it is to be forgotten"
        found = frozenset(states.values())
        assert world.unavailable == sum(s.is_awaited and n not in available for n, s in plan.specs.items())
        assert world.resting == sum([state in AT_REST for state in states.values()])
        if world.shutdown is not None:
            assert found <= LEAVING | AT_REST
        is_settled = world.is_over if world.shutdown else world.is_ready or State.GAVE_UP in found
        assert is_settled or TIMED & found, "nothing can happen any more"

    @staticmethod
    def of_step(before: World, happened: Input, after: World, effects: Iterable[object]) -> None:
        """Check one step: no start in a shutdown, nobody asked before its time, no bystander touched."""
        for effect in effects:
            if not isinstance(effect, Event):
                continue
            if effect.to_state is State.STARTING:
                assert after.shutdown is None
                assert effect.generation == after.cells[effect.name].generation
            asked = effect.to_state in {State.STOPPING, State.CANCELLING}
            if asked and Laws._is_its_turn(before, happened, effect.name, effect.reason.cause, after):
                assert not after.leaving_holders[effect.name]
        if before.shutdown is None and after.shutdown is None and (concerned := Laws._concerned(after, happened)):
            now = dict(after.cells.table)  # to read the world before may take the table from the one after
            for name, cell in before.cells.table.items():
                assert name in concerned or not cell.is_available or now[name] == cell

    @staticmethod
    def picture(world: World, effects: Iterable[object]) -> object:
        """Return what can be compared of a step.

        The errors that it makes up are new each time, and an old world may have its actors in another order, hence the
        effects on different ones (`Versioned` says why).
        """
        effects = sorted(effects, key=lambda effect: effect.name)
        plain = [effect if isinstance(effect, Event) else type(effect) for effect in effects]
        cells = {name: cell._replace(fault=None) for name, cell in world.cells.items()}
        failures = [(failure.name, failure.generation, repr(failure.error)) for failure in world.failures]
        counters = dict(world.missing), dict(world.live_dependents), dict(world.leaving_holders)
        return plain, cells, failures, counters, world.unavailable, world.resting, world.shutdown, world.ever_ready

    @staticmethod
    def _is_its_turn(before: World, happened: Input, name: str, cause: Cause, after: World) -> bool:
        # Whose time is over, or who was asked already, is cancelled whoever else is on the way out. The member of a
        # group that fails does not wait for who only wants the group; the tree may go down with the group, however.
        if cause is Cause.GROUP_FAILED and before.shutdown is None and after.shutdown is not None:
            return False
        return not isinstance(happened, Tick) and before.cells[name].state is not State.STOPPING

    @staticmethod
    def _concerned(world: World, happened: Input) -> set[str]:
        name = getattr(happened, "name", None)
        if name not in world.cells:
            return set()
        names = {name, *world.plan.enclosing(name)}
        names |= {member for each in names for member in world.plan.members(each)}
        return names | {other for each in names for other in world.plan.dependents(each)}


def _with_dead_below(edges: Edges, those: Collection[str], live: Collection[str]) -> Collection[str]:
    """Return these and the dead that the edges lead to from them, through none but dead ones."""
    if not those or len(live) == len(edges):
        return those
    found = set(those)
    pending = list(those)
    for name in pending:
        below = {other for other in edges[name] if other not in live} - found
        found |= below
        pending.extend(below)
    return found


def _count_inside(names: Iterable[str], those: Collection[str]) -> int:
    return sum([name in those for name in names])


def _count_outside(names: Iterable[str], those: Collection[str]) -> int:
    return sum([name not in those for name in names])


class Chronicle:
    """Reads a log event by event, and checks that each is one that the rules allow after those before it.

    Args:
        plan: What was declared; children of pools are learned from the log.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.states = dict.fromkeys(plan.specs, State.DECLARED)
        self.stopping_since: float | None = None
        self._generations = dict.fromkeys(plan.specs, 0)
        self._streaks = dict.fromkeys(plan.specs, 0)
        self._since: dict[str, float] = {}
        self._available_since: dict[str, float] = {}
        self._lost: set[str] = set()
        self._blamed: set[str] = set()
        self._ever_ready = False
        self._awaited = [name for name, spec in plan.specs.items() if spec.is_awaited]
        self._longest: dict[str, float] = {}
        self._last_rest = 0.0
        self._virtual = {name for name, spec in plan.specs.items() if spec.is_virtual}

    def read(self, event: Event) -> None:
        """Take the next event."""
        name, state, cause = event.name, event.to_state, event.reason.cause
        if cause is Cause.SPAWNED:
            self.states[name], self._generations[name], self._streaks[name] = State.DECLARED, 0, 0
        if cause is Cause.SHUTDOWN and self.stopping_since is None:
            self.stopping_since = event.at
        assert event.from_state is self.states[name], event
        assert state in MOVES[event.from_state], event
        self._generations[name] += state is State.STARTING
        assert event.generation == self._generations[name], event
        if self.stopping_since is not None:
            assert state not in {State.WAITING, State.STARTING, State.BACKOFF, *AVAILABLE}, event
        self._check_order(event)
        self._count_failures(event)
        self._check_blame(event)
        self._check_policy(event)
        self._check_time(event)
        self.states[name], self._since[name] = state, event.at
        self._ever_ready |= all(self.states[each] in AVAILABLE for each in self._awaited)
        if state in AT_REST and event.from_state not in AT_REST:
            self._last_rest = event.at

    def may_take_longer(self, name):
        """Let an actor that asked for more time go beyond the short grace of a lost dependency."""
        self._lost.discard(name)

    def read_all(self, events: Iterable[Event]) -> None:
        """Take several."""
        for event in events:
            self.read(event)

    def _needs(self, name: str) -> Collection[str]:
        return self.plan.needs.get(name) or ((name.rpartition("/")[0],) if name not in self.plan.needs else ())

    def _children(self, pool: str) -> list[str]:
        is_pool = pool in self.plan.specs and self.plan.specs[pool].kind == "pool"
        return [name for name in self.states if is_pool and name.rpartition("/")[0] == pool]

    def _check_order(self, event: Event) -> None:
        name, state, states = event.name, event.to_state, self.states
        needed_by = [*self.plan.needed_by.get(name, ()), *self._children(name)]
        held_by = [*self.plan.held_by.get(name, ()), *self._children(name)]
        if state is State.STARTING:
            assert all(states[need] in AVAILABLE for need in self._needs(name)), event
            assert not any(states[other] in LIVE for other in needed_by), event
        elif state is State.STOPPING or (state is State.CANCELLING and event.from_state is State.DRAINING):
            assert not any(states[other] in LEAVING for other in held_by), event
            # The group around it falls in the same step; it has no task that could miss anything.
            assert not any(states[other] in LIVE for other in needed_by if other not in self._virtual), event
        if event.from_state in RUNNING and state in LEAVING:
            self._lost.discard(name)
            if event.reason.cause is Cause.DEPENDENCY_LOST:
                lost = event.reason.detail
                needs = self._needs(name)
                assert lost in needs or any(lost in self.plan.dependencies(need) for need in needs), event
                self._lost.add(name)
        if state is State.STOPPING and self.stopping_since is not None:
            self._lost.discard(name)  # its turn came in the shutdown, which has time for it

    def _count_failures(self, event: Event) -> None:
        name, state = event.name, event.to_state
        if event.from_state not in AVAILABLE and state in AVAILABLE:
            self._available_since[name] = event.at
        if event.from_state in AVAILABLE and state not in AVAILABLE and event.at - self._available_since[name] >= CALM:
            self._streaks[name] = 0
        if state is State.FAILED:
            self._streaks[name] += 1
        elif state is State.WAITING and event.from_state is State.GAVE_UP:
            self._streaks[name] = 0
        if state is State.WAITING and event.from_state in {State.BACKOFF, State.GAVE_UP} and name in self.plan.specs:
            self._streaks.update(dict.fromkeys(self.plan.members(name), 0))

    def _check_blame(self, event: Event) -> None:
        name, state = event.name, event.to_state
        if event.reason.cause in {Cause.UNHEALTHY, Cause.START_TIMEOUT}:
            self._blamed.add(name)
        elif state is State.STARTING:
            self._blamed.discard(name)
        if state is State.FAILED and event.from_state in LEAVING:
            assert name in self._blamed | self._virtual, event
        if state is State.FAILED and name in self._virtual:
            assert not any(self.states[member] in RUNNING for member in self.plan.members(name)), event

    def _check_policy(self, event: Event) -> None:
        spec, cause, streak = self.plan.specs.get(event.name), event.reason.cause, self._streaks[event.name]
        if spec is None:
            return
        if cause is Cause.RETRY:
            around = [event.name, *self.plan.enclosing(event.name)]
            may_miss = any(self.plan.specs[name].gives_up == "ignore" for name in around)
            assert self._ever_ready or self.plan.retry_boot or may_miss, event
            assert streak <= spec.retries, event
            assert event.reason.detail.startswith(f"attempt {streak} of {spec.retries} "), event
        if cause is Cause.RETRIES_EXHAUSTED:
            assert streak == spec.retries + 1, event
        if event.to_state is State.BACKOFF:
            attempt = streak if cause is Cause.RETRY else 1
            self._longest[event.name] = min(spec.backoff.cap, spec.backoff.base * 2 ** (attempt - 1))
        if cause is Cause.BACKOFF_OVER and event.from_state is State.BACKOFF:
            waited, longest = event.at - self._since[event.name], self._longest[event.name]
            assert longest / 2 - EPSILON <= waited, event
            if spec.is_virtual:  # it waits for its members too
                assert not any(self.states.get(member) in LEAVING for member in self.plan.members(event.name)), event
            else:
                assert waited <= longest + EPSILON, event

    def _check_time(self, event: Event) -> None:
        name, state, at = event.name, event.to_state, event.at
        slot = self.plan.slots.get(name) or self.plan.slots.get(f"{name.rpartition('/')[0]}/*")
        if event.from_state is State.STOPPING and name in self._lost:
            assert at <= self._since[name] + LOST_GRACE + EPSILON, event
        if state is State.CANCELLING and self.stopping_since is not None:
            assert at <= self.stopping_since + slot.cancel_by + EPSILON, event
        if event.from_state is State.CANCELLING:
            assert at <= self._since[name] + PATIENCE + EPSILON, event
            if self.stopping_since is not None:
                assert at <= self.stopping_since + slot.cancel_by + slot.patience + EPSILON, event

    def check_over(self) -> None:
        """Check that the tree has come to its end, within its budget, unless it was never opened."""
        assert set(self.states.values()) <= AT_REST or set(self.states.values()) == {State.DECLARED}
        if self.stopping_since is not None:
            assert self._last_rest <= self.stopping_since + self.plan.shutdown + EPSILON


@pytest.fixture(scope="session")
def laws() -> type[Laws]:
    return Laws


@pytest.fixture(scope="session")
def chronicle() -> type[Chronicle]:
    return Chronicle


def declare_some_of_everything(function, **options) -> Tree:
    """Return a tree with some of everything: edges of both kinds, a group, a pool, actors that may be missing."""
    quick = {"backoff": Backoff(0.2, 0.3), "grace": 1, "start_timeout": 5}
    group = Tree("g")
    group.add(function, name="x", retries=1, **quick)
    group.add(function, name="y", retries=0, needs=("x",), **quick)
    tree = Tree("machine", shutdown=10, **options)
    tree.add(function, name="store", retries=2, inbox=2, **quick)
    tree.add(function, name="cache", needs=("store",), retries=1, **quick)
    tree.include(group, needs=("store",), retries=1, backoff=Backoff(0, 0))
    tree.pool("p", needs=("cache",), retries=1, grace=1)
    tree.add(function, name="front", needs=("g",), wants=("p", "store"), **quick)
    tree.add(function, name="parked", needs=("store",), retries=0, gives_up="park", **quick)
    tree.add(function, name="extra", wants=("parked",), retries=0, gives_up="ignore", **quick)
    return tree


@pytest.fixture(scope="session")
def some_of_everything() -> Callable[..., Tree]:
    return declare_some_of_everything
