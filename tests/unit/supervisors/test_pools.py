"""Children that are added to a pool while the tree runs: how they start, end, fail and are forgotten."""

import gc
from contextlib import asynccontextmanager
from time import thread_time

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import Backoff, Check, State, Tree, TreeError, TreeFailed, Unavailable, UnhealthyError
from supervisors.core.happenings import (
    Boot,
    Checked,
    Dismissed,
    Drop,
    RestartRequested,
    Spawn,
    StopRequested,
)
from supervisors.core.specs import ActorSpec

S = State
NOW = Backoff(0)


async def serve(ctx):
    ctx.started(f"{ctx.name}#{ctx.generation}")
    await ctx.stopping.wait()


async def told(ctx):
    """Be ready; do what the first message says: raise it."""
    ctx.started(f"{ctx.name}#{ctx.generation}")
    async for letter in ctx.inbox:
        raise letter.message


async def give(ctx, value):
    """Return a value at once."""
    await trio.lowlevel.checkpoint()
    return value


async def fail(ctx, error):
    """Raise at once."""
    await trio.lowlevel.checkpoint()
    raise error


def pool_tree(**options):
    """Return a tree with a pool that needs a store."""
    tree = Tree("t")
    tree.add(told, name="store", inbox=1, backoff=NOW)
    tree.pool("pool", needs=("store",), **{"backoff": NOW, **options})
    return tree


@pytest.fixture
async def live(autojump_clock):
    async with pool_tree().open() as live:
        yield live


class Children:
    """Spawns children into the pool of a driver."""

    def __init__(self, driver):
        self.driver = driver

    def spawn(self, name, *, pool="pool", **options):
        values = {"restart": "never", "gives_up": "ignore", "backoff": NOW, **options}
        spec = ActorSpec(
            name=f"{pool}/{name}", function=serve, declared_by=serve, kind="child", group=pool, needs=(pool,), **values
        )
        return self.driver.feed(Spawn, spec=spec)


@pytest.fixture
def up(drive):
    def make(tree=None):
        driver = drive(tree or pool_tree())
        driver.boot()
        return driver, Children(driver)

    return make


# One child


async def test_an_actor_that_needs_the_pool_spawns_into_it(autojump_clock):
    tree = pool_tree()
    results = []

    @tree.actor(needs=("pool",))
    async def listener(ctx, pool):
        ctx.started()
        results.append(await pool.spawn(give, 42).wait())
        await ctx.stopping.wait()

    async with tree.open():
        await wait_all_tasks_blocked()

    assert results == [42]


async def test_a_program_spawns_into_a_pool_from_outside(live, autojump_clock):
    assert await live.spawn("pool", give, "x").wait() == "x"


async def test_a_pool_says_who_its_children_are(live, autojump_clock):
    pool = live["pool"].get()
    children = [pool.spawn(serve), pool.spawn(serve, name="named"), pool.spawn(serve)]

    assert pool.children == ("pool/1", "pool/named", "pool/2")
    assert [child.name for child in children] == list(pool.children)
    assert repr(pool) == "<Pool 'pool' of 3>"


async def test_a_child_has_a_value_and_a_state_like_any_actor(live, autojump_clock):
    child = live.spawn("pool", serve)
    await wait_all_tasks_blocked()

    assert child.is_ready
    assert child.get() == live["pool/1"].get() == "pool/1#1"
    assert child.status().state is S.READY
    assert child.why() == "is ready since 0 s (announced readiness)"


async def test_a_child_may_be_a_resource(live, autojump_clock):
    notes = []

    @asynccontextmanager
    async def session(ctx, number):
        yield number
        notes.append(f"closed {number}")

    child = live.spawn("pool", session, 7)
    await wait_all_tasks_blocked()
    assert child.get() == 7
    child.request_stop()
    await wait_all_tasks_blocked()

    assert notes == ["closed 7"]


