"""Health: checks from outside, signs of life and reports from inside, and what is done about them."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import Backoff, Cause, Check, State, Tree, TreeError, TreeFailed, Unavailable, UnhealthyError
from supervisors.core.explain import explain
from supervisors.core.happenings import Checked, Drop, Hung, RestartRequested, Spawn, StopRequested, Watch
from supervisors.core.specs import ActorSpec

S = State
NOW = Backoff(0)


async def serve(ctx):
    ctx.started(f"{ctx.name}#{ctx.generation}")
    await ctx.stopping.wait()


async def fine(_):
    """Find nothing."""


class Patient:
    """A probe whose answers are given in advance; the last one stays. An answer is None, False or an error."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.values = []

    async def __call__(self, value):
        await trio.lowlevel.checkpoint()
        self.values.append(value)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


BAD = OSError("no answer")


def tree_of(check, **options):
    """Return a tree with an actor that has this check, one that needs it and one that does not."""
    tree = Tree("t")
    tree.add(serve, name="db", check=check, backoff=NOW, **options)
    tree.add(serve, name="user", needs=("db",))
    tree.add(serve, name="other")
    return tree


# In the reducer


@pytest.fixture
def up(drive):
    def make(tree=None):
        driver = drive(tree or tree_of(Check(fine)))
        driver.boot()
        return driver

    return make


def checked(driver, problem, *, fails=3, name="db", generation=None):
    generation = driver.world.cells[name].generation if generation is None else generation
    return driver.feed(Checked, name=name, generation=generation, problem=problem, fails=fails)


def test_an_actor_is_watched_from_its_readiness_on(drive):
    driver = drive(tree_of(Check(fine)))
    driver.boot()

    driver.feed(RestartRequested, name="db")
    driver.ended("user")
    driver.ended("db")
    driver.started("db")

    assert Watch("db", 2) in driver.effects


def test_one_failed_check_degrades_and_a_good_one_makes_ready_again(up):
    driver = up()

    checked(driver, "slow")
    assert driver.state("db") is S.DEGRADED
    assert explain(driver.world, "db", 2) == "is degraded since 2 s (health check failed: slow)"
    assert driver.world.is_ready
    assert driver.state("user") is S.READY
    checked(driver, None)

    assert driver.state("db") is S.READY
    assert driver.world.cells["db"].reason.cause is Cause.RECOVERED


def test_only_failures_in_a_row_count(up):
    driver = up()
    for problem in ("1", "2", None, "1", "2", None, "1", "2"):
        checked(driver, problem)

    assert driver.state("db") is S.DEGRADED
    assert driver.world.cells["db"].failing == 2


def test_too_many_failures_stop_the_dependents_first_and_restart_the_actor_as_a_failure(up):
    driver = up()
    checked(driver, "1")
    checked(driver, "2")

    assert checked(driver, "3") == [("stopping", "user", 1)]
    assert (driver.state("db"), driver.state("other")) == (S.DRAINING, S.READY)
    driver.ended("user")
    assert driver.effects == [("stopping", "db", 1)]
    driver.ended("db")

    assert driver.state("db") is S.STARTING
    assert driver.world.cells["db"].streak == 1
    driver.comply()
    assert {name: cell.generation for name, cell in driver.world.cells.items()} == {"db": 2, "user": 2, "other": 1}
    assert driver.world.cells["user"].streak == 0


def test_an_unhealthy_actor_is_given_the_short_grace(up):
    driver = up(tree_of(Check(fine), grace=20))

    checked(driver, "x", fails=1)
    driver.ended("user")

    assert driver.world.next_deadline == 2


def test_an_unhealthy_actor_that_gives_up_is_blamed_for_its_health(up):
    driver = up(tree_of(Check(fine), retries=0))

    for _ in range(3):
        checked(driver, "too slow")
    driver.ended("user")
    driver.ended("db", ValueError("raised while it was stopped"))
    driver.comply()

    (failure,) = driver.world.failures
    assert isinstance(failure.error, UnhealthyError)
    assert str(failure.error) == "failed its health check 3 times in a row, last with too slow"


