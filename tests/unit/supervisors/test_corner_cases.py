"""Corner cases that random worlds have found, each as small as it gets."""

import pytest

from supervisors import State, Tree
from supervisors.core.happenings import Boot, Checked, RestartRequested, StopRequested, Tick
from supervisors.inspection.replay import replay


@pytest.mark.parametrize(("asked_at", "ends"), [(1.5, 2.5), (2.9, 3.0)])
def test_shutdown_bounds_the_patience_with_what_was_cancelled_before_it(drive, service, asked_at, ends):
    tree = Tree("test", shutdown=1, retry_boot=True)
    tree.add(service("a"), start_timeout=1)
    driver = drive(tree)
    driver.feed(Boot)
    driver.now = 1.0
    driver.feed(Tick)
    assert driver.world.next_deadline == 3.0  # two seconds of patience

    driver.now = asked_at
    driver.feed(StopRequested, why="test")

    assert driver.world.next_deadline == pytest.approx(ends)


def test_only_failures_in_a_row_make_an_actor_unhealthy(drive, service):
    tree = Tree("test")
    tree.add(service("a"))
    driver = drive(tree)
    driver.boot()

    states = []
    for problem in ("slow", None, "slow", "slow"):
        driver.feed(Checked, name="a", generation=1, problem=problem, fails=2)
        states.append(driver.state("a"))

    assert states == [State.DEGRADED, State.READY, State.DEGRADED, State.STOPPING]


@pytest.mark.parametrize("name", ["g", "g/x"])
def test_group_whose_member_is_in_it_alone_can_be_restarted(drive, service, name):
    inner = Tree("g")
    inner.add(service("x"))
    tree = Tree("test")
    tree.include(inner)
    driver = drive(tree)
    driver.boot()

    driver.feed(RestartRequested, name=name)
    driver.ended("g/x")

    assert driver.world.cells["g/x"].generation == 2


async def test_log_in_which_the_name_of_a_child_that_gave_up_is_used_again_can_be_replayed(autojump_clock):
    async def fail(ctx):
        raise OSError("at once")

    tree = Tree("test")
    pool = tree.pool("pool")

    async with tree.open() as live:
        for _ in range(2):
            with pytest.raises(OSError, match="at once"):
                await live.spawn(pool, fail, name="job").wait()

        assert [row.name for row in replay(live.events())[-1] if row.state is State.READY] == ["pool"]
