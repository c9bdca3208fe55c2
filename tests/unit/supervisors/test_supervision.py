"""Actors on Trio, on a clock that jumps: start, crash, restart, giving up."""

import gc
import weakref
from contextvars import ContextVar
from random import Random

import pytest
import trio

from supervisors import (
    Backoff,
    Cause,
    EarlyReturnError,
    ReadinessError,
    StartTimeoutError,
    State,
    Tree,
    TreeFailed,
    TreeStopped,
    Unavailable,
    constant,
)


async def test_independent_actors_start_together(autojump_clock):
    tree = Tree("t")
    for name in ("a", "b", "c"):

        @tree.actor(name=name)
        async def slow(ctx):
            await trio.sleep(1)
            ctx.started()
            await ctx.stopping.wait()

    async with tree.open():
        assert trio.current_time() == pytest.approx(1)


async def test_entering_returns_when_every_actor_is_ready_and_leaving_stops_in_reverse(chain, journal):
    tree = chain({"store": (), "cache": ("store",), "worker": ("store", "cache")})

    async with tree.open(on_event=journal) as live:
        assert live.is_ready
        assert journal.names(State.READY) == ["store", "cache", "worker"]

    assert journal.ended() == ["worker", "cache", "store"]
    assert live.events() == tuple(journal.events)


async def test_crashed_actor_comes_back_and_its_dependents_get_the_new_value(crashing, journal, autojump_clock):
    box = crashing(OSError("connection lost"), "db")
    tree = Tree("t")
    tree.add(box.actor, name="db")
    seen = []

    @tree.actor(needs=("db",))
    async def http(ctx, db):
        seen.append(db)
        ctx.started(db)
        await ctx.stopping.wait()

    tree.add(constant("x"), name="sibling")

    async with tree.open(on_event=journal) as live:
        box.crash.set()
        await trio.testing.wait_all_tasks_blocked()
        assert not live.is_ready
        with pytest.raises(Unavailable, match=r"attempt 1 of 5 in .* after OSError: connection lost"):
            live["db"].get()
        await live.wait_ready()
        assert live[http].get() == "db#2"
        rows = {row.name: (row.generation, row.restarts) for row in live.status()}

    assert seen == ["db#1", "db#2"]
    assert rows == {"db": (2, 1), "http": (2, 1), "sibling": (1, 0)}
    assert journal.path("sibling") == ["waiting", "starting", "ready", "stopping", "stopped"]


async def test_backoff_takes_its_chance_from_the_given_source(crashing, autojump_clock):
    box = crashing(OSError("x"), "db")
    tree = Tree("t")
    tree.add(box.actor, name="db", backoff=Backoff(10, 60))

    async with tree.open(random=Random(7)) as live:  # noqa: S311 - a fixed source is the point
        box.crash.set()
        before = trio.current_time()
        await trio.testing.wait_all_tasks_blocked()
        await live.wait_ready()
        waited = trio.current_time() - before

    expected = Random(7).random()  # noqa: S311 - same
    assert waited == pytest.approx(10 * (0.5 + expected / 2))


async def test_giving_up_cancels_the_block_and_raises_root_causes_with_their_history(journal, autojump_clock):
    tree = Tree("t")
    tree.add(constant("db"), name="db")

    @tree.actor(needs=("db",), retries=2)
    async def flaky(ctx, db):
        ctx.started()
        await trio.sleep(1)
        raise OSError(f"crash {ctx.generation}")

    with pytest.raises(TreeFailed, match="tree 't' failed because of flaky") as caught:
        async with tree.open(on_event=journal):
            await trio.sleep_forever()

    (cause,) = caught.value.exceptions
    assert str(cause) == "crash 3"
    assert "actor 'flaky', generation 3" in cause.__notes__[0]
    assert "backoff -> waiting" in cause.__notes__[0]
    assert journal.path("flaky")[-2:] == ["failed", "gave_up"]
    assert journal.ended() == ["db"]


async def test_first_boot_that_fails_undoes_itself_in_reverse(resource):
    notes = []
    tree = Tree("t")
    tree.add(resource("a", notes), name="a")
    tree.add(resource("b", notes), name="b", needs=("a",))

    @tree.actor(needs=("b",))
    async def broken(ctx):
        raise ValueError("bad setting")

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError("the block must not be entered")

    assert notes == ["+a", "+b", "-b", "-a"]
    assert [str(error) for error in caught.value.exceptions] == ["bad setting"]
    assert caught.value.__context__ is None


async def test_first_boot_may_be_retried(autojump_clock):
    tree = Tree("t", retry_boot=True)

    @tree.actor(retries=3)
    async def remote(ctx):
        if ctx.generation < 3:
            raise OSError("not there yet")
        ctx.started("there")
        await ctx.stopping.wait()

    async with tree.open() as live:
        assert live[remote].get() == "there"
        assert live.status()["remote"].restarts == 2