async def test_wait_raises_what_the_child_raised(live, autojump_clock):
    child = live.spawn("pool", fail, ValueError("bad"))

    with pytest.raises(ValueError, match="bad"):
        await child.wait()
    assert live.is_ready


async def test_several_may_wait_for_the_same_child(live, nursery, autojump_clock):
    child = live.spawn("pool", give, 3)
    results = []

    async def look():
        results.append(await child.wait())

    nursery.start_soon(look)
    nursery.start_soon(look)
    await wait_all_tasks_blocked()

    assert results == [3, 3]
    assert await child.wait() == 3


async def test_a_child_is_stopped_alone_and_asked_first(live, autojump_clock):
    notes = []

    async def careful(ctx):
        await ctx.stopping.wait()
        notes.append("asked")

    child, other = live.spawn("pool", careful), live.spawn("pool", serve)
    await wait_all_tasks_blocked()
    child.request_stop()

    with pytest.raises(Unavailable, match="'pool/1' is not available: it was stopped before it had a result"):
        await child.wait()
    assert notes == ["asked"]
    assert other.is_ready


async def test_a_child_that_is_stopped_says_by_whom(live, journal, autojump_clock):
    child = live.spawn("pool", serve)
    await wait_all_tasks_blocked()
    child.request_stop("its client has gone")

    reasons = [str(event.reason) for event in live.events() if event.name == child.name]
    assert "dismissed: its client has gone" in reasons


async def test_a_child_that_does_not_listen_is_cancelled_after_the_grace_of_the_pool(autojump_clock):
    async with pool_tree(grace=3).open() as live:

        async def deaf(ctx):
            await trio.sleep_forever()

        child = live.spawn("pool", deaf)
        await wait_all_tasks_blocked()
        child.request_stop()
        with pytest.raises(Unavailable):
            await child.wait()

        assert trio.current_time() == 3


async def test_a_child_that_has_ended_can_be_asked_to_stop_again(live, autojump_clock):
    child = live.spawn("pool", give, 1)
    await child.wait()

    child.request_stop()
    child.request_stop()

    assert await child.wait() == 1


async def test_what_a_child_raises_while_it_stops_is_what_wait_raises(live, autojump_clock):
    async def clumsy(ctx):
        await ctx.stopping.wait()
        raise OSError("dropped it")

    child = live.spawn("pool", clumsy)
    await wait_all_tasks_blocked()
    child.request_stop()

    with pytest.raises(OSError, match="dropped it"):
        await child.wait()
    assert live.is_ready


# What is refused


async def test_spawning_into_what_is_no_pool_is_refused(live, autojump_clock):
    with pytest.raises(TypeError, match=r"'store' is no pool; declare it with tree.pool\('store'\)"):
        live.spawn("store", serve)


async def test_a_full_pool_refuses_and_takes_in_again_once_there_is_room(autojump_clock):
    async with pool_tree(limit=2).open() as live:
        first, _ = live.spawn("pool", serve), live.spawn("pool", serve)
        with pytest.raises(
            Unavailable, match="'pool' is not available: is full: it has 2 children, which is its limit"
        ):
            live.spawn("pool", serve)

        first.request_stop()
        with pytest.raises(Unavailable):
            await first.wait()

        assert live.spawn("pool", serve).name == "pool/3"


async def test_a_name_can_be_used_again_only_after_its_child_has_ended(live, autojump_clock):
    child = live.spawn("pool", give, 1, name="x")
    with pytest.raises(TreeError, match="'pool/x' is taken; give the child another name, or leave name= out"):
        live.spawn("pool", serve, name="x")
    await child.wait()

    assert await live.spawn("pool", give, 2, name="x").wait() == 2


async def test_names_that_are_made_up_pass_over_those_that_were_chosen_or_declared(autojump_clock):
    tree = pool_tree()
    tree.add(serve, name="pool/2")
    async with tree.open() as live:
        live.spawn("pool", serve, name="1")
        with pytest.raises(TreeError, match="'pool/2' is taken"):
            live.spawn("pool", serve, name="2")

        assert live.spawn("pool", serve).name == "pool/3"