def test_a_single_failure_may_be_too_many(up):
    driver = up(tree_of(Check(fine), retries=0))

    checked(driver, "x", fails=1)
    driver.comply()

    assert str(driver.world.failures[0].error) == "failed its health check once, last with x"


def test_health_of_an_older_generation_does_not_touch_a_newer_one(up):
    driver = up()
    driver.feed(RestartRequested, name="db")
    driver.comply()

    checked(driver, "x", fails=1, generation=1)
    driver.feed(Hung, name="db", generation=1, error=UnhealthyError("db", "x"))

    assert driver.state("db") is S.READY


def test_failures_of_an_older_generation_do_not_count_for_a_newer_one(up):
    driver = up()
    checked(driver, "1")
    checked(driver, "2")
    driver.feed(RestartRequested, name="db")
    driver.comply()

    checked(driver, "1")

    assert driver.state("db") is S.DEGRADED
    assert driver.world.cells["db"].failing == 1


@pytest.mark.parametrize("happened", ["check", "sign of life"])
def test_what_is_to_stop_anyway_is_not_judged(up, happened):
    driver = up()
    driver.feed(StopRequested, why="test")

    if happened == "check":
        checked(driver, "x", fails=1)
    else:
        driver.feed(Hung, name="db", generation=1, error=UnhealthyError("db", "x"))
    driver.comply()

    assert driver.world.is_over
    assert driver.world.failures == ()


def test_a_shutdown_that_overtakes_an_unhealthy_actor_forgives_it(up):
    driver = up(tree_of(Check(fine), retries=0))
    checked(driver, "x", fails=1)

    driver.feed(StopRequested, why="test")
    driver.comply()

    assert driver.world.is_over
    assert driver.world.failures == ()


def test_a_crash_while_degraded_is_a_crash(up):
    driver = up()
    checked(driver, "x")

    driver.ended("db", OSError("gone"))
    driver.comply()

    assert driver.world.cells["db"].streak == 1
    assert driver.world.is_ready


def test_a_degraded_actor_stops_like_a_ready_one(up):
    driver = up()
    checked(driver, "x")

    driver.feed(StopRequested, why="test")
    driver.comply()

    assert driver.world.is_over
    assert driver.world.failures == ()


@pytest.mark.parametrize(("ready_s", "streak"), [(29.9, 2), (30.0, 1)])
def test_the_streak_is_forgotten_after_thirty_seconds_also_when_degraded_meanwhile(up, ready_s, streak):
    driver = up(tree_of(Check(fine), retries=9))
    driver.ended("db", OSError("1"))
    driver.comply()
    checked(driver, "x")
    checked(driver, None)
    checked(driver, "y")
    driver.now = ready_s

    driver.ended("db", OSError("2"))

    assert driver.world.cells["db"].streak == streak


@pytest.mark.parametrize(("healthy_s", "streak"), [(29.9, 2), (30.0, 1)])
def test_the_time_for_which_an_unhealthy_actor_had_been_failing_its_checks_is_no_calm(up, healthy_s, streak):
    driver = up(tree_of(Check(fine), retries=9))
    driver.ended("db", OSError("1"))
    driver.comply()
    driver.now = healthy_s
    checked(driver, "x", fails=2)
    driver.now = 100

    checked(driver, "x", fails=2)
    driver.comply()

    assert driver.world.cells["db"].streak == streak


@pytest.mark.parametrize(("healthy_s", "streak"), [(29.9, 2), (30.0, 1)])
def test_the_time_for_which_a_silent_actor_had_been_silent_is_no_calm(up, healthy_s, streak):
    tree = Tree("t")
    tree.add(serve, name="db", watchdog=60, backoff=NOW)
    driver = up(tree)
    driver.ended("db", OSError("1"))
    driver.comply()
    driver.now = healthy_s + 60

    driver.feed(Hung, name="db", generation=2, error=UnhealthyError("db", "silent"))
    driver.comply()

    assert driver.world.cells["db"].streak == streak


