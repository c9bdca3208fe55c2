"""An open tree, taken through whatever Hypothesis can think of, one thing at a time.

Trio runs as the guest of the test, which calls into it, lets all tasks run until they wait, looks at everything, and
moves the clock by hand.
"""

from collections.abc import Callable
from queue import SimpleQueue

import outcome
import pytest
import trio
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
from trio.testing import MockClock, wait_all_tasks_blocked

from supervisors import Backoff, State, TreeStopped, Unavailable
from supervisors.core.states import LIVE
from supervisors.inspection.replay import replay
from supervisors.messages.letters import InboxError

FEW = settings(max_examples=100, stateful_step_count=40)
picks = st.integers(0, 20)
HOW = ({}, {"restart": "on_failure", "retries": 1}, {"gives_up": "escalate"}, {"restart": "always", "retries": 0})


class Guest:
    """Runs Trio within the test: as often as it is told, and only until all its tasks wait."""

    def __init__(self):
        self.clock = MockClock()
        self._jobs = SimpleQueue()
        self._ended = None
        self._nursery = None
        self._token = None
        trio.lowlevel.start_guest_run(
            self._serve,
            run_sync_soon_threadsafe=self._jobs.put,
            run_sync_soon_not_threadsafe=self._jobs.put,
            done_callback=self._end,
            clock=self.clock,
        )
        self._pump(lambda: self._token is not None)

    def do(self, function: Callable[[], object]):
        """Call a function within Trio, let all tasks run until they wait, and return what the function returned."""
        answers = []
        self._token.run_sync_soon(self._nursery.start_soon, self._perform, function, answers)
        self._pump(lambda: answers)
        return answers[0].unwrap()

    def start(self, function, *args):
        """Start a task."""
        self.do(lambda: self._nursery.start_soon(function, *args))

    def advance(self, seconds):
        """Let time go by, from deadline to deadline."""
        ends = self.do(trio.current_time) + seconds
        while (left := self.do(lambda: min(ends, self._next_deadline()) - trio.current_time())) > 0:
            self.do(lambda s=left: self.clock.jump(s))

    def close(self):
        """End the run, however long somebody shields himself, and raise what has come out of it."""
        if self._ended is None:
            self._token.run_sync_soon(setattr, self.clock, "autojump_threshold", 0)
            self._token.run_sync_soon(self._nursery.cancel_scope.cancel)
        while self._ended is None:
            self._jobs.get(timeout=10)()
        self._ended.unwrap()

    @staticmethod
    def _next_deadline():
        return trio.current_time() + trio.lowlevel.current_statistics().seconds_to_next_deadline

    def _pump(self, until):
        while not until():
            assert self._ended is None, f"the run has ended too early: {self._ended}"
            self._jobs.get(timeout=10)()

    def _end(self, ended):
        self._ended = ended

    async def _serve(self):
        async with trio.open_nursery() as self._nursery:
            self._token = trio.lowlevel.current_trio_token()
            await trio.sleep_forever()

    async def _perform(self, function, answers):
        answer = outcome.capture(function)
        await wait_all_tasks_blocked()
        answers.append(answer)


def count_tasks():
    """Return how many tasks there are."""
    return trio.lowlevel.current_statistics().tasks_living


