"""The rules of supervision, one step at a time, without tasks and without a clock."""

import pytest

from supervisors import AbandonedError, Backoff, Cause, EarlyReturnError, StartTimeoutError, State, Tree
from supervisors.core.explain import explain
from supervisors.core.happenings import (
    Abandon,
    Boot,
    Broken,
    Ended,
    Extended,
    RestartRequested,
    Started,
    StopRequested,
    Tick,
)

S = State


@pytest.fixture
def up(drive, chain):
    """Return a factory of drivers whose tree is ready."""

    def make(needs, wants=None, **options):
        driver = drive(chain(needs, wants, **options))
        driver.boot()
        return driver

    return make


DIAMOND = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}


def test_actors_start_as_soon_as_what_they_need_is_ready(drive, chain):
    driver = drive(chain(DIAMOND))

    assert driver.feed(Boot) == [("starting", "a", 1)]
    assert driver.feed(Started, name="a", generation=1) == [("starting", "b", 1), ("starting", "c", 1)]
    assert driver.feed(Started, name="b", generation=1) == []
    assert driver.feed(Started, name="c", generation=1) == [("starting", "d", 1)]
    assert not driver.world.is_ready
    driver.started("d")
    assert driver.world.is_ready


def test_actors_stop_only_after_all_who_need_or_want_them(up):
    driver = up({"a": (), "b": (), "c": ("a",)}, wants={"c": ("b",)})

    assert driver.feed(StopRequested, why="test") == [("stopping", "c", 1)]
    assert driver.at(S.DRAINING) == ["a", "b"]
    driver.ended("c")
    assert driver.effects == [("stopping", "a", 1), ("stopping", "b", 1)]
    driver.ended("b")
    driver.ended("a")
    assert driver.world.is_over


def test_readiness_goes_off_when_the_stop_is_requested_not_when_the_actor_ends(up):
    driver = up(DIAMOND)

    driver.feed(StopRequested, why="test")

    assert not any(cell.is_available for cell in driver.world.cells.values())


def test_crash_revokes_readiness_of_all_dependents_in_the_same_step(up):
    driver = up(DIAMOND | {"other": ()})

    driver.ended("a", OSError("gone"))

    assert driver.state("a") is S.BACKOFF
    assert driver.state("other") is S.READY
    assert driver.at(S.READY) == ["other"]
    assert driver.effects == [("stopping", "d", 1)]


def test_dependents_of_a_crashed_actor_stop_leaves_first_and_come_back_with_the_new_value(up):
    driver = up({"a": (), "b": ("a",), "c": ("b",)})

    driver.ended("a", OSError("gone"))
    driver.now = driver.world.next_deadline
    driver.ended("c")
    assert driver.effects == [("stopping", "b", 1)]
    driver.ended("b")
    assert driver.effects == []
    assert driver.at(S.WAITING) == ["b", "c"]
    driver.now = driver.world.next_deadline
    assert driver.feed(Tick) == [("starting", "a", 2)]
    assert driver.feed(Started, name="a", generation=2) == [("starting", "b", 2)]
    assert driver.feed(Started, name="b", generation=2) == [("starting", "c", 2)]
    assert [driver.world.cells[name].streak for name in "abc"] == [1, 0, 0]


def test_crashed_actor_waits_for_its_dependents_to_end_before_it_starts_again(up):
    driver = up({"a": (), "b": ("a",)})
    driver.ended("a", OSError("gone"))

    driver.now = 0.2
    driver.feed(Tick)
    assert driver.state("a") is S.WAITING
    driver.ended("b")

    assert driver.effects == [("starting", "a", 2)]


def test_what_stands_below_a_crashed_actor_stops_after_all_that_stands_on_it(up):
    driver = up({"a": (), "b": ("a",), "c": ("b",), "d": ("c",)})
    driver.ended("b", OSError("gone"))

    driver.feed(StopRequested, why="enough")
    assert (driver.state("a"), driver.state("b"), driver.state("c")) == (S.DRAINING, S.STOPPED, S.DRAINING)
    assert explain(driver.world, "a", driver.now) == "is to stop (shutdown: enough) once c has ended"
    driver.ended("d")
    assert driver.effects == [("stopping", "c", 1)]
    driver.ended("c")

    assert driver.effects == [("stopping", "a", 1)]