def test_an_unhealthy_member_that_gives_up_restarts_its_group(up):
    sub = Tree("g")
    sub.add(serve, name="a", check=Check(fine), retries=0)
    sub.add(serve, name="b")
    tree = Tree("t")
    tree.include(sub, backoff=NOW)
    driver = up(tree)

    checked(driver, "x", fails=1, name="g/a")
    driver.comply()

    assert driver.world.is_ready
    assert driver.world.cells["g/b"].generation == 2


def test_an_unhealthy_child_of_a_pool_ends_with_what_is_wrong_with_it(up):
    tree = Tree("t")
    tree.pool("pool")
    driver = up(tree)
    spec = ActorSpec(
        name="pool/1",
        function=serve,
        declared_by=serve,
        kind="child",
        group="pool",
        needs=("pool",),
        restart="never",
        gives_up="ignore",
        check=Check(fine),
    )
    driver.feed(Spawn, spec=spec)

    checked(driver, "x", fails=1, name="pool/1")
    driver.ended("pool/1")

    (drop,) = driver.effects
    assert isinstance(drop, Drop)
    assert isinstance(drop.error, UnhealthyError)


# Checks on a clock


async def test_a_degraded_actor_can_be_used_and_recovers(journal, autojump_clock):
    probe = Patient(BAD, None)

    async with tree_of(Check(probe, every=10)).open(on_event=journal) as live:
        await trio.sleep(10.5)
        assert live.status()["db"].state is S.DEGRADED
        assert live.status()["db"].ready
        assert str(live.status()["db"].reason) == "health check failed: OSError: no answer"
        assert live["db"].get() == "db#1"
        assert live.is_ready
        await trio.sleep(10)
        assert live.status()["db"].state is S.READY

    assert journal.path("db")[:5] == ["waiting", "starting", "ready", "degraded", "ready"]
    assert journal.path("user")[:3] == ["waiting", "starting", "ready"]


async def test_a_check_is_asked_in_its_rhythm_and_given_the_value(autojump_clock):
    times = []

    async def probe(value):
        times.append((trio.current_time(), value))
        await trio.sleep(1)

    async with tree_of(Check(probe, every=10)).open():
        await trio.sleep(35)

    assert times == [(10, "db#1"), (21, "db#1"), (32, "db#1")]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (BAD, "OSError: no answer"),
        (False, "the check returned False"),
        (ExceptionGroup("g", [BAD]), "ExceptionGroup: g (1 sub-exception)"),
    ],
)
async def test_an_unhealthy_actor_is_restarted_and_says_why(answer, problem, journal, autojump_clock):
    probe = Patient(answer, answer, answer, None)

    async with tree_of(Check(probe, every=1)).open(on_event=journal) as live:
        await trio.sleep(3.5)
        assert live["db"].get() == "db#2"
        assert live["user"].get() == "user#2"
        assert live["other"].get() == "other#1"

    reasons = [str(event.reason) for event in journal.events if event.reason.cause is Cause.UNHEALTHY]
    assert reasons == [f"unhealthy: UnhealthyError: failed its health check 3 times in a row, last with {problem}"]


async def test_a_check_that_does_not_answer_in_time_has_failed(journal, autojump_clock):
    async def hang(_):
        await trio.sleep_forever()

    async with tree_of(Check(hang, every=10, timeout=2)).open(on_event=journal) as live:
        await trio.sleep(11)
        assert live.status()["db"].state is S.READY
        await trio.sleep(2)
        assert str(live.status()["db"].reason) == "health check failed: no answer within 2 s"