async def test_actor_that_is_not_ready_in_time_fails(autojump_clock):
    tree = Tree("t")

    @tree.actor(start_timeout=3)
    async def slow(ctx):
        await trio.sleep_forever()

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    (error,) = caught.value.exceptions
    assert isinstance(error, StartTimeoutError)
    assert trio.current_time() == pytest.approx(3)


async def test_actor_may_ask_for_more_time_to_start(autojump_clock):
    tree = Tree("t")

    @tree.actor(start_timeout=3)
    async def slow(ctx):
        ctx.extend(10)
        await trio.sleep(12)
        ctx.started("late but fine")
        await ctx.stopping.wait()

    async with tree.open() as live:
        assert live[slow].get() == "late but fine"


async def test_returning_before_readiness_is_a_start_failure():
    tree = Tree("t")

    @tree.actor
    async def hasty(ctx):
        pass

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    (error,) = caught.value.exceptions
    assert isinstance(error, EarlyReturnError)
    assert str(error) == "returned before it was ready"


async def test_readiness_can_be_announced_only_once():
    tree = Tree("t")

    @tree.actor(retries=0)
    async def twice(ctx):
        ctx.started(1)
        ctx.started(2)

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            pass

    assert "announced its readiness twice" in str(caught.value.exceptions[0])


async def test_generation_that_has_ended_cannot_become_ready(chain):
    tree = Tree("t")
    kept = []

    @tree.actor
    async def leaky(ctx):
        kept.append(ctx)
        ctx.started(ctx.generation)
        await ctx.stopping.wait()

    async with tree.open() as live:
        await live.restart(leaky)

        with pytest.raises(ReadinessError, match="generation 1 of 'leaky' has ended"):
            kept[0].started("stale")
        assert live[leaky].get() == 2


async def test_main_actor_ends_the_tree_with_its_result(journal):
    tree = Tree("t")
    tree.add(constant(20), name="db")

    @tree.actor(needs=("db",), main=True)
    async def job(ctx, db):
        return db + 1

    async with tree.open(on_event=journal) as live:
        await live.wait_stopped()

    assert live.result == 21
    assert journal.ended() == ["db"]


async def test_actor_can_ask_for_the_whole_tree_to_be_stopped(journal, chain):
    tree = chain({"db": ()})

    @tree.actor(needs=("db",))
    async def quitter(ctx):
        ctx.started()
        ctx.request_stop("had enough")
        await ctx.stopping.wait()

    async with tree.open(on_event=journal) as live:
        await live.wait_stopped()

    assert live.status().stopping == "had enough"
    assert journal.ended() == ["quitter", "db"]


async def test_block_is_not_entered_when_a_stop_comes_before_readiness(chain, journal):
    tree = chain({"db": ()})

    @tree.actor(needs=("db",))
    async def quitter(ctx):
        ctx.request_stop()
        await trio.sleep_forever()

    with pytest.raises(TreeStopped, match="tree 'test' went down before it was ready: requested by quitter"):
        await tree.open(on_event=journal).__aenter__()

    assert journal.ended() == ["quitter", "db"]


async def test_tree_can_be_stopped_from_inside_the_block(chain, journal):
    tree = chain({"a": (), "b": ("a",)})

    async with tree.open(on_event=journal) as live:
        live.request_stop("enough")
        await live.wait_stopped()

        assert journal.ended() == ["b", "a"]
        assert live.status().stopping == "enough"


async def test_restart_brings_an_actor_and_its_dependents_back_in_order(chain, journal):
    tree = chain({"a": (), "b": ("a",), "c": ()})

    async with tree.open(on_event=journal) as live:
        await live.restart("a")
        await live.wait_ready()

        assert journal.ended() == ["b", "a"]
        assert live["b"].get() == "b#2"
        assert live["c"].get() == "c#1"
        assert live.status()["a"].reason.cause is Cause.ANNOUNCED


async def test_restart_of_an_unknown_actor_is_refused(chain):
    async with chain({"store": ()}).open() as live:
        with pytest.raises(KeyError, match="did you mean 'store'"):
            await live.restart("stroe")


async def test_restart_does_not_outlive_the_tree(chain):
    tree = chain({"a": ()})

    async with tree.open() as live:
        live.request_stop("enough")
        with pytest.raises(TreeStopped, match="went down before a was back: enough"):
            await live.restart("a")


async def test_reference_to_a_wanted_actor_follows_its_generations(crashing, autojump_clock):
    box = crashing(OSError("lost"), "temporal")
    tree = Tree("t")
    tree.add(box.actor, name="temporal")

    @tree.actor(wants=("temporal",))
    async def http(ctx, temporal):
        ctx.started(temporal)
        await ctx.stopping.wait()

    async with tree.open() as live:
        ref = live[http].get()
        assert (await ref.ready(), ref.is_ready) == ("temporal#1", True)
        assert ref.status() == live.status()["temporal"]
        box.crash.set()
        await trio.testing.wait_all_tasks_blocked()
        assert not ref.is_ready
        with pytest.raises(Unavailable) as caught:
            ref.get()
        assert caught.value.actor == "temporal"
        assert await ref.ready() == "temporal#2"
        assert (ref.status().generation, ref.status().ready) == (2, True)
        assert live[http].status().generation == 1