def test_what_stands_below_a_crashed_actor_starts_again_after_all_that_stood_on_it_have_ended(up):
    driver = up({"a": (), "b": ("a",), "c": ("b",)})
    driver.ended("b", OSError("gone"))
    driver.ended("a", OSError("gone"))

    driver.now = 1.0
    driver.feed(Tick)
    assert (driver.state("a"), driver.state("b"), driver.state("c")) == (S.WAITING, S.WAITING, S.STOPPING)
    assert explain(driver.world, "a", driver.now) == "starts again once c has ended"
    driver.ended("c")

    assert driver.effects[-1] == ("starting", "a", 2)


def test_failure_to_stop_of_one_that_has_lost_what_it_needs_is_collateral_when_the_tree_is_stopped_too(up):
    driver = up({"a": (), "b": ("a",)})
    driver.ended("a", OSError("gone"))

    driver.feed(StopRequested, why="enough")
    driver.ended("b", OSError("because a is gone"))

    assert driver.world.is_over
    assert driver.world.failures == ()


def test_members_of_a_group_that_fails_stop_after_those_who_need_the_group(drive, service):
    pair = Tree("g")
    pair.add(service("x"), retries=0)
    pair.add(service("y"), retries=0)
    tree = Tree("test")
    group = tree.include(pair, retries=1)
    tree.add(service("o"), needs=(group,))
    driver = drive(tree)
    driver.boot()

    driver.ended("g/x", OSError("gone"))
    assert (driver.state("g/y"), driver.state("o")) == (S.DRAINING, S.STOPPING)
    driver.ended("o")

    assert driver.state("g/y") is S.STOPPING


def test_a_want_keeps_its_dependent_running_when_the_wanted_one_crashes(up):
    driver = up({"a": (), "b": ()}, wants={"b": ("a",)})

    driver.ended("a", OSError("gone"))

    assert driver.state("b") is S.READY


def test_lost_dependency_leaves_two_seconds_of_grace_at_most(up):
    driver = up({"a": (), "b": ("a",)})

    driver.ended("a", OSError("gone"), chance=0.5)
    assert driver.world.cells["b"].deadline == 2.0
    driver.now = 2.0
    driver.feed(Tick)

    assert ("cancelling", "b", 1) in driver.effects


def test_failure_of_a_dependent_while_its_dependency_is_lost_costs_it_nothing(up):
    driver = up({"a": (), "b": ("a",)})

    driver.ended("a", OSError("gone"))
    driver.ended("b", ConnectionError("collateral"))

    assert driver.state("b") is S.WAITING
    assert driver.world.cells["b"].streak == 0
    assert driver.world.failures == ()


def test_first_boot_fails_fast_and_undoes_itself_in_reverse(drive, chain):
    driver = drive(chain({"a": (), "b": ("a",), "c": ("b",)}))
    driver.feed(Boot)
    driver.started("a")

    driver.ended("b", ValueError("bad"))

    assert driver.state("b") is S.GAVE_UP
    assert driver.state("c") is S.STOPPED
    assert driver.effects == [("stopping", "a", 1)]
    driver.ended("a")
    assert driver.world.is_over
    assert [failure.name for failure in driver.world.failures] == ["b"]


def test_a_ready_actor_that_crashes_during_the_first_boot_fails_it_too(drive, chain):
    driver = drive(chain({"a": (), "b": ("a",)}))
    driver.feed(Boot)
    driver.started("a")

    driver.ended("a", ValueError("bad"))

    assert driver.state("a") is S.GAVE_UP
    assert driver.effects == [("cancelling", "b", 1)]