async def test_a_check_that_is_no_async_function_has_failed(autojump_clock):
    async with tree_of(Check(lambda _: True, every=10)).open() as live:
        await trio.sleep(11)

        assert "TypeError" in live.why("db")


async def test_a_check_that_ends_the_program_ends_the_tree_in_order(journal, autojump_clock):
    async def live_on():
        async with tree_of(Check(Patient(SystemExit(3)), every=1)).open(on_event=journal):
            await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup, match="failed because of check of db") as caught:
        await live_on()
    assert caught.value.subgroup(SystemExit) is not None
    assert set(journal.ended()) == {"db", "user", "other"}


async def test_an_actor_that_stays_unhealthy_gives_up_with_the_reason_as_root_cause(autojump_clock):
    async def live_on():
        async with tree_of(Check(Patient(BAD), every=1, fails=2), retries=2).open():
            await trio.sleep_forever()

    with pytest.raises(TreeFailed, match="failed because of db") as caught:
        await live_on()

    (cause,) = caught.value.exceptions
    assert isinstance(cause, UnhealthyError)
    assert str(cause) == "failed its health check 2 times in a row, last with OSError: no answer"
    assert "actor 'db', generation 3" in cause.__notes__[-1]


async def test_an_actor_that_is_never_healthy_gives_up_by_default_too(autojump_clock):
    async def live_on():
        async with tree_of(Check(Patient(BAD))).open():
            await trio.sleep(3600)

    with pytest.raises(TreeFailed, match="failed because of db"):
        await live_on()


async def test_a_new_generation_is_checked_from_its_own_readiness_with_its_own_value(autojump_clock):
    probe = Patient(None)
    times = []

    async def timed(value):
        times.append(trio.current_time())
        await probe(value)

    async with tree_of(Check(timed, every=10)).open() as live:
        await trio.sleep(15)
        await live.restart("db")
        await trio.sleep(15)

    assert times == [10, 25]
    assert probe.values == ["db#1", "db#2"]


async def test_no_check_is_made_while_an_actor_stops(autojump_clock):
    probe = Patient(None)
    tree = Tree("t")

    @tree.actor(check=Check(probe, every=1), grace=10)
    async def slow(ctx):
        ctx.started()
        await ctx.stopping.wait()
        await trio.sleep(8)

    async with tree.open():
        await trio.sleep(2.5)

    assert trio.current_time() == 10.5
    assert len(probe.values) == 2


async def test_a_check_that_is_under_way_is_cancelled_when_the_actor_is_asked_to_stop(autojump_clock):
    cancelled = []

    async def probe(_):
        try:
            await trio.sleep_forever()
        finally:
            cancelled.append(trio.current_time())

    async with tree_of(Check(probe, every=1, timeout=100)).open():
        await trio.sleep(5)

    assert cancelled == [5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "'every' must be > 0"),
        ({"fails": 0}, "'fails' must be >= 1"),
        ({"timeout": -1}, "'timeout' must be > 0"),
    ],
)
def test_checks_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Check(fine, **options)


def test_a_watchdog_of_no_time_is_refused():
    with pytest.raises(TreeError, match="actor 'serve': 'watchdog' must be > 0"):
        Tree("t").add(serve, watchdog=0)


# Signs of life


async def test_an_actor_that_says_in_time_that_it_is_alive_lives_on(autojump_clock):
    tree = Tree("t")

    @tree.actor(watchdog=5)
    async def worker(ctx):
        ctx.started()
        while not ctx.stopping.is_set():
            ctx.alive()
            await trio.sleep(4.9)

    async with tree.open() as live:
        await trio.sleep(100)

        assert live.status()["worker"].generation == 1