async def test_wait_for_a_wanted_actor_ends_when_the_tree_goes_down(autojump_clock):
    tree = Tree("t")
    outcome = []

    @tree.actor
    async def never(ctx):
        await trio.sleep_forever()

    @tree.actor(wants=("never",))
    async def patient(ctx, never):
        ctx.started()
        try:
            await never.ready()
        except Unavailable as error:
            outcome.append(error.actor)
        await ctx.stopping.wait()

    with pytest.raises(TreeFailed):
        async with tree.open():
            pass

    assert outcome == ["never"]


async def test_why_says_what_an_actor_waits_for(autojump_clock):
    tree = Tree("t")
    sentences = []

    @tree.actor
    async def store(ctx):
        await trio.sleep(1.5)
        sentences.append(ctx.tree.why("http"))
        ctx.started()
        await ctx.stopping.wait()

    @tree.actor(needs=("store",))
    async def http(ctx):
        assert not ctx.tree.is_ready
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        assert live.why(store) == "store is ready since 0 s (announced readiness)"

    assert sentences == ["http waits for store, which has been starting for 1.5 s"]


async def test_observer_that_raises_takes_the_tree_down_and_is_named(chain, journal):
    tree = chain({"a": (), "b": ("a",)})

    def observe(event):
        journal(event)
        if event.to_state is State.READY and event.name == "b":
            raise ValueError("cannot log")

    with pytest.raises(TreeFailed, match="because of on_event") as caught:
        async with tree.open(on_event=observe) as live:
            await live.wait_stopped()

    assert str(caught.value.exceptions[0]) == "cannot log"


async def test_fault_of_the_supervisor_itself_comes_out_instead_of_crashing_trio(crashing, chain):
    class Broken(Random):
        def random(self):
            raise RuntimeError("no chance")

    box = crashing(OSError("x"), "db")
    box.crash.set()
    tree = chain({"other": ()})
    tree.add(box.actor, name="db")

    with pytest.raises(TreeFailed, match="because of supervisor") as caught:
        async with tree.open(random=Broken()):
            await trio.sleep_forever()

    assert "no chance" in str(caught.value.exceptions[0].exceptions)


async def test_observer_may_ask_for_a_stop(chain):
    tree = chain({"a": ()})
    lives = []

    def observe(event):
        if event.to_state is State.DRAINING:
            lives[0].request_stop("again")

    async with tree.open(on_event=observe) as live:
        lives.append(live)

    assert live.status().stopping == "the block was left"


async def test_error_of_the_block_passes_through_after_an_ordered_stop(chain, journal):
    with pytest.raises(ZeroDivisionError):
        async with chain({"a": (), "b": ("a",)}).open(on_event=journal):
            1 / 0  # noqa: B018 - raises

    assert journal.ended() == ["b", "a"]


async def test_system_exit_in_an_actor_is_never_retried_and_not_wrapped_as_a_failure(chain, journal):
    tree = chain({"a": ()})

    @tree.actor
    async def quitting(ctx):
        ctx.started()
        raise SystemExit(3)

    with pytest.raises(BaseExceptionGroup) as caught:
        async with tree.open(on_event=journal) as live:
            await live.wait_stopped()

    assert caught.value.subgroup(SystemExit) is not None
    assert not isinstance(caught.value, TreeFailed)
    assert journal.ended() == ["a"]


async def test_actors_see_the_context_variables_of_the_opener_and_not_those_of_other_actors():
    variable = ContextVar("variable", default="unset")
    tree = Tree("t")

    @tree.actor
    async def meddler(ctx):
        variable.set("set by an actor")
        ctx.started()
        await ctx.stopping.wait()

    @tree.actor(needs=(meddler,))
    async def reader(ctx):
        ctx.started(variable.get())
        await ctx.stopping.wait()

    variable.set("set by the opener")
    async with tree.open() as live:
        assert live[reader].get() == "set by the opener"
        variable.set("changed since")
        await live.restart(reader)
        assert live[reader].get() == "set by the opener"


async def test_value_is_let_go_of_when_its_actor_has_ended(mock_clock):
    class Value:
        pass

    tree = Tree("t")
    references = []
    crash = trio.Event()

    @tree.actor
    async def holder(ctx):
        value = Value()
        references.append(weakref.ref(value))
        ctx.started(value)
        del value
        await crash.wait()
        raise OSError("gone")

    async with tree.open():
        assert references[0]() is not None
        crash.set()
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()

        assert references[0]() is None


async def test_interrupt_in_an_actor_takes_the_tree_down_and_comes_out(chain, journal):
    tree = chain({"a": ()})

    @tree.actor(needs=("a",))
    async def interrupted(ctx):
        ctx.started()
        raise KeyboardInterrupt

    with pytest.raises(BaseExceptionGroup) as caught:
        async with tree.open(on_event=journal):
            await trio.sleep_forever()

    assert caught.value.subgroup(KeyboardInterrupt) is not None
    assert journal.ended() == ["a"]