def test_retry_boot_forgives_failures_of_the_first_boot(drive, chain):
    driver = drive(chain({"a": ()}, retry_boot=True))
    driver.feed(Boot)

    driver.ended("a", ValueError("bad"))

    assert driver.state("a") is S.BACKOFF


@pytest.mark.parametrize(("ready_s", "streak"), [(29.9, 2), (30.0, 1)])
def test_streak_is_forgotten_after_thirty_seconds_of_readiness(up, ready_s, streak):
    driver = up({"a": ()})
    driver.ended("a", OSError("1"))
    driver.now = driver.world.next_deadline
    driver.feed(Tick)
    driver.started("a")

    driver.now += ready_s
    driver.ended("a", OSError("2"))

    assert driver.world.cells["a"].streak == streak


def test_backoff_grows_with_the_streak_and_takes_its_chance_from_the_input(up):
    driver = up({"a": ()})

    waits = []
    for chance in (0.0, 0.5, 0.0):
        driver.ended("a", OSError("again"), chance=chance)
        waits.append(driver.world.next_deadline - driver.now)
        driver.now = driver.world.next_deadline
        driver.feed(Tick)

    assert waits == pytest.approx([0.1, 0.3, 0.4])


def test_more_failures_than_retries_give_up_and_take_the_tree_down_in_order(up):
    driver = up({"a": (), "b": ("a",)})
    for _ in range(5):
        driver.ended("b", OSError("again"))
        driver.now = driver.world.next_deadline
        driver.feed(Tick)
    assert driver.state("b") is S.STARTING

    driver.ended("b", OSError("last"))

    assert driver.state("b") is S.GAVE_UP
    assert driver.effects == [("stopping", "a", 1)]
    assert [str(failure.error) for failure in driver.world.failures] == ["last"]


@pytest.fixture
def single(drive, service):
    """Return a factory of ready trees with one actor and these options."""

    def make(**options):

        tree = Tree("test")
        tree.add(service("a"), **options)
        driver = drive(tree)
        driver.boot()
        return driver

    return make


@pytest.mark.parametrize(
    ("options", "error", "state"),
    [
        ({}, OSError("x"), S.BACKOFF),
        ({}, None, S.BACKOFF),
        ({"restart": "always"}, None, S.BACKOFF),
        ({"restart": "never"}, OSError("x"), S.GAVE_UP),
        ({"restart": "never"}, None, S.GAVE_UP),
        ({"retries": 0}, OSError("x"), S.GAVE_UP),
        ({"fatal": (OSError,)}, PermissionError("x"), S.GAVE_UP),
        ({"fatal": (OSError,)}, ExceptionGroup("g", [ValueError("x"), OSError("x")]), S.GAVE_UP),
        ({"fatal": (OSError,)}, ValueError("x"), S.BACKOFF),
        ({}, SystemExit(3), S.GAVE_UP),
        ({"main": True}, None, S.EXITED),
        ({"main": True}, OSError("x"), S.BACKOFF),
    ],
)
def test_what_an_unasked_end_leads_to(single, options, error, state):
    driver = single(**options)

    driver.ended("a", error)

    assert driver.state("a") is state


def test_an_unasked_return_is_a_failure_that_says_so(single):
    driver = single(retries=0)

    driver.ended("a")

    (failure,) = driver.world.failures
    assert isinstance(failure.error, EarlyReturnError)
    assert str(failure.error) == "returned although nobody asked it to stop"


def test_restart_always_brings_an_actor_back_without_counting(single):
    driver = single(restart="always", backoff=Backoff(1, 1))
    for _ in range(20):
        driver.ended("a")
        driver.now = driver.world.next_deadline
        driver.feed(Tick)
        driver.started("a")

    assert driver.world.cells["a"].streak == 0
    assert driver.state("a") is S.READY


def test_main_actor_ends_the_tree_in_order_with_its_result(drive, chain, service):
    tree = chain({"db": ()})
    tree.add(service("job"), needs=("db",), main=True)
    driver = drive(tree)
    driver.feed(Boot)
    driver.started("db")
    assert driver.world.is_ready

    driver.ended("job", result=42)

    assert driver.world.result == 42
    assert driver.effects == [("stopping", "db", 1)]
    assert driver.world.failures == ()