async def test_a_child_that_cannot_be_called_like_this_fails_alone(live, autojump_clock):
    with pytest.raises(TypeError, match="positional argument"):
        await live.spawn("pool", give, 1, 2, 3).wait()
    assert live.is_ready


async def test_a_child_may_spawn_another_into_its_own_pool(live, autojump_clock):
    async def parent(ctx):
        return await ctx.tree["pool"].get().spawn(give, "grandchild").wait()

    assert await live.spawn("pool", parent).wait() == "grandchild"


async def test_a_child_that_is_stopped_before_it_ran_is_still_asked(live, autojump_clock):
    notes = []

    async def careful(ctx):
        notes.append(ctx.stopping.is_set())
        await ctx.stopping.wait()

    child = live.spawn("pool", careful)
    child.request_stop()

    with pytest.raises(Unavailable):
        await child.wait()
    assert notes == [True]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"retries": -1}, "child 'pool/1': 'retries' must be >= 0"), ({"grace": -1}, "'grace' must be >= 0")],
)
async def test_options_of_a_child_are_checked(live, options, message, autojump_clock):
    with pytest.raises(TreeError, match=message):
        live.spawn("pool", serve, **options)
    assert live["pool"].get().children == ()


async def test_a_limit_must_leave_room_for_one():
    with pytest.raises(TreeError, match="actor 'p': 'limit' must be >= 1"):
        Tree("t").pool("p", limit=0)


async def test_a_pool_that_is_not_ready_refuses_and_says_why(autojump_clock):
    async with pool_tree().open() as live:
        pool = live["pool"].get()
        live.request_stop("test")

        with pytest.raises(Unavailable, match="'pool' is not available: is stopped since 0 s"):
            pool.spawn(serve)


def test_a_child_that_comes_when_its_pool_was_lost_meanwhile_is_turned_away(up):
    driver, children = up()
    driver.feed(StopRequested, why="test")

    assert children.spawn("late") == [Drop("pool/late", was_stopped=True)]
    assert "pool/late" not in driver.world.cells


async def test_a_child_that_is_spawned_from_an_observer_is_taken_in(autojump_clock):
    tree = pool_tree()
    spawned = []

    def on_event(event):
        if event.name == "go" and event.to_state is S.READY:
            pool = holder["live"]["pool"].get()
            spawned.extend([pool.spawn(give, 1), pool.spawn(give, 2)])

    async def go(ctx):
        await release.wait()
        ctx.started()
        await ctx.stopping.wait()

    release = trio.Event()
    tree.add(go, restart="always", gives_up="ignore", start_timeout=100)
    holder = {}
    async with tree.open(on_event=on_event) as live:
        holder["live"] = live
        release.set()
        await wait_all_tasks_blocked()

        assert [await child.wait() for child in spawned] == [1, 2]


async def test_an_observer_can_neither_overfill_a_pool_nor_use_a_name_twice(autojump_clock):
    tree = pool_tree(limit=2)
    holder, spawned, refused = {}, [], []

    def on_event(event):
        if event.name == "pool/seed" and event.to_state is S.READY:
            pool = holder["live"]["pool"].get()
            spawned.extend([pool.spawn(serve, name="x"), pool.spawn(serve, name="y")])
            try:
                pool.spawn(serve, name="x")
            except TreeError as error:
                refused.append(str(error))

    async with tree.open(on_event=on_event) as live:
        holder["live"] = live
        live.spawn("pool", serve, name="seed")
        await wait_all_tasks_blocked()

        assert len(refused) == 1
        assert live["pool"].get().children == ("pool/seed", "pool/x")
        with pytest.raises(Unavailable):
            await spawned[1].wait()


# Restarts