class Puppet:
    """One generation of an actor, which does what it is told."""

    def __init__(self, ctx, manner):
        self.ctx = ctx
        self.manner = manner
        self.orders, self._received = trio.open_memory_channel(100)

    async def live(self):
        """Do what is told until one of the orders ends it, or it is asked to stop."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._obey, nursery.cancel_scope)
            async for order in self._received:
                if order is None:
                    nursery.cancel_scope.cancel()
                else:
                    order()

    async def _obey(self, scope):
        await self.ctx.stopping.wait()
        if self.manner == "slow":
            await trio.sleep(0.5)
        if self.manner != "deaf":
            scope.cancel()
        if self.manner == "stubborn":
            with trio.CancelScope(shield=True):
                await trio.sleep(5)


class ExecutorMachine(RuleBasedStateMachine):
    """An open tree of puppets, and all that can be done to it."""

    def __init__(self, laws, chronicle, declare):
        super().__init__()
        self.laws = laws
        self.events = []
        self.puppets = {}
        self.live = None
        self.manner = "polite"
        self.has_left = False
        self.heard = []
        self.told = 0
        self.tree = declare(self.play, retry_boot=True)
        self.chronicle = chronicle(self.tree.plan())
        self.read = 0
        self.may_leave = trio.Event()
        self.guest = Guest()
        self.tasks = self.guest.do(count_tasks)

    @initialize()
    def open(self):
        self.guest.start(self.use_tree)
        assert self.live is not None

    async def use_tree(self):
        try:
            async with self.tree.open(on_event=self.events.append) as self.live:
                await self.may_leave.wait()
        except BaseExceptionGroup:
            assert self.live.is_stopping
        self.has_left = True

    async def play(self, ctx):
        assert ctx.name not in self.puppets, "two generations of an actor run at the same time"
        puppet = self.puppets[ctx.name] = Puppet(ctx, self.manner)
        try:
            if ctx.generation == 1 and self.live is None:
                self.announce(puppet)
            await puppet.live()
        finally:
            del self.puppets[ctx.name]

    def announce(self, puppet):
        puppet.ctx.started((puppet.ctx.name, puppet.ctx.generation))

    def order(self, pick, order):
        """Have one of those that run carry out an order."""
        if puppets := sorted(self.puppets.items()):
            puppet = puppets[pick % len(puppets)][1]
            self.guest.do(lambda: puppet.orders.send_nowait(order))

    @rule(pick=picks)
    def an_actor_announces(self, pick):
        starting = [row.name for row in self.guest.do(self.live.status) if row.state is State.STARTING]
        if starting:
            self.guest.do(lambda: self.announce(self.puppets[starting[pick % len(starting)]]))

    @rule(pick=picks, error=st.sampled_from([OSError, OSError, OSError, ValueError, KeyboardInterrupt]))
    def an_actor_crashes(self, pick, error):
        def crash():
            raise error("ordered")

        self.order(pick, crash)

    @rule(pick=picks)
    def an_actor_returns(self, pick):
        self.order(pick, None)

    @rule(pick=picks, problem=st.sampled_from(["slow", "slow", None]))
    def an_actor_reports_its_health(self, pick, problem):
        if puppets := sorted(self.puppets.items()):
            self.guest.do(lambda: puppets[pick % len(puppets)][1].ctx.report_health(problem, fails=2))

    @rule(manner=st.sampled_from(["polite", "slow", "deaf", "stubborn"]))
    def new_manners_come_up(self, manner):
        self.manner = manner

    @rule(pick=picks)
    def an_operator_restarts(self, pick):
        names = list(self.tree.specs)
        self.guest.start(self.restart, names[pick % len(names)])

    async def restart(self, name):
        try:
            await self.live.restart(name)
        except TreeStopped:
            assert self.live.is_stopping
        except Unavailable:
            assert State.GAVE_UP in {row.state for row in self.live.status()}

    @rule(how=st.sampled_from(HOW))
    def a_child_is_spawned(self, how):
        def spawn():
            try:
                self.live.spawn("p", self.play, backoff=Backoff(0.2, 1), **how)
            except Unavailable:
                assert not self.live.status()["p"].ready

        self.guest.do(spawn)

    @rule()
    def the_store_is_told_something(self):
        def tell():
            try:
                self.live["store"].tell_nowait(self.told)
            except (trio.WouldBlock, Unavailable):
                return
            self.told += 1

        self.guest.do(tell)

    @precondition(lambda self: "store" in self.puppets)
    @rule()
    def the_store_listens(self):
        self.guest.start(self.listen, self.puppets["store"].ctx)

    async def listen(self, ctx):
        try:
            letter = await ctx.inbox.receive()
        except (trio.EndOfChannel, InboxError):
            return
        self.heard.append(letter.message)

    @rule(seconds=st.sampled_from([0.1, 1, 1, 6, 40]))
    def time_passes(self, seconds):
        self.guest.advance(seconds)

    @rule(pick=st.integers(0, 9), hurried=st.booleans())
    def the_tree_is_stopped(self, pick, hurried):
        if not pick:  # rarely: little can happen afterwards
            self.guest.do(lambda: self.live.request_stop("rule", hurried=hurried))

    @invariant()
    def what_is_seen_is_what_the_log_says(self):
        if self.live is not None:
            self.guest.do(self.look)

    def look(self):
        self.chronicle.read_all(self.events[self.read :])
        self.read = len(self.events)
        world, status, snapshot = self.live._board.world, self.live.status(), replay(self.events)[-1]
        self.laws.of_world(world)
        assert {row.name: row for row in status} == {row.name: row for row in snapshot}
        assert status.stopping == snapshot.stopping
        for row in status:
            if not world.plan.specs[row.name].is_virtual and row.state is not State.ABANDONED:
                runs = self.puppets[row.name].ctx.generation if row.name in self.puppets else None
                assert runs == (row.generation if row.state in LIVE else None)
            if world.plan.specs[row.name].kind == "actor":
                assert self.value_of(row.name) == ((row.name, row.generation) if row.ready else None)
        assert self.heard == sorted(set(self.heard))

    def value_of(self, name):
        try:
            return self.live[name].get()
        except Unavailable:
            return None

    def teardown(self):
        try:
            self.guest.do(self.may_leave.set)
            self.guest.advance(20)
            self.guest.do(self.look)
            assert self.has_left
            assert not self.puppets
            assert self.guest.do(count_tasks) == self.tasks
            self.chronicle.check_over()
        finally:
            self.guest.close()


@pytest.mark.slow
def test_any_history_of_an_open_tree_is_what_its_log_says(laws, chronicle, some_of_everything):
    run_state_machine_as_test(lambda: ExecutorMachine(laws, chronicle, some_of_everything), settings=FEW)