def test_start_that_takes_too_long_is_cancelled_and_counts_as_a_failure(drive, chain):
    driver = drive(chain({"a": ()}, retry_boot=True))
    driver.feed(Boot)

    driver.now = 30.0
    assert driver.feed(Tick) == [("cancelling", "a", 1)]
    driver.ended("a")

    assert driver.state("a") is S.BACKOFF
    assert driver.world.cells["a"].streak == 1
    assert "StartTimeoutError: was not ready within 30 s" in str(driver.world.cells["a"].reason)


def test_start_timeout_in_the_first_boot_is_the_root_cause(drive, chain):
    driver = drive(chain({"a": ()}))
    driver.feed(Boot)
    driver.now = 30.0
    driver.feed(Tick)
    driver.ended("a")

    assert [type(failure.error) for failure in driver.world.failures] == [StartTimeoutError]


def test_start_may_be_extended_up_to_ten_times_its_timeout(drive, chain):
    driver = drive(chain({"a": ()}))
    driver.feed(Boot)

    driver.feed(Extended, name="a", generation=1, seconds=60)
    assert driver.world.next_deadline == 90
    driver.feed(Extended, name="a", generation=1, seconds=1e9)
    assert driver.world.next_deadline == 300


def test_announcement_that_comes_after_the_stop_request_changes_nothing(drive, chain):
    driver = drive(chain({"a": ()}))
    driver.feed(Boot)
    driver.feed(StopRequested, why="test")

    driver.started("a")

    assert driver.state("a") is S.CANCELLING


def test_actor_that_is_still_starting_is_cancelled_when_its_turn_to_stop_comes(drive, chain):
    driver = drive(chain({"a": (), "b": ("a",)}))
    driver.feed(Boot)
    driver.started("a")

    assert driver.feed(StopRequested, why="test") == [("cancelling", "b", 1)]


def test_what_an_older_generation_reports_is_ignored(up):
    driver = up({"a": ()})
    before = driver.world

    driver.feed(Ended, name="a", generation=0, error=OSError("stale"))

    assert driver.world.cells == before.cells


def test_grace_over_means_cancelled_and_patience_over_means_abandoned(up):
    driver = up({"a": (), "b": ("a",)})
    driver.feed(StopRequested, why="test")

    driver.now = 5.0
    assert driver.feed(Tick) == [("cancelling", "b", 1)]
    driver.now = 7.0
    effects = driver.feed(Tick)

    assert isinstance(effects[0], Abandon)
    assert effects[1:] == [("stopping", "a", 1)]
    assert [type(failure.error) for failure in driver.world.failures] == [AbandonedError]


def test_actor_abandoned_during_a_restart_takes_the_tree_down(up):
    driver = up({"a": (), "b": ("a",)})
    driver.ended("a", OSError("gone"))
    driver.now = 2.0
    driver.feed(Tick)
    driver.now = 4.0
    driver.feed(Tick)

    assert driver.world.is_over
    assert driver.state("b") is S.ABANDONED
    assert [failure.name for failure in driver.world.failures] == ["b"]


def test_abandoned_actor_that_ends_after_all_is_noted(up):
    driver = up({"a": (), "b": ("a",)})
    driver.feed(StopRequested, why="test")
    for driver.now in (5.0, 7.0):
        driver.feed(Tick)

    driver.ended("b", OSError("late"))

    assert driver.state("b") is S.STOPPED
    assert len(driver.world.failures) == 1


def test_failure_to_stop_is_a_root_cause(up):
    driver = up({"a": ()})
    driver.feed(StopRequested, why="test")

    driver.ended("a", OSError("teardown"))

    assert [str(failure.error) for failure in driver.world.failures] == ["teardown"]