async def test_a_child_is_not_restarted_unless_it_says_so(live, autojump_clock):
    runs = []

    async def flaky(ctx):
        runs.append(ctx.generation)
        await trio.lowlevel.checkpoint()
        if ctx.generation < 3:
            raise OSError("again")
        return "done"

    with pytest.raises(OSError, match="again"):
        await live.spawn("pool", flaky).wait()
    assert await live.spawn("pool", flaky, restart="on_failure").wait() == "done"
    assert runs == [1, 1, 2, 3]


async def test_a_child_that_exhausts_its_retries_is_forgotten_with_its_error(live, autojump_clock):
    child = live.spawn("pool", fail, OSError("x"), restart="on_failure", retries=2, backoff=Backoff(1, 1))

    with pytest.raises(OSError, match="x"):
        await child.wait()
    assert trio.current_time() > 1
    assert len(live["pool"].get()) == 0
    assert live.is_ready


async def test_a_child_that_always_restarts_runs_until_it_is_stopped(live, autojump_clock):
    runs = []

    async def again(ctx):
        runs.append(ctx.generation)
        await trio.sleep(1)

    child = live.spawn("pool", again, restart="always", backoff=NOW)
    await trio.sleep(4.5)
    child.request_stop()

    with pytest.raises(Unavailable):
        await child.wait()
    assert runs == [1, 2, 3, 4, 5]


async def test_a_child_is_stopped_while_it_waits_for_its_next_attempt(live, autojump_clock):
    child = live.spawn("pool", fail, OSError("x"), restart="on_failure", backoff=Backoff(100, 100))
    await wait_all_tasks_blocked()
    assert child.status().state is S.BACKOFF

    child.request_stop()

    with pytest.raises(Unavailable):
        await child.wait()
    assert trio.current_time() == 0


async def test_a_crash_of_what_the_pool_needs_brings_back_who_wants_to_and_ends_the_others(live, autojump_clock):
    stays, goes = live.spawn("pool", serve, restart="on_failure"), live.spawn("pool", serve)
    await wait_all_tasks_blocked()
    live["store"].tell_nowait(OSError("x"))

    with pytest.raises(Unavailable, match="it was stopped before it had a result"):
        await goes.wait()
    await stays.ready()
    await wait_all_tasks_blocked()
    assert stays.get() == "pool/1#2"
    assert live["pool"].get().children == ("pool/1",)
    assert live["store"].get() == "store#2"


def test_children_stop_before_what_the_pool_needs_starts_again(up):
    driver, children = up()
    children.spawn("a", restart="on_failure")

    driver.ended("store", OSError("x"))
    assert driver.state("store") is S.WAITING
    driver.ended("pool/a")

    assert driver.effects == [("starting", "store", 2)]
    driver.started("store")
    assert driver.effects == [("starting", "pool", 2), ("starting", "pool/a", 2)]


def test_restart_of_a_pool_by_hand_ends_children_that_are_not_restarted(up):
    driver, children = up()
    children.spawn("a", restart="on_failure")
    children.spawn("b")

    driver.feed(RestartRequested, name="pool")
    driver.comply()

    assert driver.at(S.READY) == ["store", "pool", "pool/a"]
    assert driver.world.cells["pool/a"].generation == 2


async def test_restart_by_hand_of_a_child_brings_it_back_or_says_that_it_has_ended(live, autojump_clock):
    live.spawn("pool", serve, name="stays", restart="on_failure")
    live.spawn("pool", serve, name="goes")
    await wait_all_tasks_blocked()

    await live.restart("pool/stays")
    with pytest.raises(Unavailable, match="'pool/goes' is not available: is not part of this tree"):
        await live.restart("pool/goes")

    assert live["pool"].get().children == ("pool/stays",)


# A child that takes its pool along


def test_a_child_that_escalates_restarts_the_pool_and_who_needs_it(up):
    tree = pool_tree(retries=1, backoff=Backoff(1, 1))
    tree.add(serve, name="listener", needs=("pool",))
    driver, children = up(tree)
    children.spawn("a", restart="on_failure")
    children.spawn("b", restart="on_failure", retries=0, gives_up="escalate")

    driver.ended("pool/b", OSError("x"), chance=0)
    driver.comply()
    assert driver.state("pool") is S.BACKOFF
    driver.pass_time()
    driver.comply()

    generations = {name: cell.generation for name, cell in driver.world.cells.items()}
    assert generations == {"store": 1, "pool": 2, "listener": 2, "pool/a": 2, "pool/b": 2}


