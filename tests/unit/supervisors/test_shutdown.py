"""How a tree goes down: soft stop, cancellation, abandonment, budget, and cancellation from outside."""

from contextlib import asynccontextmanager

import pytest
import trio

from supervisors import AbandonedError, Cause, State, Tree, TreeFailed, constant


@pytest.fixture
def stubborn():
    """Return a factory of actors that ignore the soft stop, and note when they were cancelled."""

    def make(notes):
        async def ignore(ctx):
            ctx.started()
            try:
                await trio.sleep_forever()
            finally:
                notes.append((ctx.name, trio.current_time()))

        return ignore

    return make


@pytest.fixture
def hog():
    """Return an actor that ignores even cancellation, for a while that is long on the clock of the test."""

    async def hang_in_here(ctx):
        ctx.started()
        with trio.CancelScope(shield=True):
            await trio.sleep(50_000)

    return hang_in_here


async def test_soft_stop_lets_an_actor_finish_its_work(autojump_clock):
    tree = Tree("t")
    finished = []

    @tree.actor(grace=3)
    async def careful(ctx):
        ctx.started()
        await ctx.stopping.wait()
        await trio.sleep(2.5)
        finished.append(ctx.name)

    async with tree.open():
        assert not finished

    assert finished == ["careful"]


async def test_actor_is_cancelled_when_its_grace_is_over(stubborn, autojump_clock):
    notes = []
    tree = Tree("t")
    tree.add(stubborn(notes), name="deaf", grace=4)

    async with tree.open():
        pass

    assert notes == [("deaf", pytest.approx(4))]


async def test_slow_dependents_never_take_the_time_of_what_they_stand_on(stubborn, autojump_clock):
    notes = []
    tree = Tree("t", shutdown=12)
    tree.add(stubborn(notes), name="store", grace=3)
    tree.add(stubborn(notes), name="http", grace=100, needs=("store",))

    async with tree.open():
        pass

    when = dict(notes)
    assert list(when) == ["http", "store"]
    assert when["store"] - when["http"] > 0.2
    assert when["store"] <= 12


async def test_unrelated_actors_stop_at_the_same_time(stubborn, autojump_clock):
    notes = []
    tree = Tree("t")
    for name in ("a", "b", "c"):
        tree.add(stubborn(notes), name=name, grace=3)

    async with tree.open():
        pass

    assert [when for _, when in notes] == [pytest.approx(3)] * 3


async def test_actor_that_ignores_cancellation_is_abandoned_and_named_with_its_stack(hog, journal, autojump_clock):
    tree = Tree("t")
    tree.add(constant("db"), name="db")
    tree.add(hog, name="hog", needs=("db",), grace=1)

    with pytest.raises(TreeFailed) as caught:
        async with tree.open(on_event=journal):
            pass

    (error,) = caught.value.exceptions
    assert isinstance(error, AbandonedError)
    assert error.actor == "hog"
    assert "hang_in_here" in error.__notes__[0]
    assert "await trio.sleep(50_000)" in error.__notes__[0]
    assert trio.current_time() == pytest.approx(3)
    assert journal.ended() == ["db"]


async def test_stack_of_an_abandoned_actor_shows_the_child_task_that_hangs(journal, autojump_clock):
    tree = Tree("t")

    async def the_culprit():
        with trio.CancelScope(shield=True):
            await trio.sleep(50_000)

    @tree.actor(grace=0)
    async def innocent(ctx):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(the_culprit)
            ctx.started()

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    note = caught.value.exceptions[0].__notes__[0]
    assert "child task" in note
    assert "in the_culprit" in note


@pytest.mark.parametrize("budget", [0.5, 3, 30])
async def test_whatever_the_actors_do_the_budget_bounds_the_stop(hog, stubborn, budget, autojump_clock):
    tree = Tree("t", shutdown=budget)
    tree.add(hog, name="a", grace=50)
    tree.add(stubborn([]), name="b", grace=50, needs=("a",))
    tree.add(hog, name="c", grace=50, needs=("b",))

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    assert {error.actor for error in caught.value.exceptions} == {"a", "c"}
    assert trio.current_time() <= budget + 1e-6


