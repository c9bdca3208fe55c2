"""Trees within trees: how a group is declared, when it is ready, and what becomes of it when a member fails."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import Backoff, Cause, State, Tree, TreeError, TreeFailed, Unavailable, constant
from supervisors.core.explain import explain
from supervisors.core.happenings import Boot, Checked, Ended, RestartRequested, StopRequested

S = State
NOW = Backoff(0)
SECOND = Backoff(1, 1)


async def told(ctx):
    """Be ready; do what the first message says: raise it."""
    ctx.started(f"{ctx.name}#{ctx.generation}")
    async for letter in ctx.inbox:
        raise letter.message


def add(tree, name, **options):
    tree.add(told, **{"name": name, "inbox": 1, "retries": 0, "backoff": NOW, **options})


def tree_of(name, *members, **options):
    """Return a tree of independent actors that give up at their first failure."""
    tree = Tree(name, **options)
    for member in members:
        add(tree, member)
    return tree


def outer(*members, retries=1, **options):
    """Return a tree with a store, a group that needs it, an actor that needs the group, and an unrelated one."""
    tree = Tree("t")
    add(tree, "store", retries=5)
    tree.include(tree_of("g", *members), needs=("store",), retries=retries, backoff=SECOND, **options)
    add(tree, "http", needs=("g",))
    add(tree, "other")
    return tree


@pytest.fixture
def up(drive):
    def make(tree):
        driver = drive(tree)
        driver.boot()
        assert driver.world.is_ready
        return driver

    return make


async def crash(tree, name, error):
    """Open a tree, let an actor crash, and wait for what comes of it."""
    async with tree.open() as live:
        live[name].tell_nowait(error)
        await live.wait_stopped()


def generations(driver):
    return {name: cell.generation for name, cell in driver.world.cells.items()}


# How a group is declared


def test_members_are_called_by_group_and_name_and_inherit_what_the_group_needs():
    sub = tree_of("g", "a")
    add(sub, "b", needs=("a",))
    tree = tree_of("t", "store")

    assert tree.include(sub, name="parts", needs=("store",)) == "parts"

    assert tree.plan().needs == {
        "store": (),
        "parts/a": ("store",),
        "parts/b": ("parts/a", "store"),
        "parts": ("parts/a", "parts/b"),
    }
    assert tree.plan().start_order == (("store",), ("parts/a",), ("parts/b",), ("parts",))


def test_a_group_is_called_like_the_tree_that_it_is_made_of():
    tree = Tree("t")

    assert tree.include(tree_of("search", "index")) == "search"
    assert list(tree.plan().specs) == ["search/index", "search"]


def test_include_does_not_see_what_is_added_later():
    sub = tree_of("g", "a")
    tree = Tree("t")
    tree.include(sub)
    add(sub, "late")

    assert "g/late" not in tree.plan().specs


def test_the_same_tree_may_be_included_twice():
    tree = Tree("t")
    sub = tree_of("g", "a")
    tree.include(sub, name="one")
    tree.include(sub, name="two", needs=("one",))

    assert tree.plan().needs["two/a"] == ("one",)


def test_a_tree_may_be_included_in_itself_as_it_is_now():
    tree = tree_of("t", "a")
    tree.include(tree, name="copy")

    assert set(tree.plan().specs) == {"a", "copy/a", "copy"}


def test_what_an_inner_tree_takes_becomes_an_edge_to_what_it_is_given():
    sub = Tree("g", takes=("store", "bus"))
    add(sub, "a", needs=("store",), wants=("bus",))
    add(sub, "b", needs=("a",), wants=("store",))
    tree = tree_of("t", "store", "bus")
    tree.include(sub, needs=("store",), wants=("bus",))

    plan = tree.plan()

    assert (plan.needs["g/a"], plan.wants["g/a"]) == (("store",), ("bus",))
    assert (plan.needs["g/b"], plan.wants["g/b"]) == (("g/a",), ("store",))


def test_what_is_given_may_be_named_by_the_function_that_declared_it_under_another_name():
    sub = Tree("g", takes=("db",))
    add(sub, "a", needs=("db",))
    tree = Tree("t")

    @tree.actor(name="db")
    async def open_store(ctx):
        ctx.started()

    tree.include(sub, needs=(open_store,))

    assert tree.plan().needs["g/a"] == ("db",)


def test_what_is_given_may_come_from_another_group():
    sub = Tree("g", takes=("db",))
    add(sub, "a", needs=("db",))
    tree = Tree("t")
    tree.include(tree_of("stores", "db"))
    tree.include(sub, needs=("stores/db",))

    assert tree.plan().needs["g/a"] == ("stores/db",)


def test_what_is_taken_passes_through_a_group_into_a_group_within():
    leaf = Tree("leaf", takes=("store",))
    add(leaf, "a", needs=("store",))
    middle = Tree("middle", takes=("store",))
    middle.include(leaf, needs=("store",))
    tree = tree_of("t", "store")
    tree.include(middle, needs=("store",))

    plan = tree.plan()

    assert plan.needs["middle/leaf/a"] == ("store",)
    assert plan.needs["middle"] == ("middle/leaf",)
    assert plan.enclosing("middle/leaf/a") == ("middle/leaf", "middle")
    assert plan.members("middle") == ("middle/leaf", "middle/leaf/a")


def taking(*takes):
    tree = Tree("g", takes=takes)
    add(tree, "a", needs=takes)
    return tree


def test_taken_but_not_given_says_what_there_is():
    with pytest.raises(
        TreeError, match=r"group 'g' takes 'store', which it is not given; add it to needs= .*'stoer'\?"
    ):
        tree_of("t", "stoer").include(taking("store"), needs=("stoer",))


def test_taken_as_a_need_but_only_wanted_says_who_needs_it():
    with pytest.raises(TreeError, match="group 'g' only wants 'store', which its member 'a' needs; add it to needs="):
        tree_of("t", "store").include(taking("store"), wants=("store",))


def test_what_is_given_twice_under_one_name_is_refused():
    tree = tree_of("t", "store")
    tree.include(tree_of("other", "store"))

    with pytest.raises(TreeError, match="group 'g' takes 'store', which it is given more than once; keep one"):
        tree.include(taking("store"), needs=("store", "other/store"))


@pytest.mark.parametrize("taken", ["g", "g/a"])
def test_a_name_that_is_taken_is_refused_and_leaves_the_tree_as_it_was(taken):
    tree = tree_of("t", taken)

    with pytest.raises(TreeError, match=f"already has an actor '{taken}'; names are unique"):
        tree.include(tree_of("g", "a", "b"))

    assert list(tree.specs) == [taken]


def test_what_is_wrong_within_names_the_group():
    sub = tree_of("g", "store")
    add(sub, "a", needs=("stoer",))

    with pytest.raises(
        TreeError, match=r"group 'parts': 'a' depends on 'stoer', which is not in the tree; .*'store'\?"
    ):
        Tree("t").include(sub, name="parts")


def test_what_is_given_but_unknown_outside_is_refused_when_planned():
    tree = tree_of("t", "store")
    tree.include(taking("store"), needs=("store",))
    tree.include(tree_of("h", "b"), needs=("shop",))

    with pytest.raises(TreeError, match="'h/b' depends on 'shop', which is not in the tree"):
        tree.plan()


def test_options_of_a_group_are_checked():
    with pytest.raises(TreeError, match="actor 'g': 'retries' must be >= 0"):
        Tree("t").include(tree_of("g", "a"), retries=-1)


def test_needs_of_a_group_take_several():
    with pytest.raises(TreeError, match="'g': needs= takes several"):
        Tree("t").include(tree_of("g", "a"), needs="store")


def test_a_cycle_through_a_group_is_printed():
    tree = Tree("t")
    add(tree, "a", needs=("g",))
    tree.include(tree_of("g", "m"), needs=("a",))

    with pytest.raises(TreeError, match=r"cycle: (a -> g -> g/m -> a|g -> g/m -> a -> g|g/m -> a -> g -> g/m)"):
        tree.plan()


def test_an_empty_group_is_ready_when_what_it_needs_is(drive):
    tree = tree_of("t", "store")
    tree.include(Tree("g"), needs=("store",))
    driver = drive(tree)

    driver.feed(Boot)
    assert driver.state("g") is S.WAITING
    driver.started("store")

    assert driver.state("g") is S.READY


# Opening a part


def test_a_tree_that_takes_something_does_not_open_alone_and_says_the_way_out():
    with pytest.raises(TreeError, match=r"'store' is taken from outside; .*, or give it one: override\(store=...\)"):
        taking("store").plan()


async def test_a_tree_that_takes_something_opens_alone_when_it_is_given_one():
    sub = Tree("g", takes=("store",))

    @sub.actor(needs=("store",))
    async def shop(ctx, store):
        ctx.started(f"shop on {store}")
        await ctx.stopping.wait()

    async with sub.override(store=constant("fake")).open() as live:
        assert live[shop].get() == "shop on fake"


async def test_only_what_does_not_need_it_opens_without_what_the_tree_takes():
    sub = Tree("g", takes=("store",))

    @sub.actor(wants=("store",))
    async def index(ctx, store):
        ctx.started(store)
        await ctx.stopping.wait()

    add(sub, "shop", needs=("store",))

    async with sub.only(index).open() as live:
        with pytest.raises(Unavailable, match="'store' is not available: is not part of this tree"):
            live[index].get().get()


def test_only_what_needs_it_still_takes_it():
    sub = taking("store")

    with pytest.raises(TreeError, match="'store' is taken from outside"):
        sub.only("a").plan()
    assert list(sub.only("a").override(store=constant(1)).plan().specs) == ["a", "store"]


async def test_the_member_of_a_group_can_be_overridden_by_its_path():
    tree = outer("a", "b")

    async with tree.override(**{"g/a": constant("fake")}).open() as live:
        assert live["g"].get() == {"a": "fake", "b": "g/b#1"}


def test_a_group_itself_cannot_be_overridden():
    with pytest.raises(TreeError, match="cannot override 'g'"):
        outer("a").override(g=constant(1))


async def test_only_a_group_starts_its_members_and_what_they_need():
    async with outer("a", "b").only("g").open() as live:
        assert [row.name for row in live.status()] == ["store", "g/a", "g/b", "g"]
        assert live.is_ready


async def test_only_a_member_starts_it_without_its_group(autojump_clock):
    tree = outer("a", "b")

    async with tree.only("g/a").open() as live:
        assert [row.name for row in live.status()] == ["store", "g/a"]
        assert live.is_ready
    with pytest.raises(TreeFailed, match="failed because of g/a"):
        await crash(tree.only("g/a"), "g/a", OSError("no group will save it"))


async def test_a_reduced_tree_can_be_included():
    sub = tree_of("g", "bus")
    add(sub, "a", wants=("bus",))
    tree = Tree("t")
    tree.include(sub.only("a"))

    async with tree.open() as live:
        assert [row.name for row in live.status()] == ["g/a", "g"]


# Readiness and value


async def test_the_value_of_a_group_is_injected_by_its_name_and_maps_members_to_values():
    tree = Tree("t")
    tree.include(tree_of("leaf", "x"), name="inner")
    outermost = Tree("o")
    outermost.include(tree, name="g")
    seen = []

    @outermost.actor(needs=("g",))
    async def http(ctx, g):
        seen.append(g)
        ctx.started()
        await ctx.stopping.wait()

    async with outermost.open():
        pass

    assert seen == [{"inner": {"x": "g/inner/x#1"}}]


async def test_what_may_be_missing_is_no_part_of_the_value_of_its_group(autojump_clock):
    sub = tree_of("g", "a")
    add(sub, "b", gives_up="ignore", retries=9)
    tree = Tree("t")
    tree.include(sub)

    async with tree.open() as live:
        live["g/b"].tell_nowait(OSError("its value is not that of the first generation any more"))
        await wait_all_tasks_blocked()

        assert live["g/b"].get() == "g/b#2"
        assert live["g"].get() == {"a": "g/a#1"}


async def test_the_value_of_a_group_cannot_be_changed():
    async with outer("a").open() as live:
        with pytest.raises(TypeError):
            live["g"].get()["a"] = "mine"


async def test_members_start_after_what_the_group_needs_and_stop_before_it(journal, autojump_clock):
    async with outer("a", "b").open(on_event=journal):
        ready = journal.names(S.READY)

    assert ready.index("store") < ready.index("g/a") < ready.index("g") < ready.index("http")
    ended = journal.ended()
    assert ended.index("http") < ended.index("g") < ended.index("g/a") < ended.index("store")


async def test_the_value_of_a_group_follows_its_members(autojump_clock):
    async with outer("a", "b").open() as live:
        await live.restart("g/a")
        await live.wait_ready()

        assert live["g"].get() == {"a": "g/a#2", "b": "g/b#1"}


def test_a_group_is_not_ready_as_long_as_a_member_is_not(drive):
    driver = drive(outer("a", "b"))
    driver.feed(Boot)
    driver.started("store")
    driver.started("g/a")

    assert driver.state("g") is S.WAITING
    assert explain(driver.world, "g", 2) == "waits for g/b, which has been starting for 2 s"
    driver.started("g/b")
    assert driver.state("g") is S.READY


def test_a_main_actor_in_a_group_is_not_waited_for(drive):
    sub = tree_of("g", "a")
    add(sub, "job", main=True)
    tree = Tree("t")
    tree.include(sub)
    driver = drive(tree)
    driver.feed(Boot)
    driver.started("g/a")
    assert driver.world.is_ready

    driver.ended("g/job", result=7)

    assert driver.world.result == 7
    assert driver.effects == [("stopping", "g/a", 1)]


# Failure


def test_a_member_that_crashes_is_retried_alone(up):
    tree = Tree("t")
    sub = tree_of("g", "a")
    add(sub, "b", retries=1)
    tree.include(sub)
    driver = up(tree)

    driver.ended("g/b", OSError("x"))
    driver.comply()

    assert generations(driver) == {"g/a": 1, "g/b": 2, "g": 2}
    assert driver.world.is_ready


def test_a_member_that_gives_up_restarts_the_whole_group_after_its_backoff_and_nothing_else(up):
    driver = up(outer("a", "b"))

    driver.ended("g/b", OSError("x"), chance=0)
    driver.comply()
    assert driver.at(S.READY) == ["store", "other"]
    assert driver.state("g") is S.BACKOFF
    assert driver.world.next_deadline == 0.5
    assert str(driver.world.cells["g"].reason) == "will be retried: attempt 1 of 1 in 0.5 s, after g/b: OSError: x"
    driver.pass_time()
    driver.comply()

    assert generations(driver) == {"store": 1, "g/a": 2, "g/b": 2, "g": 2, "http": 2, "other": 1}
    assert driver.world.is_ready


def test_members_wait_for_the_backoff_of_their_group_and_say_so(up):
    driver = up(outer("a", "b"))

    driver.ended("g/b", OSError("x"), chance=0)
    driver.comply()

    failed = "failed; attempt 1 of 1 in 0.5 s, after g/b: OSError: x (0.25 s left)"
    assert explain(driver.world, "g/a", 0.25) == f"waits for g, which {failed}"
    assert explain(driver.world, "g/b", 0.25) == "gave up 0.25 s ago (retries exhausted: OSError: x)"
    assert explain(driver.world, "http", 0.25) == f"waits for g, which {failed}"


def test_a_restart_of_the_group_resets_the_streaks_of_its_members(up):
    tree = Tree("t")
    sub = tree_of("g", "b")
    add(sub, "a", retries=3)
    tree.include(sub, backoff=SECOND)
    driver = up(tree)
    for _ in range(3):
        driver.ended("g/a", OSError("flaky"))
        driver.comply()
    assert driver.world.cells["g/a"].streak == 3

    driver.ended("g/b", OSError("x"))
    driver.comply()
    driver.pass_time()
    driver.comply()

    assert [driver.world.cells[name].streak for name in ("g/a", "g/b", "g")] == [0, 0, 1]


def test_a_group_that_exhausts_its_retries_takes_the_tree_down_with_the_member_as_the_root_cause(up):
    driver = up(outer("a", "b", retries=1))
    driver.ended("g/b", OSError("first"))
    driver.comply()
    driver.pass_time()
    driver.comply()

    driver.ended("g/b", OSError("second"))
    driver.comply()

    assert driver.world.is_over
    assert [(failure.name, failure.generation, str(failure.error)) for failure in driver.world.failures] == [
        ("g/b", 2, "second")
    ]
    assert driver.world.shutdown.why == "g gave up (retries exhausted)"


def test_the_streak_of_a_group_is_forgotten_after_thirty_seconds_of_readiness(up):
    driver = up(outer("a", "b", retries=1))
    for _ in range(3):
        driver.ended("g/b", OSError("now and then"))
        driver.comply()
        driver.pass_time()
        driver.comply()
        driver.now += 30

    assert driver.world.is_ready


async def test_tree_failed_names_the_member_and_not_the_group(autojump_clock):
    with pytest.raises(TreeFailed) as caught:
        await crash(outer("a", "b", retries=0), "g/a", OSError("disk full"))

    (cause,) = caught.value.exceptions
    assert caught.value.message == "tree 't' failed because of g/a"
    assert str(cause) == "disk full"
    assert "actor 'g/a', generation 1" in cause.__notes__[-1]


def nested(*, inner_retries=1, outer_retries=1):
    middle = tree_of("outer", "m")
    middle.include(tree_of("inner", "x", "y"), retries=inner_retries, backoff=NOW)
    tree = tree_of("t", "other")
    tree.include(middle, retries=outer_retries, backoff=NOW)
    return tree


def test_failures_go_up_through_the_groups_one_by_one(up):
    driver = up(nested())
    history = []
    while driver.world.shutdown is None:
        driver.ended("outer/inner/x", OSError("x"))
        driver.comply()
        history.append([driver.world.cells[n].generation for n in ("outer/inner/y", "outer/m", "other")])

    assert history == [[2, 1, 1], [3, 2, 1], [4, 2, 1], [4, 2, 1]]
    assert [failure.name for failure in driver.world.failures] == ["outer/inner/x"]
    assert driver.world.is_over


def test_a_group_within_that_waits_for_its_own_backoff_does_not_outrun_the_group_around_it(up):
    middle = tree_of("outer", "m")
    middle.include(tree_of("inner", "x"), backoff=SECOND)
    tree = Tree("t")
    tree.include(middle, backoff=Backoff(10, 10))
    driver = up(tree)

    driver.ended("outer/inner/x", OSError("x"), chance=0)
    driver.ended("outer/m", OSError("m"), chance=0)
    driver.comply()
    driver.pass_time()
    driver.comply()
    assert (driver.now, driver.at(S.STARTING, S.READY)) == (0.5, [])
    driver.pass_time()
    driver.comply()

    assert driver.now == 5
    assert driver.world.is_ready


def test_two_members_that_fail_in_the_same_instant_count_once(up):
    driver = up(outer("a", "b", retries=1))

    driver.ended("g/a", OSError("a"))
    driver.ended("g/b", OSError("b"))
    driver.comply()
    driver.pass_time()
    driver.comply()

    assert driver.world.cells["g"].streak == 1
    assert driver.world.is_ready


def test_a_member_that_gives_up_while_its_group_waits_comes_back_with_it(up):
    sub = tree_of("g", "a", "b")
    add(sub, "c", backoff=Backoff(0.2, 0.2), retries=1)
    tree = Tree("t")
    tree.include(sub, backoff=SECOND)
    driver = up(tree)
    driver.ended("g/c", OSError("c"), chance=0)  # waits for its own attempt when the group fails

    driver.ended("g/a", OSError("a"), chance=0)
    driver.comply()
    driver.pass_time()
    assert (driver.now, driver.state("g/c")) == (0.1, S.WAITING)
    driver.pass_time()
    driver.comply()

    assert driver.now == 0.5
    assert driver.world.is_ready


@pytest.mark.parametrize("is_late", [False, True])
def test_a_member_that_was_failing_already_when_its_group_failed_does_not_fail_it_again(up, is_late):
    tree = Tree("t")
    tree.include(tree_of("g", "a", "b"), backoff=SECOND, retries=1)
    driver = up(tree)
    driver.feed(Checked, name="g/b", generation=1, problem="slow", fails=1)
    assert driver.state("g/b") is S.STOPPING

    driver.ended("g/a", OSError("a"), chance=0)
    if is_late:
        driver.pass_time()
        assert (driver.now, driver.state("g")) == (0.5, S.BACKOFF)  # it waits for g/b
    driver.ended("g/b", OSError("b"))
    driver.comply()
    if not is_late:
        driver.pass_time()
        driver.comply()

    assert driver.world.is_ready
    assert [driver.world.cells[name].streak for name in ("g", "g/a", "g/b")] == [1, 0, 0]


def test_who_needs_a_member_directly_stops_before_it_when_the_group_fails(up):
    tree = Tree("t")
    tree.include(tree_of("g", "a", "b"), backoff=NOW)
    add(tree, "reader", needs=("g/a",))
    driver = up(tree)

    driver.ended("g/b", OSError("x"))

    assert ("stopping", "reader", 1) in driver.effects
    assert driver.state("g/a") is S.DRAINING
    driver.comply()
    assert driver.world.is_ready
    assert driver.world.cells["reader"].generation == 2


def test_a_group_comes_back_only_after_all_its_members_have_ended(up):
    tree = Tree("t")
    tree.include(tree_of("g", "a", "b"), backoff=NOW)
    driver = up(tree)

    driver.ended("g/b", OSError("x"))
    assert driver.state("g/a") is S.STOPPING
    assert driver.state("g") is S.BACKOFF  # though there is nothing more to wait for but g/a
    assert "waits for its members to end" in explain(driver.world, "g", driver.now)
    driver.ended("g/a")

    assert sorted(driver.effects) == [("starting", "g/a", 2), ("starting", "g/b", 2)]


def test_what_the_group_needs_fails_and_takes_the_members_along_without_penalty(up):
    driver = up(outer("a", "b", retries=0))

    driver.ended("store", OSError("x"))
    driver.comply()

    assert generations(driver) == {"store": 2, "g/a": 2, "g/b": 2, "g": 2, "http": 2, "other": 1}
    assert driver.world.cells["g"].streak == 0
    assert driver.world.is_ready


def test_shutdown_during_the_backoff_of_a_group_ends_at_once_and_is_no_failure(up):
    driver = up(outer("a", "b"))
    driver.ended("g/b", OSError("x"))
    driver.comply()

    driver.feed(StopRequested, why="test")
    driver.comply()

    assert driver.world.is_over
    assert driver.world.failures == ()
    assert driver.state("g") is S.STOPPED


def test_first_boot_fails_fast_within_a_group_too(drive):
    driver = drive(outer("a", "b"))
    driver.feed(Boot)
    driver.started("store")

    driver.ended("g/a", OSError("x"))
    driver.comply()

    assert driver.world.is_over
    assert [failure.name for failure in driver.world.failures] == ["g/a"]
    assert driver.world.cells["g/a"].reason.cause is Cause.BOOT_FAILED


def test_first_boot_that_is_retried_retries_the_group(drive):
    tree = Tree("t", retry_boot=True)
    tree.include(tree_of("g", "a", "b"), backoff=NOW)
    driver = drive(tree)
    driver.feed(Boot)

    driver.ended("g/a", OSError("x"))
    driver.comply()

    assert driver.world.is_ready
    assert driver.world.cells["g/a"].generation == 2


# By hand


def test_restart_of_a_group_restarts_all_its_members_and_who_needs_them(up):
    tree = outer("a", "b")
    add(tree, "reader", needs=("g/a",))
    driver = up(tree)

    driver.feed(RestartRequested, name="g")
    driver.comply()

    again = {"g/a": 2, "g/b": 2, "g": 2, "http": 2, "reader": 2}
    assert generations(driver) == {"store": 1, "other": 1, **again}


def test_restart_of_a_member_leaves_the_others_alone(up):
    driver = up(outer("a", "b"))

    driver.feed(RestartRequested, name="g/a")
    driver.comply()

    assert generations(driver) == {"store": 1, "g/a": 2, "g/b": 1, "g": 2, "http": 2, "other": 1}


def test_restart_of_a_group_that_is_not_ready_restarts_what_runs_of_it_and_what_waits(up):
    tree = Tree("t")
    sub = tree_of("g", "a")
    add(sub, "b", backoff=SECOND, retries=5)
    tree.include(sub)
    driver = up(tree)
    driver.ended("g/b", OSError("x"))

    driver.feed(RestartRequested, name="g")
    driver.comply()

    assert driver.now == 0
    assert generations(driver) == {"g/a": 2, "g/b": 2, "g": 2}


@pytest.mark.parametrize("name", ["g", "g/a", "g/b"])
def test_restart_of_a_group_that_failed_or_of_its_member_cuts_the_backoff_short(up, name):
    driver = up(outer("a", "b"))
    driver.ended("g/b", OSError("x"))
    driver.comply()

    driver.feed(RestartRequested, name=name)
    driver.comply()

    assert driver.now == 0
    assert driver.world.is_ready


async def test_restart_of_a_group_returns_when_it_is_back(autojump_clock):
    async with outer("a", "b").open() as live:
        await live.restart("g")

        assert live["g"].get() == {"a": "g/a#2", "b": "g/b#2"}


async def test_a_group_that_lost_a_member_for_good_is_back_on_a_clock_too(journal, autojump_clock):
    async with outer("a", "b").open(on_event=journal) as live:
        live["g/b"].tell_nowait(OSError("x"))
        await wait_all_tasks_blocked()
        assert not live.is_ready
        await live.wait_ready()

        assert live["g"].get() == {"a": "g/a#2", "b": "g/b#2"}
        assert live["other"].get() == "other#1"
    assert journal.path("g")[:6] == ["waiting", "starting", "ready", "failed", "backoff", "waiting"]


async def test_two_members_that_crash_one_right_after_the_other_restart_the_group_once(journal, autojump_clock):
    async def slow(ctx):
        ctx.started()
        await ctx.stopping.wait()
        await trio.sleep(1)

    sub = tree_of("g", "a", "b")
    sub.add(slow)
    tree = Tree("t")
    tree.include(sub, backoff=SECOND)
    async with tree.open(on_event=journal) as live:
        live["g/a"].tell_nowait(OSError("a"))
        live["g/b"].tell_nowait(OSError("b"))
        await wait_all_tasks_blocked()
        await live.wait_ready()

        assert live.status()["g"].generation == 2
        assert live["g"].get() == {"a": "g/a#2", "b": "g/b#2", "slow": None}
    assert len([event for event in journal.events if event.to_state is S.FAILED and event.name == "g"]) == 1


async def test_leaving_during_the_backoff_of_a_group_is_quick_and_no_failure(autojump_clock):
    tree = Tree("t")
    tree.include(tree_of("g", "a", "b"), backoff=Backoff(1000, 1000))

    async with tree.open() as live:
        live["g/a"].tell_nowait(OSError("a"))
        await wait_all_tasks_blocked()
        assert live.why("g/b").startswith("g/b waits for g, which failed; attempt 1 of 5 in ")

    assert trio.current_time() == 0


async def test_deaf_members_do_not_take_the_time_of_what_their_group_needs(autojump_clock):
    times = {}

    async def deaf(ctx):
        ctx.started()
        await trio.sleep_forever()

    async def store(ctx):
        ctx.started()
        await ctx.stopping.wait()
        times["asked"] = trio.current_time()
        await trio.sleep(3)
        times["ended"] = trio.current_time()

    sub = Tree("g")
    sub.add(deaf, grace=20)
    tree = Tree("t", shutdown=50)
    tree.add(store, grace=4)
    tree.include(sub, needs=("store",))
    tree.add(deaf, name="http", needs=("g",), grace=20)
    async with tree.open():
        pass

    assert times == {"asked": 40, "ended": 43}


# What a failure of an old generation must not do


def test_the_late_end_of_a_member_of_the_last_generation_is_not_held_against_the_new_one(up):
    driver = up(outer("a", "b"))
    driver.ended("g/b", OSError("x"), chance=0)
    driver.comply()
    driver.pass_time()

    driver.feed(Ended, name="g/b", generation=1, error=OSError("again"))
    driver.comply()

    assert driver.world.is_ready
    assert driver.world.cells["g"].streak == 1