async def test_an_actor_that_goes_silent_is_restarted_and_the_error_shows_where_it_hung(journal, autojump_clock):
    tree = Tree("t")

    async def stuck_in_here():
        await trio.sleep_forever()

    @tree.actor(watchdog=5, retries=0)
    async def worker(ctx):
        ctx.started()
        for _ in range(3):
            await trio.sleep(4)
            ctx.alive()
        await stuck_in_here()

    async def live_on():
        async with tree.open(on_event=journal):
            await trio.sleep_forever()

    with pytest.raises(TreeFailed) as caught:
        await live_on()

    (cause,) = caught.value.exceptions
    assert str(cause) == "did not call ctx.alive() for 5 s"
    assert cause.__notes__[0].startswith("'worker' is here:")
    assert "stuck_in_here" in cause.__notes__[0]
    (at,) = [event.at for event in journal.events if event.reason.cause is Cause.UNHEALTHY]
    assert at == 12 + 5


async def test_signs_of_life_are_expected_from_readiness_on(autojump_clock):
    tree = Tree("t")

    @tree.actor(watchdog=2, start_timeout=60)
    async def worker(ctx):
        await trio.sleep(30)
        ctx.started()
        await trio.sleep(1.9)
        ctx.alive()
        await ctx.stopping.wait()

    async with tree.open() as live:
        await trio.sleep(3)

        assert live.status()["worker"].generation == 1


async def test_each_generation_is_watched_anew(autojump_clock):
    tree = Tree("t")
    silent = []

    @tree.actor(watchdog=2, backoff=NOW, grace=0)
    async def worker(ctx):
        ctx.started()
        silent.append(trio.current_time())
        await trio.sleep_forever()

    async with tree.open():
        await trio.sleep(5)

    assert silent == [0, 2, 4]


async def test_an_actor_that_stops_owes_no_signs_of_life(journal, autojump_clock):
    tree = Tree("t")

    @tree.actor(watchdog=1, grace=10)
    async def worker(ctx):
        ctx.started()
        await ctx.stopping.wait()
        await trio.sleep(5)

    async with tree.open(on_event=journal):
        pass

    assert not [event for event in journal.events if event.reason.cause is Cause.UNHEALTHY]
    assert trio.current_time() == 5


# Reports


async def test_an_actor_reports_about_its_own_health(journal, autojump_clock):
    tree = Tree("t")

    @tree.actor(backoff=NOW)
    async def worker(ctx):
        ctx.report_health("not started yet", fails=1)
        ctx.started()
        if ctx.generation == 1:
            for problem in ("slow", None, "slow", "slower"):
                await trio.sleep(1)
                ctx.report_health(problem, fails=2)
        await ctx.stopping.wait()

    async with tree.open(on_event=journal) as live:
        await trio.sleep(1.5)
        assert live.why(worker) == "worker is degraded since 0.5 s (health check failed: slow)"
        await trio.sleep(5)
        assert live.status()["worker"].generation == 2

    assert journal.path("worker")[2:7] == ["ready", "degraded", "ready", "degraded", "draining"]


async def test_a_report_of_a_generation_that_is_gone_changes_nothing(autojump_clock):
    tree = Tree("t")
    contexts = []

    @tree.actor
    async def worker(ctx):
        contexts.append(ctx)
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        await live.restart(worker)
        contexts[0].report_health("I am dead")
        contexts[0].alive()
        await wait_all_tasks_blocked()

        assert live.is_ready
        assert live.status()["worker"].generation == 2


async def test_a_ref_to_a_degraded_actor_works_and_to_an_unhealthy_one_says_why(autojump_clock):
    async def stubborn(ctx):
        ctx.started("value")
        await ctx.stopping.wait()
        await trio.sleep(1)

    tree = Tree("t")
    tree.add(stubborn, name="db", check=Check(Patient(BAD), every=10, fails=2))
    async with tree.open() as live:
        await trio.sleep(15)
        assert live["db"].get() == await live["db"].ready() == "value"
        await trio.sleep(5.5)

        with pytest.raises(Unavailable, match=r"'db' is not available: is stopping since 0.5 s"):
            live["db"].get()