@pytest.mark.parametrize("backoff", [NOW, Backoff(1, 1)])
def test_a_child_that_is_never_restarted_and_escalates_ends_with_its_error(up, backoff):
    driver, children = up(pool_tree(backoff=backoff))
    error = OSError("x")
    children.spawn("a", gives_up="escalate")

    driver.ended("pool/a", error)

    assert Drop("pool/a", error=error) in driver.effects
    driver.comply()
    if backoff is not NOW:
        driver.pass_time()
    assert driver.at(S.READY) == ["store", "pool"]


def test_a_child_that_was_failing_already_when_its_pool_failed_ends_with_its_error_and_counts_no_more(up):
    driver, children = up(pool_tree(backoff=Backoff(1, 1), retries=1))
    children.spawn("a", gives_up="escalate")
    children.spawn("b", gives_up="escalate")
    driver.feed(Checked, name="pool/b", generation=1, problem="slow", fails=1)
    driver.ended("pool/a", OSError("a"))

    driver.ended("pool/b")

    (drop,) = driver.effects
    assert (drop.name, type(drop.error)) == ("pool/b", UnhealthyError)
    assert (driver.state("pool"), driver.world.cells["pool"].streak) == (S.BACKOFF, 1)


async def test_a_pool_that_exhausts_its_retries_fails_the_tree_because_of_the_child(autojump_clock):
    async def crash_twice():
        async with pool_tree(retries=1).open() as live:
            live.spawn("pool", fail, OSError("x"), restart="on_failure", retries=0, gives_up="escalate")
            await live.wait_stopped()

    with pytest.raises(TreeFailed, match="failed because of pool/1") as caught:
        await crash_twice()

    assert "actor 'pool/1', generation 2" in caught.value.exceptions[0].__notes__[-1]


@pytest.mark.parametrize("restart", ["never", "on_failure"])
async def test_who_waits_for_a_child_that_takes_the_tree_down_gets_its_error(restart, autojump_clock):
    errors = []

    async def look(child):
        try:
            await child.wait()
        except OSError as error:
            errors.append(str(error))

    async def crash():
        async with trio.open_nursery() as nursery, pool_tree(retries=0).open() as live:
            child = live.spawn("pool", fail, OSError("x"), restart=restart, retries=0, gives_up="escalate")
            nursery.start_soon(look, child)
            await live.wait_stopped()

    with pytest.raises(BaseExceptionGroup):
        await crash()
    assert errors == ["x"]


@pytest.mark.parametrize(
    ("kind", "fields"), [(StopRequested, {"why": "x"}), (Dismissed, {"name": "pool/a", "why": "x"})]
)
def test_a_child_that_waits_for_its_failed_pool_ends_with_its_error_when_it_is_not_to_come_back(up, kind, fields):
    driver, children = up(pool_tree(backoff=Backoff(1, 1)))
    error = OSError("x")
    children.spawn("a", restart="on_failure", retries=0, gives_up="escalate")
    driver.ended("pool/a", error)
    assert driver.state("pool/a") is S.GAVE_UP

    driver.feed(kind, **fields)

    assert Drop("pool/a", error=error) in driver.effects


async def test_who_waits_for_a_child_that_is_abandoned_hears_of_it(autojump_clock):
    errors = []

    async def hog(ctx):
        with trio.CancelScope(shield=True):
            await trio.sleep(10_000)

    async def look(child):
        try:
            await child.wait()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            errors.append(type(error).__name__)

    async def abandon():
        async with trio.open_nursery() as nursery, pool_tree(grace=1).open() as live:
            child = live.spawn("pool", hog)
            nursery.start_soon(look, child)
            await wait_all_tasks_blocked()

    with pytest.raises(BaseExceptionGroup):
        await abandon()
    assert errors == ["AbandonedError"]
    await trio.sleep(10_000)