def test_failure_to_stop_of_a_dependent_of_the_one_that_gave_up_is_collateral(up):
    driver = up({"a": (), "b": ("a",), "c": ()}, retry_boot=False)
    for _ in range(6):
        driver.ended("a", OSError("root"))
        if driver.state("b") is S.STOPPING:
            driver.ended("b")
        if driver.world.shutdown is None:
            driver.now = driver.world.next_deadline
            driver.feed(Tick)
    driver.ended("c", ValueError("its own fault"))

    assert {failure.name for failure in driver.world.failures} == {"a", "c"}


def test_collateral_of_the_stop_is_not_blamed(drive, chain):
    driver = drive(chain({"a": (), "b": ("a",)}))
    driver.feed(Boot)
    driver.started("a")
    driver.ended("a", OSError("root"))

    driver.ended("b", ConnectionError("collateral"))

    assert [failure.name for failure in driver.world.failures] == ["a"]
    assert driver.world.is_over


def test_hurry_cancels_those_that_are_stopping_and_the_others_in_their_turn(up):
    driver = up({"a": (), "b": ("a",)})
    driver.feed(StopRequested, why="SIGINT")

    assert driver.feed(StopRequested, why="SIGINT", hurried=True) == [("cancelling", "b", 1)]
    driver.ended("b")

    assert driver.effects == [("cancelling", "a", 1)]


def test_restart_request_takes_the_actor_and_its_dependents_only(up):
    driver = up(DIAMOND | {"other": ()})

    driver.feed(RestartRequested, name="b")

    assert driver.at(S.READY) == ["a", "c", "other"]
    assert driver.effects == [("stopping", "d", 1)]
    driver.ended("d")
    driver.ended("b")
    assert driver.effects == [("starting", "b", 2)]
    driver.started("b")
    assert driver.effects == [("starting", "d", 2)]
    assert driver.world.cells["b"].reason.cause is Cause.ANNOUNCED


def test_restart_request_cuts_a_backoff_short(up):
    driver = up({"a": ()})
    driver.ended("a", OSError("gone"))

    assert driver.feed(RestartRequested, name="a") == [("starting", "a", 2)]


def test_stop_shortens_the_grace_of_a_restart_that_is_under_way(single):
    driver = single(grace=100)
    driver.feed(RestartRequested, name="a")
    assert driver.world.next_deadline == 100

    driver.now = 1.0
    driver.feed(StopRequested, why="test")

    assert driver.world.next_deadline == 1 + 30 - 2


def test_restart_request_during_shutdown_is_ignored(up):
    driver = up({"a": ()})
    driver.feed(StopRequested, why="test")

    assert driver.feed(RestartRequested, name="a") == []
    driver.ended("a")
    assert driver.world.is_over


def test_stop_before_the_boot_leaves_nothing_to_start(drive, chain):
    driver = drive(chain(DIAMOND))

    driver.feed(StopRequested, why="cancelled")
    driver.feed(Boot)

    assert driver.world.is_over
    assert driver.at(S.STOPPED) == list("abcd")


def test_shutdown_overrides_a_restart_that_is_under_way(up):
    driver = up({"a": (), "b": ("a",)})
    driver.ended("a", OSError("gone"))

    driver.feed(StopRequested, why="test")
    driver.ended("b")

    assert driver.world.is_over
    assert driver.world.failures == ()


def test_something_broken_takes_the_tree_down_and_is_blamed(up):
    driver = up({"a": ()})

    driver.feed(Broken, name="on_event", error=ValueError("bug"))

    assert driver.effects == [("stopping", "a", 1)]
    assert [failure.name for failure in driver.world.failures] == ["on_event"]


def test_step_leaves_the_world_it_was_given_alone(up):
    driver = up({"a": ()})
    before = driver.world
    cells = dict(before.cells)

    driver.ended("a", OSError("gone"))

    assert before.cells == cells
    assert driver.world is not before


def test_started_of_an_old_generation_changes_nothing(up):
    driver = up({"a": ()})
    driver.ended("a", OSError("gone"))
    driver.now = driver.world.next_deadline
    driver.feed(Tick)

    driver.feed(Started, name="a", generation=1)

    assert driver.state("a") is S.STARTING
