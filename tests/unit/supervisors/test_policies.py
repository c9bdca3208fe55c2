"""What becomes of an actor that has failed for good: it takes its tree down, is parked, or is ignored."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import Backoff, Cause, State, Tree, TreeError, TreeFailed, Unavailable
from supervisors.core.explain import explain
from supervisors.core.happenings import Boot, RestartRequested, Retire, StopRequested, Tick

S = State
NOW = Backoff(0)
CRASH = OSError("x")


async def told(ctx):
    """Be ready; do what the first message says: raise it."""
    inbox = ctx.inbox
    ctx.started(f"{ctx.name}#{ctx.generation}")
    async for letter in inbox:
        raise letter.message


def add(tree, name, **options):
    tree.add(told, **{"name": name, "inbox": 1, "retries": 0, "backoff": NOW, **options})


def tree_with(gives_up, **options):
    """Return a tree with an actor of this policy, one that wants it, and unless it may be missing one that needs it."""
    tree = Tree("t", **options)
    add(tree, "odd", gives_up=gives_up)
    add(tree, "reader", wants=("odd",))
    if gives_up != "ignore":
        add(tree, "user", needs=("odd",))
    return tree


@pytest.fixture
def up(drive):
    def make(tree):
        driver = drive(tree)
        driver.boot()
        assert driver.world.is_ready
        return driver

    return make


# Escalate


def test_escalation_takes_the_tree_down(up):
    driver = up(tree_with("escalate"))

    driver.ended("odd", CRASH)
    driver.comply()

    assert driver.world.is_over
    assert [failure.name for failure in driver.world.failures] == ["odd"]


# Park


def test_a_parked_actor_stays_down_with_those_that_need_it_while_the_tree_runs_on(up):
    driver = up(tree_with("park"))

    driver.ended("odd", CRASH)
    driver.comply()

    assert (driver.state("odd"), driver.state("user"), driver.state("reader")) == (S.GAVE_UP, S.WAITING, S.READY)
    assert driver.world.shutdown is None
    assert driver.world.failures == ()
    assert not driver.world.is_ready
    assert driver.world.next_deadline == float("inf")


def test_what_is_parked_is_explained(up):
    driver = up(tree_with("park"))
    driver.ended("odd", CRASH)
    driver.comply()

    gave_up = "gave up 3 s ago (retries exhausted: OSError: x)"
    assert explain(driver.world, "odd", 3) == gave_up
    assert explain(driver.world, "user", 3) == f"waits for odd, which {gave_up}"


def test_restart_by_hand_brings_what_was_parked_back_with_all_that_need_it_and_a_fresh_streak(up):
    tree = Tree("t")
    add(tree, "odd", gives_up="park", retries=2)
    add(tree, "user", needs=("odd",))
    driver = up(tree)
    for _ in range(3):
        driver.ended("odd", CRASH)
        driver.comply()
    assert driver.state("odd") is S.GAVE_UP

    driver.feed(RestartRequested, name="odd")
    driver.comply()

    assert driver.world.is_ready
    assert driver.world.cells["odd"].streak == 0
    assert driver.world.cells["odd"].generation == 4
    driver.ended("odd", CRASH)
    driver.comply()
    assert driver.world.is_ready


def test_what_is_parked_may_be_parked_again(up):
    driver = up(tree_with("park"))
    for _ in range(3):
        driver.ended("odd", CRASH)
        driver.comply()
        assert driver.state("odd") is S.GAVE_UP
        driver.feed(RestartRequested, name="odd")
        driver.comply()

    assert driver.world.is_ready


def test_restart_of_what_needs_a_parked_actor_changes_nothing(up):
    driver = up(tree_with("park"))
    driver.ended("odd", CRASH)
    driver.comply()

    driver.feed(RestartRequested, name="user")

    assert driver.effects == []
    assert driver.state("user") is S.WAITING


def test_before_the_tree_was_ready_parking_is_giving_up_for_good(drive):
    driver = drive(tree_with("park"))
    driver.feed(Boot)

    driver.ended("odd", CRASH)
    driver.comply()

    assert driver.world.is_over
    assert driver.world.cells["odd"].reason.cause is Cause.BOOT_FAILED


def test_with_retry_boot_too_once_its_retries_are_used_up(drive):
    tree = Tree("t", retry_boot=True)
    add(tree, "odd", gives_up="park", retries=1)
    driver = drive(tree)
    driver.feed(Boot)

    driver.ended("odd", CRASH)
    assert driver.state("odd") is S.STARTING
    driver.ended("odd", CRASH)

    assert driver.world.is_over
    assert driver.world.cells["odd"].reason.cause is Cause.RETRIES_EXHAUSTED


def test_a_tree_with_a_parked_actor_stops_in_order_and_without_failure(up):
    driver = up(tree_with("park"))
    driver.ended("odd", CRASH)
    driver.comply()

    driver.feed(StopRequested, why="test")
    driver.comply()

    assert driver.world.is_over
    assert driver.world.failures == ()
    assert {name: str(cell.state) for name, cell in driver.world.cells.items()} == {
        "odd": "gave_up",
        "reader": "stopped",
        "user": "stopped",
    }


def test_what_is_no_exception_is_never_parked(up):
    driver = up(tree_with("park"))

    driver.ended("odd", SystemExit(3))
    driver.comply()

    assert driver.world.is_over
    assert [failure.name for failure in driver.world.failures] == ["odd"]


def test_fatal_errors_park_at_once(up):
    tree = Tree("t")
    add(tree, "odd", gives_up="park", retries=9, fatal=(OSError,))
    driver = up(tree)

    driver.ended("odd", CRASH)

    assert driver.state("odd") is S.GAVE_UP
    assert explain(driver.world, "odd", 0) == "gave up 0 s ago (never retried: OSError: x)"


def test_a_parked_group_keeps_its_members_down_until_it_is_restarted(up):
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b")
    tree = Tree("t")
    tree.include(sub, gives_up="park", retries=0)
    add(tree, "user", needs=("g/a",))
    driver = up(tree)

    driver.ended("g/b", CRASH)
    driver.comply()
    states = {name: str(cell.state) for name, cell in driver.world.cells.items()}
    assert states == {"g/a": "waiting", "g/b": "gave_up", "g": "gave_up", "user": "waiting"}
    gave_up = "waits for g, which gave up 1 s ago (retries exhausted: OSError: x)"
    assert explain(driver.world, "g/a", 1) == gave_up
    assert explain(driver.world, "user", 1) == f"waits for g/a, which {gave_up}"
    driver.feed(RestartRequested, name="g")
    driver.comply()

    assert driver.world.is_ready
    assert driver.world.cells["user"].generation == 2


@pytest.mark.parametrize("name", ["g/a", "g/b"])
def test_restart_of_a_member_of_a_parked_group_brings_back_the_group(up, name):
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b")
    tree = Tree("t")
    tree.include(sub, gives_up="park", retries=0)
    driver = up(tree)
    driver.ended("g/b", CRASH)
    driver.comply()

    driver.feed(RestartRequested, name=name)
    driver.comply()

    assert driver.world.is_ready


def test_a_parked_member_leaves_its_group_waiting_and_not_failed(up):
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b", gives_up="park")
    tree = Tree("t")
    tree.include(sub)
    driver = up(tree)

    driver.ended("g/b", CRASH)
    driver.comply()

    assert (driver.state("g"), driver.state("g/a")) == (S.WAITING, S.READY)
    driver.feed(RestartRequested, name="g")
    driver.comply()
    assert driver.world.is_ready


def test_nobody_is_kept_waiting_for_what_was_parked_and_what_needs_it(up):
    driver = up(tree_with("park"))

    driver.ended("odd", CRASH)

    retired = [effect.name for effect in driver.effects if isinstance(effect, Retire)]
    assert retired == ["odd", "user"]
    assert ("stopping", "user", 1) in driver.effects


async def test_the_operator_brings_a_parked_actor_back(autojump_clock):
    async with tree_with("park").open() as live:
        live["odd"].tell_nowait(CRASH)
        await wait_all_tasks_blocked()
        assert not live.is_ready
        assert live.why("user") == "user waits for odd, which gave up 0 s ago (retries exhausted: OSError: x)"
        assert live.status()["odd"].state is S.GAVE_UP
        with pytest.raises(Unavailable, match="'odd' is not available: gave up 0 s ago"):
            live["odd"].get()
        await live.restart("odd")
        await live.wait_ready()

        assert live["user"].get() == "user#2"
        assert live["odd"].get() == "odd#2"


@pytest.mark.parametrize("gives_up", ["park", "ignore"])
async def test_a_restart_that_fails_again_tells_the_operator(gives_up, autojump_clock):
    tree = Tree("t")

    @tree.actor(gives_up=gives_up, retries=0)
    async def odd(ctx):
        if ctx.generation > 1:
            await trio.sleep(1)
            raise OSError("still broken")
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        with pytest.raises(Unavailable, match=r"'odd' is not available: gave up 0 s ago \(.*: OSError: still broken\)"):
            await live.restart(odd)
        assert trio.current_time() == 1


async def test_a_restart_that_parks_the_group_tells_who_restarted_the_member(autojump_clock):
    sub = Tree("g")
    add(sub, "a")

    @sub.actor(needs=("a",), retries=0)
    async def b(ctx):
        if ctx.generation > 1:
            raise OSError("still broken")
        ctx.started()
        await ctx.stopping.wait()

    tree = Tree("t")
    tree.include(sub, gives_up="park", retries=0)
    async with tree.open() as live:
        with pytest.raises(Unavailable, match="'g/b' is not available: gave up"):
            await live.restart("g/b")


# Ignore


def test_the_tree_is_ready_without_an_ignored_actor(up):
    driver = up(tree_with("ignore"))

    driver.ended("odd", CRASH)

    assert driver.state("odd") is S.GAVE_UP
    assert driver.world.is_ready
    assert driver.state("reader") is S.READY


def test_the_tree_gets_ready_without_an_ignored_actor(drive):
    driver = drive(tree_with("ignore"))
    driver.feed(Boot)
    driver.started("reader")
    assert driver.world.is_ready

    driver.ended("odd", CRASH)

    assert driver.state("odd") is S.GAVE_UP
    assert driver.world.shutdown is None


def test_an_ignored_actor_is_retried_in_the_first_boot_too(drive):
    tree = Tree("t")
    add(tree, "odd", gives_up="ignore", retries=1)
    add(tree, "other")
    driver = drive(tree)
    driver.feed(Boot)

    driver.ended("odd", CRASH)
    assert driver.state("odd") is S.STARTING
    driver.ended("odd", CRASH)

    assert driver.state("odd") is S.GAVE_UP
    driver.started("other")
    assert driver.world.is_ready


def test_an_ignored_actor_is_restarted_by_hand(up):
    driver = up(tree_with("ignore"))
    driver.ended("odd", CRASH)

    assert driver.feed(RestartRequested, name="odd") == [("starting", "odd", 2)]


def test_what_is_no_exception_is_never_ignored(up):
    driver = up(tree_with("ignore"))

    driver.ended("odd", SystemExit(3))

    assert [failure.name for failure in driver.world.failures] == ["odd"]


def test_an_ignored_group_fails_without_the_tree(drive):
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b")
    tree = Tree("t")
    tree.include(sub, gives_up="ignore", retries=0)
    add(tree, "other")
    driver = drive(tree)
    driver.feed(Boot)
    driver.started("g/a")

    driver.ended("g/b", CRASH)
    driver.comply()

    assert driver.world.is_ready
    assert driver.at(S.GAVE_UP) == ["g/b", "g"]
    assert driver.state("g/a") is S.WAITING


def test_an_ignored_member_is_no_part_of_its_group(up):
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b", gives_up="ignore")
    tree = Tree("t")
    tree.include(sub)
    driver = up(tree)

    driver.ended("g/b", CRASH)

    assert driver.state("g") is S.READY
    assert driver.world.is_ready


@pytest.mark.parametrize("dependent", ["actor", "pool", "group"])
def test_to_need_what_may_be_missing_is_refused_with_the_way_out(dependent):
    tree = Tree("t")
    add(tree, "odd", gives_up="ignore")
    if dependent == "actor":
        add(tree, "user", needs=("odd",))
    elif dependent == "pool":
        tree.pool("user", needs=("odd",))
    else:
        sub = Tree("user")
        add(sub, "a")
        tree.include(sub, needs=("odd",))

    with pytest.raises(
        TreeError, match=r"'user.*' needs 'odd', which may be missing .*; use wants=, or gives_up='park'"
    ):
        tree.plan()


def test_to_need_the_member_of_a_group_that_may_be_missing_is_refused():
    sub = Tree("g")
    add(sub, "a")
    add(sub, "b", needs=("a",))
    tree = Tree("t")
    tree.include(sub, gives_up="ignore")
    assert tree.plan()
    add(tree, "user", needs=("g/a",))

    with pytest.raises(TreeError, match="'user' needs 'g/a', which may be missing"):
        tree.plan()


def test_what_may_be_missing_may_need_what_may_be_missing(up):
    tree = Tree("t")
    add(tree, "odd", gives_up="ignore")
    add(tree, "user", needs=("odd",), gives_up="ignore")
    driver = up(tree)

    driver.ended("odd", CRASH)
    driver.comply()

    assert (driver.state("user"), driver.world.is_ready) == (S.WAITING, True)


async def test_who_wants_an_ignored_actor_runs_on_without_it(autojump_clock):
    async with tree_with("ignore").open() as live:
        live["odd"].tell_nowait(CRASH)
        await wait_all_tasks_blocked()

        assert live.is_ready
        assert live["reader"].get() == "reader#1"
        with pytest.raises(Unavailable, match="gave up 0 s ago"):
            live["odd"].get()


async def test_a_tree_opens_when_an_ignored_actor_cannot_start(autojump_clock):
    tree = Tree("t")
    add(tree, "other")

    @tree.actor(gives_up="ignore", retries=2)
    async def odd(ctx):
        await trio.sleep(1)
        raise OSError("no such host")

    async with tree.open() as live:
        assert trio.current_time() == 0
        await trio.sleep(20)
        assert live.why(odd).startswith("odd gave up ")
        assert live.is_ready


# A backoff of nothing


async def test_backoff_of_nothing_restarts_in_the_same_instant(journal, autojump_clock):
    tree = Tree("t")

    @tree.actor(backoff=NOW, retries=3)
    async def flaky(ctx):
        ctx.started()
        if ctx.generation < 4:
            raise OSError("again")
        await ctx.stopping.wait()

    async with tree.open(on_event=journal) as live:
        await live.wait_ready()
        await wait_all_tasks_blocked()
        assert trio.current_time() == 0
        assert live.status()["flaky"].generation == 4
        assert {event.at for event in journal.events} == {0}


def test_backoff_of_nothing_needs_no_tick(up):
    tree = Tree("t")
    add(tree, "a", retries=1)
    driver = up(tree)

    driver.ended("a", CRASH)

    assert driver.effects == [("starting", "a", 2)]
    driver.feed(Tick)
    assert driver.state("a") is S.STARTING


def test_backoff_of_nothing_still_waits_for_the_dependents(up):
    tree = Tree("t")
    add(tree, "a", retries=1)
    add(tree, "b", needs=("a",))
    driver = up(tree)

    driver.ended("a", CRASH)
    assert driver.effects == [("stopping", "b", 1)]
    assert explain(driver.world, "a", 0) == "starts again once b has ended"
    driver.ended("b")

    assert driver.effects == [("starting", "a", 2)]


async def test_backoff_of_nothing_still_counts(autojump_clock):
    tree = Tree("t")

    @tree.actor(backoff=NOW, retries=5)
    async def broken(ctx):
        ctx.started()
        raise OSError(f"attempt {ctx.generation}")

    async def live_on():
        async with tree.open() as live:
            await live.wait_stopped()

    with pytest.raises(TreeFailed):
        await live_on()
    assert trio.current_time() == 0


async def test_restart_always_without_backoff_comes_back_at_once(autojump_clock):
    tree = Tree("t")
    starts = []

    @tree.actor(backoff=NOW, restart="always")
    async def job(ctx):
        starts.append(trio.current_time())
        ctx.started()
        await trio.sleep(1)

    async with tree.open():
        await trio.sleep(3.5)

    assert starts == [0, 1, 2, 3]


# The streak


@pytest.mark.parametrize(("ready_s", "streak"), [(29.9, 2), (30.0, 1)])
def test_the_streak_is_forgotten_after_thirty_seconds_of_readiness_also_when_something_else_stopped_it(
    up, ready_s, streak
):
    tree = Tree("t")
    add(tree, "store", retries=9)
    add(tree, "a", needs=("store",), retries=9)
    driver = up(tree)
    driver.ended("a", CRASH)
    driver.comply()
    driver.now = ready_s

    driver.ended("store", CRASH)
    driver.comply()
    driver.ended("a", CRASH)

    assert driver.world.cells["a"].streak == streak


# Sentences about the many


def test_a_sentence_does_not_grow_with_the_ways_between_actors(drive):
    tree = Tree("t")
    for number in range(60):
        add(tree, f"a{number}", needs=tuple(f"a{other}" for other in range(number)))
    driver = drive(tree)
    driver.feed(Boot)

    assert explain(driver.world, "a1", 2) == "waits for a0, which has been starting for 2 s"
    assert explain(driver.world, "a59", 2) == (
        "waits for a0, which has been starting for 2 s; and for a1, which waits for a0; "
        "and for a2, which waits for a0; and for a1; and for 56 more"
    )


def test_a_sentence_about_a_long_chain_says_how_it_ends(drive):
    tree = Tree("t")
    add(tree, "a0")
    for number in range(1, 2000):
        add(tree, f"a{number}", needs=(f"a{number - 1}",))
    driver = drive(tree)
    driver.feed(Boot)

    assert explain(driver.world, "a1999", 2) == (
        "waits for a1998, which waits for a1997, which waits for a1996, which waits for a1995, "
        "which waits in the end for a0, which has been starting for 2 s"
    )


def test_an_actor_that_comes_back_by_policy_is_not_said_to_have_failed(up):
    tree = Tree("t")
    add(tree, "a", restart="always", backoff=Backoff(2, 2))
    driver = up(tree)

    driver.ended("a", chance=0)

    assert explain(driver.world, "a", 0.25) == "returned; comes back (0.75 s left)"


def test_a_main_actor_that_has_finished_is_explained(up):
    tree = Tree("t")
    add(tree, "job", main=True)
    driver = up(tree)

    driver.ended("job", result=1)

    assert explain(driver.world, "job", 4) == "returned 4 s ago"