# Shutdown


async def test_children_stop_before_the_pool_and_the_pool_before_what_it_needs(journal, autojump_clock):
    async with pool_tree().open(on_event=journal) as live:
        for _ in range(3):
            live.spawn("pool", serve)
        await wait_all_tasks_blocked()

    ended = journal.ended()
    assert set(ended[:3]) == {"pool/1", "pool/2", "pool/3"}
    assert ended[3:] == ["pool", "store"]


async def test_children_have_the_grace_of_the_pool_within_the_budget(autojump_clock):
    notes = []

    async def slow(ctx):
        await ctx.stopping.wait()
        await trio.sleep(8)
        notes.append(ctx.name)

    async with pool_tree(grace=9).open() as live:
        live.spawn("pool", slow)
        live.spawn("pool", slow)
        await wait_all_tasks_blocked()

    assert sorted(notes) == ["pool/1", "pool/2"]
    assert trio.current_time() == 8


async def test_deaf_children_do_not_take_the_time_of_what_the_pool_needs(autojump_clock):
    ended = {}
    tree = Tree("t", shutdown=10)

    @tree.actor(grace=2)
    async def store(ctx):
        ctx.started()
        await ctx.stopping.wait()
        ended["asked"] = trio.current_time()
        await trio.sleep(1)
        ended["store"] = trio.current_time()

    tree.pool("pool", needs=(store,), grace=100)

    async def deaf(ctx):
        await trio.sleep_forever()

    async with tree.open() as live:
        live.spawn("pool", deaf)
        await wait_all_tasks_blocked()

    assert ended["asked"] <= 10 - 2 - 2 * 0.1
    assert ended["store"] < 10


def test_a_spawning_actor_and_the_children_stop_at_the_same_time(up):
    tree = pool_tree()
    tree.add(serve, name="listener", needs=("pool",))
    driver, children = up(tree)
    children.spawn("a")

    driver.feed(StopRequested, why="test")

    assert set(driver.effects) == {("stopping", "pool/a", 1), ("stopping", "listener", 1)}


async def test_who_waits_for_a_child_when_the_tree_goes_down_is_told(autojump_clock):
    async with trio.open_nursery() as nursery:
        errors = []

        async def look(child):
            try:
                await child.wait()
            except Unavailable as error:
                errors.append(error.actor)

        async with pool_tree().open() as live:
            nursery.start_soon(look, live.spawn("pool", serve))
            nursery.start_soon(look, live.spawn("pool", fail, OSError("x"), restart="on_failure", retries=50))
            await wait_all_tasks_blocked()

    assert sorted(errors) == ["pool/1", "pool/2"]


# A pool in a group, a pool that starts


def test_a_pool_in_a_group_comes_back_with_it_and_with_its_children(up):
    sub = Tree("g")
    sub.add(serve, name="a", retries=0)
    sub.pool("pool")
    tree = Tree("t")
    tree.include(sub, backoff=NOW)
    driver, children = up(tree)
    children.spawn("x", pool="g/pool", restart="on_failure")
    children.spawn("y", pool="g/pool")

    driver.ended("g/a", OSError("x"))
    driver.comply()

    assert driver.at(S.READY) == ["g/a", "g/pool", "g", "g/pool/x"]
    assert driver.world.cells["g/pool/x"].generation == 2


def test_a_child_that_escalates_fails_the_group_once_its_pool_has_given_up(up):
    sub = Tree("g")
    sub.add(serve, name="a")
    sub.pool("pool", retries=0)
    tree = Tree("t")
    tree.include(sub, backoff=NOW)
    driver, children = up(tree)
    children.spawn("x", pool="g/pool", restart="on_failure", retries=0, gives_up="escalate")

    driver.ended("g/pool/x", OSError("x"))
    driver.comply()

    generations = {name: cell.generation for name, cell in driver.world.cells.items()}
    assert generations == {"g/a": 2, "g/pool": 2, "g": 2, "g/pool/x": 2}


