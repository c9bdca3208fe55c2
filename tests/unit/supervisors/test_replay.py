"""The event log is enough to rebuild what `status` said, at any instant."""

from random import Random

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from supervisors import Backoff, Cause, Event, Reason, State, Tree, TreeFailed, TreeStopped, Unavailable, constant
from supervisors.errors import LogError
from supervisors.inspection.replay import replay


def event(name, before, after, *, generation=1, at=0.0, cause=Cause.ENDED):
    return Event(name, generation, at, before, after, Reason(cause))


@pytest.fixture
def log():
    """Return the log of an actor that starts at 10, crashes at 12 and is back at 13."""
    return [
        event("db", State.DECLARED, State.WAITING, generation=0, at=10.0),
        event("db", State.WAITING, State.STARTING, at=10.0),
        event("db", State.STARTING, State.READY, at=11.0),
        event("db", State.READY, State.FAILED, at=12.0, cause=Cause.CRASHED),
        event("db", State.FAILED, State.BACKOFF, at=12.0),
        event("db", State.BACKOFF, State.WAITING, at=13.0),
        event("db", State.WAITING, State.STARTING, generation=2, at=13.0),
        event("db", State.STARTING, State.READY, generation=2, at=13.0),
    ]


def test_there_is_a_snapshot_for_each_event(log):
    states = replay(log)

    assert len(states) == len(log)
    assert [snapshot["db"].state for snapshot in states] == [each.to_state for each in log]
    assert [snapshot.number for snapshot in states] == list(range(1, 9))
    assert states[3].event is log[3]
    assert list(states) == [states[index] for index in range(len(log))]
    assert states[-2:] == (states[6], states[7])


def test_row_says_what_is_known_of_the_actor(log):
    (row,) = replay(log)[-1]

    assert (row.name, row.state, row.ready) == ("db", State.READY, True)
    assert (row.since, row.generation, row.restarts, row.reason) == (13.0, 2, 1, log[-1].reason)


def test_degraded_actor_is_still_ready(log):
    states = replay([*log, event("db", State.READY, State.DEGRADED, generation=2, at=20.0, cause=Cause.CHECK_FAILED)])

    assert states[-1]["db"].ready
    assert states[-1]["db"].since == 20


@pytest.mark.parametrize(("time", "number"), [(10.0, 2), (11.5, 3), (12.0, 5), (99.0, 8)])
def test_state_at_a_time_is_that_after_the_last_event_up_to_then(log, time, number):
    assert replay(log).at(time).number == number


def test_nothing_is_known_of_the_time_before_the_log(log):
    with pytest.raises(LookupError, match="nothing is known of the time up to 9; the log begins at 10"):
        replay(log).at(9)
    with pytest.raises(LookupError, match="the log is empty"):
        replay([]).at(9)
    with pytest.raises(KeyError):
        replay(log)[0]["http"]


def test_log_whose_head_is_missing_shows_each_actor_from_its_first_known_event(log):
    other = event("http", State.STARTING, State.READY, generation=4, at=12.5)

    states = replay([*log[4:5], other, *log[5:]])

    assert [[row.name for row in snapshot] for snapshot in states[:2]] == [["db"], ["db", "http"]]
    assert states[-1]["http"].restarts == 3
    assert states[-1]["db"] == replay(log)[-1]["db"]


def test_event_that_does_not_follow_is_named_by_its_number(log):
    with pytest.raises(LogError, match="event 4: 'db' goes from failed to backoff, but event 3 has left it at ready"):
        replay([*log[:3], *log[4:]])


def test_event_of_an_unexpected_generation_is_named_by_its_number(log):
    with pytest.raises(LogError, match="event 8: 'db' is of generation 3, not 2 as event 7 has it"):
        replay([*log[:-1], log[-1]._replace(generation=3)])


def test_log_of_two_runs_is_refused_with_the_reason(log):
    with pytest.raises(
        LogError, match=r"event 9: .* but event 8 has left it at ready; a log holds one run of one tree"
    ):
        replay([*log, *log])


def test_why_the_tree_is_stopping_is_remembered(chain):
    async def main():
        async with chain({"a": (), "b": ("a",)}).open() as live:
            live.request_stop("SIGTERM")
            await live.wait_stopped()
            return live.events()

    states = replay(trio.run(main))

    assert states[5].stopping is None
    assert states[-1].stopping == "SIGTERM"


