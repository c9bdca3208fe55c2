"""The reducer, taken through whatever Hypothesis can think of, one thing at a time."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from supervisors import State
from supervisors.core.happenings import (
    Boot,
    Checked,
    Dismissed,
    Ended,
    Event,
    Extended,
    Hung,
    RestartRequested,
    Spawn,
    Started,
    StopRequested,
    Tick,
)
from supervisors.core.reducer import step
from supervisors.core.specs import ActorSpec
from supervisors.core.states import LIVE, RUNNING
from supervisors.core.world import new_world
from supervisors.errors import UnhealthyError

FEW = settings(max_examples=100, stateful_step_count=40)
picks = st.integers(0, 20)
HOW = ({}, {"restart": "on_failure", "retries": 1}, {"gives_up": "escalate"}, {"restart": "always", "retries": 0})


async def nothing(ctx):
    """Stand for an actor where none is run."""


class ReducerMachine(RuleBasedStateMachine):
    """A world, and all that can happen to it."""

    def __init__(self, laws, chronicle, declare):
        super().__init__()
        self.laws = laws
        self.declare = declare
        self.make_chronicle = chronicle
        self.now = 0.0
        self.steps = []
        self.serial = 0

    @initialize(retry_boot=st.booleans())
    def boot(self, retry_boot):
        plan = self.declare(nothing, retry_boot=retry_boot).plan()
        self.world = new_world(plan)
        self.chronicle = self.make_chronicle(plan)
        self.feed(Boot)

    def feed(self, kind, **fields):
        before, happened = self.world, kind(at=self.now, **fields)
        self.world, effects = step(before, happened)
        self.laws.of_step(before, happened, self.world, effects)
        self.chronicle.read_all(effect for effect in effects if isinstance(effect, Event))
        self.steps.append((before, happened, self.laws.picture(self.world, effects)))

    def tell(self, kind, states, pick, **fields):
        """Feed something about one of those in these states, if there are any."""
        specs = self.world.plan.specs
        found = [name for name, c in self.world.cells.items() if c.state in states and not specs[name].is_virtual]
        if found:
            name = found[pick % len(found)]
            if kind is Extended:
                self.chronicle.may_take_longer(name)
            self.feed(kind, name=name, generation=self.world.cells[name].generation, **fields)

    @rule(pick=picks)
    def an_actor_announces(self, pick):
        self.tell(Started, {State.STARTING}, pick)

    @rule()
    def all_announce(self):
        while any(cell.state is State.STARTING for cell in self.world.cells.values()):
            self.tell(Started, {State.STARTING}, 0)

    @rule(pick=picks, chance=st.sampled_from([0.0, 0.5, 0.99]))
    def an_actor_crashes(self, pick, chance):
        self.tell(Ended, LIVE | {State.ABANDONED}, pick, error=OSError("crash"), chance=chance)

    @rule(pick=picks)
    def an_actor_is_interrupted(self, pick):
        self.tell(Ended, LIVE, pick * 7, error=KeyboardInterrupt())

    @rule(pick=picks)
    def an_actor_returns(self, pick):
        self.tell(Ended, LIVE | {State.ABANDONED}, pick, result=pick)

    @rule()
    def all_that_were_asked_end(self):
        while any(c.state in {State.STOPPING, State.CANCELLING} for c in self.world.cells.values()):
            self.tell(Ended, {State.STOPPING, State.CANCELLING}, 0)

    @rule(pick=picks, problem=st.sampled_from(["slow", "slow", None]))
    def an_actor_is_checked(self, pick, problem):
        self.tell(Checked, RUNNING, pick, problem=problem, fails=2)

    @rule(pick=picks)
    def an_actor_hangs(self, pick):
        self.tell(Hung, RUNNING, pick, error=UnhealthyError("it", "hangs"))

    @rule(pick=picks, seconds=st.sampled_from([0.1, 3, 1000]))
    def an_actor_asks_for_more_time(self, pick, seconds):
        self.tell(Extended, LIVE, pick, seconds=seconds)

    @precondition(lambda self: self.world.next_deadline < float("inf"))
    @rule()
    def the_next_deadline_comes(self):
        self.now = max(self.now, self.world.next_deadline)
        self.feed(Tick)

    @rule(seconds=st.sampled_from([0.01, 1, 40]))
    def time_passes(self, seconds):
        self.now = min(self.now + seconds, self.world.next_deadline)

    @rule()
    def a_calm_time_goes_by(self):
        for _ in range(5):
            self.all_announce()
            self.all_that_were_asked_end()
            if self.world.next_deadline < float("inf"):
                self.the_next_deadline_comes()
        self.time_passes(40)

    @rule(how=st.sampled_from(HOW))
    def a_child_is_spawned(self, how):
        self.serial += 1
        plain = {"restart": "never", "gives_up": "ignore", **how}
        place = {"name": f"p/{self.serial}", "kind": "child", "group": "p", "needs": ("p",)}
        self.feed(Spawn, spec=ActorSpec(function=nothing, declared_by=nothing, **place, **plain))

    @rule(pick=picks)
    def a_child_is_dismissed(self, pick):
        if children := list(self.world.plan.in_group["p"]):
            self.feed(Dismissed, name=children[pick % len(children)], why="enough")

    @rule(pick=picks)
    def an_operator_restarts(self, pick):
        names = list(self.world.cells)
        self.feed(RestartRequested, name=names[pick % len(names)])

    @rule(pick=st.integers(0, 9), hurried=st.booleans())
    def the_tree_is_stopped(self, pick, hurried):
        if not pick:  # rarely: little can happen afterwards
            self.feed(StopRequested, why="rule", hurried=hurried)

    @rule(pick=picks)
    def an_older_generation_says_something(self, pick):
        specs = self.world.plan.specs
        names = [n for n, cell in self.world.cells.items() if cell.generation and not specs[n].is_virtual]
        if names:
            name = names[pick % len(names)]
            old = {"name": name, "generation": self.world.cells[name].generation - 1}
            before = self.laws.picture(self.world, ())
            self.feed(Started, **old)
            self.feed(Checked, **old, problem="late", fails=1)
            self.feed(Ended, **old, error=OSError("late"))
            assert self.laws.picture(self.world, ()) == before

    @precondition(lambda self: self.steps)
    @rule(pick=st.integers(0, 1000))
    def an_old_world_is_asked_again(self, pick):
        before, happened, found = self.steps[pick % len(self.steps)]
        assert self.laws.picture(*step(before, happened)) == found

    @invariant()
    def the_laws_hold(self):
        if self.steps:
            self.laws.of_world(self.world)

    def teardown(self):
        if self.steps:
            self.feed(StopRequested, why="teardown")
            self.all_that_were_asked_end()
            assert self.world.is_over
            self.chronicle.check_over()


@pytest.mark.slow
def test_any_history_of_a_world_follows_the_laws(laws, chronicle, some_of_everything):
    run_state_machine_as_test(lambda: ReducerMachine(laws, chronicle, some_of_everything), settings=FEW)