def test_children_count_in_no_way_for_the_readiness_of_the_tree(up):
    driver, children = up()
    children.spawn("a", restart="on_failure", backoff=Backoff(1, 1))

    driver.ended("pool/a", OSError("x"))

    assert driver.state("pool/a") is S.BACKOFF
    assert driver.world.is_ready


def test_a_child_that_fails_before_the_tree_was_ready_does_not_fail_the_first_boot(drive):
    tree = pool_tree()
    tree.add(serve, name="slow", needs=("pool",))
    driver = drive(tree)
    driver.feed(Boot)
    driver.started("store")
    Children(driver).spawn("a")

    driver.ended("pool/a", OSError("x"))

    assert driver.world.shutdown is None
    driver.started("slow")
    assert driver.world.is_ready


async def test_the_value_of_a_child_is_none_until_it_announces_one(live, autojump_clock):
    release = trio.Event()

    async def later(ctx):
        await release.wait()
        ctx.started("here")
        await ctx.stopping.wait()

    child = live.spawn("pool", later)
    await wait_all_tasks_blocked()
    assert child.get() is None
    release.set()
    await wait_all_tasks_blocked()

    assert child.get() == "here"


async def test_a_child_may_have_a_health_check_that_is_given_its_present_value(live, autojump_clock):
    seen = []

    async def probe(value):
        seen.append(value)
        return len(seen) != 3

    child = live.spawn("pool", serve, restart="on_failure", backoff=NOW, check=Check(probe, every=1, fails=1))
    await trio.sleep(4.5)

    assert seen[:4] == ["pool/1#1", "pool/1#1", "pool/1#1", "pool/1#2"]
    assert child.status().generation == 2


# Nothing is left


def test_a_child_that_has_ended_is_in_no_part_of_the_world(up):
    driver, children = up()
    before = driver.world
    expected = {name: dict(getattr(before, name)) for name in ("cells", "missing", "live_dependents")}
    plan = {name: str(dict(getattr(before.plan, name))) for name in ("specs", "needs", "held_by", "in_group")}

    children.spawn("a")
    driver.ended("pool/a", result=1)

    after = driver.world
    assert {name: dict(getattr(after, name)) for name in expected} == expected
    assert {name: str(dict(getattr(after.plan, name))) for name in plan} == plan
    assert driver.effects == [Drop("pool/a", result=1)]


@pytest.mark.slow
def test_a_child_costs_the_same_however_many_others_there_are(up):
    def measure(others):
        driver, children = up()
        for number in range(others):
            children.spawn(f"other{number}")
        best = float("inf")
        for _ in range(5):
            started = thread_time()
            for number in range(20):
                children.spawn(f"x{number}")
                driver.ended(f"pool/x{number}")
            best = min(best, thread_time() - started)
        return best

    assert measure(10_000) < 4 * measure(10)


@pytest.mark.slow
async def test_ten_thousand_children_leave_nothing_behind_and_cost_the_same_each(autojump_clock):
    async def turn(live, count):
        started = thread_time()
        for _ in range(count // 100):
            children = [live.spawn("pool", give, None, inbox=1) for _ in range(100)]
            for child in children:
                child.tell_nowait("hello")
            for child in children:
                await child.wait()
        return thread_time() - started

    async with pool_tree().open() as live:
        await turn(live, 2000)  # fills the log of events
        gc.collect()
        objects = len(gc.get_objects())
        first = await turn(live, 2000)
        for _ in range(2):
            await turn(live, 2000)
        last = await turn(live, 2000)
        gc.collect()

        assert len(gc.get_objects()) - objects < 200
        assert last < 3 * first
        assert [row.name for row in live.status()] == ["store", "pool"]
        assert live["pool"].get().children == ()