@pytest.mark.parametrize("cancelled_at", [0, 0.5, 1.5, 2.5, 3.5])
async def test_cancellation_from_outside_still_stops_in_order(cancelled_at, journal, autojump_clock):
    tree = Tree("t")
    names = ("a", "b", "c")
    torn_down = []
    for index, name in enumerate(names):

        @asynccontextmanager
        async def slow(ctx):
            await trio.sleep(1)
            try:
                yield ctx.name
            finally:
                await trio.sleep(0.1)
                torn_down.append(ctx.name)

        tree.add(slow, name=name, needs=names[:index])

    with trio.move_on_at(cancelled_at) as scope:
        async with tree.open(on_event=journal):
            await trio.sleep_forever()

    were_ready = journal.names(State.READY)
    assert scope.cancelled_caught
    assert torn_down == list(reversed(were_ready))
    assert len(were_ready) == int(cancelled_at)


async def test_opening_in_a_cancelled_scope_starts_nothing_and_does_not_hang(resource):
    notes = []
    tree = Tree("t")
    tree.add(resource("a", notes))

    with trio.CancelScope() as scope:
        scope.cancel()
        async with tree.open():
            raise AssertionError("must not be entered")

    assert scope.cancelled_caught
    assert notes == []


async def test_second_cancellation_during_the_stop_does_not_tear_it_apart(autojump_clock):
    tree = Tree("t")
    done = []

    @tree.actor(grace=5)
    async def careful(ctx):
        ctx.started()
        await ctx.stopping.wait()
        await trio.sleep(4)
        done.append(trio.current_time())

    with trio.move_on_after(3):
        with trio.move_on_after(1):
            async with tree.open():
                await trio.sleep_forever()

    assert done == [pytest.approx(5)]


async def test_failure_in_a_teardown_is_raised_after_everything_has_stopped(resource):
    notes = []
    tree = Tree("t")
    tree.add(resource("db", notes))

    @tree.actor(needs=("db",))
    @asynccontextmanager
    async def cache(ctx):
        yield 1
        raise OSError("disk full")

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    assert [str(error) for error in caught.value.exceptions] == ["disk full"]
    assert notes == ["+db", "-db"]


async def test_hurried_stop_cancels_but_keeps_the_order(stubborn, autojump_clock):
    notes = []
    tree = Tree("t")
    tree.add(stubborn(notes), name="a")
    tree.add(stubborn(notes), name="b", needs=("a",))

    async with tree.open() as live:
        live.request_stop("now", hurried=True)
        await live.wait_stopped()

    assert [name for name, _ in notes] == ["b", "a"]
    assert trio.current_time() == 0


async def test_stop_order_is_the_strict_reverse_with_wants(chain, journal):
    tree = chain(
        {
            "store": (),
            "cache": ("store",),
            "temporal": (),
            "worker": ("store", "cache", "temporal"),
            "http": ("store", "cache"),
        },
        wants={"http": ("temporal", "worker")},
    )

    async with tree.open(on_event=journal):
        pass

    assert journal.ended().index("http") < journal.ended().index("worker") < journal.ended().index("temporal")
    assert journal.ended()[-1] == "store"
    reasons = {event.reason.cause for event in journal.events if event.to_state is State.DRAINING}
    assert reasons == {Cause.SHUTDOWN}


async def test_nothing_of_a_tree_is_left_when_it_is_closed(chain):
    before = trio.lowlevel.current_statistics().tasks_living

    async with chain({"a": (), "b": ("a",)}).open():
        assert trio.lowlevel.current_statistics().tasks_living > before

    assert trio.lowlevel.current_statistics().tasks_living == before
