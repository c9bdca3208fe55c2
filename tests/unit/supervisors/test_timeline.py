"""How a start went: who waited for whom, how long, and which chain made it as long as it was."""

import json
from random import Random

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from supervisors import Backoff, Tree, TreeFailed
from supervisors.inspection.timeline import timeline


@pytest.fixture
def slow():
    """Return a factory of trees: ``slow(store=(2, ()), http=(1, ("store",)))`` has an http that takes 1 s to start."""

    def make(**actors):
        tree = Tree("shop")
        for name, (seconds, needs) in actors.items():
            tree.add(sleeper(seconds), name=name, needs=needs)
        return tree

    return make


def sleeper(seconds):
    async def start(ctx):
        await trio.sleep(seconds)
        ctx.started()
        await ctx.stopping.wait()

    return start


async def test_each_actor_tells_when_it_waited_started_and_was_ready(slow, autojump_clock):
    async with slow(store=(2, ()), cache=(1, ()), http=(3, ("store", "cache"))).open() as live:
        shown = live.timeline()

    assert [each.name for each in shown] == ["store", "cache", "http"]
    assert (shown["cache"].waiting, shown["cache"].started, shown["cache"].ready) == (0, 0, 1)
    assert (shown["http"].waiting, shown["http"].started, shown["http"].ready) == (0, 2, 5)
    assert (shown["http"].waited, shown["http"].took, shown["http"].last) == (2, 3, "store")
    assert shown["store"].last is None
    assert (shown.total, shown.critical_path) == (5, ("store", "http"))
    with pytest.raises(KeyError):
        shown["worker"]


async def test_chart_has_a_line_per_actor(slow, autojump_clock):
    async with slow(store=(2, ()), cache=(1, ()), http=(2, ("store", "cache"))).open() as live:
        shown = timeline(live.events())

    assert str(shown).splitlines() == [
        "ready after 4 s: store -> http",
        "actor  waited  took  0 s                                   4 s  after",
        "store     0 s   2 s  ====================|",
        "cache     0 s   1 s  ==========|",
        "http      2 s   2 s  ....................====================|  store",
    ]


async def test_timeline_is_made_of_what_json_has(slow, autojump_clock):
    async with slow(store=(2, ()), http=(1, ("store",))).open() as live:
        values = json.loads(json.dumps(timeline(live.events()).as_dict(), allow_nan=False))

    assert values["critical_path"] == ["store", "http"]
    assert values["total"] == 3
    assert values["actors"][1] == {
        "name": "http",
        "generation": 1,
        "waiting": 0,
        "started": 2,
        "ready": 3,
        "ended": None,
        "last": "store",
        "waited": 2,
        "took": 1,
    }


async def test_actor_that_failed_and_one_that_never_came_to_start_are_shown_as_such(slow, journal, autojump_clock):
    tree = slow(store=(2, ()))

    @tree.actor(needs=("store",))
    async def broken(ctx):
        await trio.sleep(1)
        raise ValueError("bad setting")

    tree.add(sleeper(1), name="http", needs=(broken,))

    with pytest.raises(TreeFailed):
        async with tree.open(on_event=journal):
            pass
    shown = timeline(journal.events)

    assert (shown["broken"].started, shown["broken"].ready, shown["broken"].ended) == (2, None, 3)
    assert (shown["http"].waiting, shown["http"].started, shown["http"].waited, shown["http"].took) == (
        0,
        None,
        None,
        None,
    )
    assert (shown.total, shown.critical_path) == (2, ("store",))
    assert str(shown).splitlines()[3:] == [
        "broken     2 s  failed  ...........................=============x  store",
        "http         -       -  ........................................>",
    ]


async def test_first_start_of_each_actor_is_shown_unless_a_later_time_is_asked_for(slow, autojump_clock):
    async with slow(store=(2, ()), http=(1, ("store",)), cache=(5, ())).open() as live:
        await trio.sleep(10)
        before = trio.current_time()
        await live.restart("store")
        await live.wait_ready()
        first = timeline(live.events())
        again = live.timeline(since=before)

    assert [(each.name, each.generation) for each in first] == [("store", 1), ("http", 1), ("cache", 1)]
    assert [(each.name, each.generation) for each in again] == [("http", 2), ("store", 2)]
    assert (again.total, again.critical_path) == (3, ("store", "http"))


async def test_timeline_of_a_log_without_its_head_begins_with_what_is_known(slow, autojump_clock):
    async with slow(store=(2, ()), cache=(1, ()), http=(3, ("store", "cache"))).open() as live:
        log = live.events()

    position = next(index for index, event in enumerate(log) if event.name == "http" and event.generation == 1)
    shown = timeline(log[position:])

    assert [(each.name, each.waiting, each.started, each.last) for each in shown] == [("http", 0, 0, None)]
    assert (shown.total, shown.critical_path) == (3, ("http",))


async def test_actor_that_was_retried_took_the_time_of_all_its_attempts(slow, autojump_clock):
    tree = Tree("shop", retry_boot=True)

    @tree.actor(backoff=Backoff(2, 2))
    async def remote(ctx):
        await trio.sleep(1)
        if ctx.generation == 1:
            raise OSError("not there yet")
        ctx.started()
        await ctx.stopping.wait()

    tree.add(sleeper(1), name="http", needs=(remote,))
    async with tree.open(random=Random(0)) as live:  # noqa: S311 - a fixed source
        pause = Random(0).random() + 1  # noqa: S311 - same
        shown = timeline(live.events())

    assert (shown["remote"].generation, shown["remote"].ended) == (2, None)
    assert shown["remote"].took == pytest.approx(2 + pause)
    assert shown.critical_path == ("remote", "http")
    assert shown.total == pytest.approx(3 + pause)


async def test_what_was_ready_before_an_actor_began_to_wait_did_not_hold_it_up(autojump_clock):
    tree = Tree("t")
    pool = tree.pool("pool")

    async with tree.open() as live:
        await trio.sleep(5)
        live.spawn(pool, sleeper(1), name="late")
        shown = timeline(live.events())

    assert (shown["pool/late"].waiting, shown["pool/late"].started, shown["pool/late"].last) == (5, 5, None)


def test_timeline_of_nothing_is_empty():
    shown = timeline([])

    assert (shown.launches, shown.total, shown.critical_path) == ((), 0, ())
    assert str(shown).startswith("ready after 0 s: nobody was")


starts = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 2, 3]), st.sets(st.integers(0, 6), max_size=3)), min_size=1, max_size=7
)


@pytest.mark.slow
@settings(deadline=None)
@given(actors=starts)
def test_critical_path_is_the_chain_of_needs_whose_starts_add_up_to_the_total(actors):
    tree = Tree("random")
    for index, (seconds, below) in enumerate(actors):
        tree.add(sleeper(seconds), name=f"a{index}", needs=tuple(f"a{i}" for i in sorted(below) if i < index))

    async def start():
        async with tree.open() as live:
            return live.events()

    events = trio.run(start, clock=MockClock(autojump_threshold=0))
    needs = tree.plan().needs
    shown = timeline(events, needs=needs)

    assert shown.total == pytest.approx(max(each.ready for each in shown))
    assert sum(shown[name].took for name in shown.critical_path) == pytest.approx(shown.total)
    for before, after in zip(shown.critical_path, shown.critical_path[1:], strict=False):
        assert before in needs[after]
        assert shown[after].started == shown[before].ready
    guessed = timeline(events)  # who was ready last before an actor started is nearly always what it waited for
    for exact, guess in zip(shown, guessed, strict=True):
        assert guess.last == exact.last