async def test_child_of_a_pool_leaves_when_it_has_ended_and_may_have_a_successor_of_its_name():
    tree = Tree("t")
    pool = tree.pool("pool")

    async def work(ctx):
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        job = live.spawn(pool, work, name="job")
        live.spawn(pool, work, name="other")
        job.request_stop()
        with pytest.raises(Unavailable):
            await job.wait()
        between = len(live.events())
        assert [row.name for row in live.status()] == ["pool", "pool/other"]
        live.spawn(pool, work, name="job")
        assert [row.name for row in live.status()] == ["pool", "pool/other", "pool/job"]
        states = replay(live.events())

    assert [row.name for row in states[between - 1]] == ["pool", "pool/other"]
    assert [row.name for row in states[-1]] == ["pool", "pool/other", "pool/job"]


class Witness(trio.abc.Instrument):
    """Keeps the status of a tree at every instant at which somebody could have asked for it and something was new."""

    def __init__(self) -> None:
        self.events = []
        self.view = None
        self.seen = {}

    def after_task_step(self, _task):
        if self.view is not None:
            self.seen[len(self.events)] = self.view.status().actors


BEHAVIOURS = ("serve", "serve", "crash", "fail to start", "return", "deaf", "hang on start", "spawn", "spawn")


@attrs.frozen
class Script:
    behaviours: tuple[str, ...]
    pause: float

    def bind(self, witness):
        async def play(ctx):
            witness.view = ctx.tree
            behaviour = self.behaviours[min(ctx.generation, len(self.behaviours)) - 1]
            await trio.sleep(self.pause)
            if behaviour == "fail to start":
                raise OSError("cannot start")
            if behaviour == "hang on start":
                await trio.sleep_forever()
            ctx.started()
            if behaviour == "deaf":
                await trio.sleep_forever()
            if behaviour == "spawn":
                self.spawn(ctx)
            if behaviour in {"crash", "return"}:
                await trio.sleep(self.pause)
                if behaviour == "crash":
                    raise OSError("crashed")
                return
            await ctx.stopping.wait()

        return play

    def spawn(self, ctx):
        try:
            pool = ctx.tree["pool"].get()
            pool.spawn(self.child, restart="on_failure", retries=1, backoff=Backoff(0.1, 1))
            pool.spawn(self.child)
        except Unavailable:
            return  # it starts at the same time, or is on its way out

    async def child(self, _ctx):
        await trio.sleep(self.pause)
        if self.behaviours[0] != "spawn":
            raise OSError("child crashed")


scripts = st.builds(
    Script,
    behaviours=st.lists(st.sampled_from(BEHAVIOURS), min_size=1, max_size=3).map(tuple),
    pause=st.sampled_from([0, 0.1, 1, 4]),
)


def build(world, witness, *, grouped):
    inner, outer = Tree("group"), Tree("random", shutdown=20, retry_boot=True)
    for index, script in enumerate(world):
        tree = inner if index in grouped else outer
        below = [name for name in tree.specs if name.startswith("a")]
        tree.add(
            script.bind(witness),
            name=f"a{index}",
            needs=tuple(below[-1:]) if index % 2 else (),
            wants=tuple(below[:1]) if not index % 2 else (),
            retries=2,
            backoff=Backoff(0.1, 1),
            start_timeout=3,
        )
    inner.add(constant(0), name="always")
    outer.include(inner, retries=1, backoff=Backoff(0.1, 1))
    outer.pool("pool")
    return outer


async def witness_run(tree, witness, stop_s):
    try:
        with trio.move_on_after(stop_s):
            async with tree.open(on_event=witness.events.append, random=Random(0)):  # noqa: S311 - a fixed source
                await trio.sleep_forever()
    except (TreeFailed, TreeStopped):
        return


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    world=st.lists(scripts, min_size=1, max_size=5),
    grouped=st.sets(st.integers(0, 4)),
    stop_s=st.sampled_from([0.05, 1, 5, 100]),
    cut=st.integers(0, 30),
)
def test_replayed_rows_are_what_status_said_at_every_instant(world, grouped, stop_s, cut):
    witness = Witness()
    tree = build(world, witness, grouped=grouped)

    trio.run(witness_run, tree, witness, stop_s, clock=MockClock(autojump_threshold=0), instruments=[witness])

    states = replay(witness.events)
    assert witness.seen
    for count, rows in witness.seen.items():
        assert states[count - 1].actors == rows
    headless = replay(witness.events[cut:])
    if len(headless):
        known = {row.name: row for row in headless[-1]}
        assert {name: known[name] for name in known if "pool/" not in name}.items() <= {
            row.name: row for row in states[-1]
        }.items()
