"""What people get to read about a tree: sentences, status, and the report of a failure."""

import pytest
import trio

from supervisors import State, Tree, TreeFailed, constant
from supervisors.core.explain import explain
from supervisors.core.happenings import Boot, StopRequested
from supervisors.runtime.report import render_failure


@pytest.fixture
def driver(drive, chain):
    driver = drive(chain({"a": (), "b": ("a",)}))
    driver.feed(Boot)
    return driver


def test_sentences_about_each_state(driver):
    assert explain(driver.world, "x", 0) == "is not part of this tree"
    assert explain(driver.world, "a", 2) == "has been starting for 2 s"
    assert explain(driver.world, "b", 2) == "waits for a, which has been starting for 2 s"
    driver.started("a")
    driver.started("b")
    assert explain(driver.world, "b", 3) == "is ready since 3 s (announced readiness)"
    driver.feed(StopRequested, why="SIGTERM")
    assert explain(driver.world, "a", 4) == "is to stop (shutdown: SIGTERM) once b has ended"
    assert explain(driver.world, "b", 4) == "is stopping since 4 s (shutdown: SIGTERM)"


def test_sentence_about_a_failed_actor_says_when_it_is_tried_again(driver):
    driver.started("a")
    driver.started("b")
    driver.ended("b", OSError("no route\nto host"))

    assert explain(driver.world, "b", 0.05) == (
        "failed; attempt 1 of 5 in 0.15 s, after OSError: no route to host (0.1 s left)"
    )


def test_sentence_about_an_actor_that_waits_for_its_dependents(driver):
    driver.started("a")
    driver.started("b")
    driver.ended("a", OSError("gone"))
    driver.now = driver.world.next_deadline

    from_backoff = driver.world.cells["a"]
    assert from_backoff.state is State.BACKOFF
    assert explain(driver.world, "b", 1) == "is stopping since 1 s (dependency lost: a)"


async def test_status_has_a_row_per_actor_and_finds_it_by_name(chain):
    async with chain({"a": (), "b": ("a",)}).open() as live:
        status = live.status()

    assert [row.name for row in status] == ["a", "b"]
    assert status.ready
    assert status.stopping is None
    assert (status["b"].state, status["b"].ready, status["b"].generation) == (State.READY, True, 1)
    assert not live.status().ready
    assert live.status().stopping == "the block was left"
    with pytest.raises(KeyError):
        status["c"]


async def test_report_names_the_actors_and_shows_history_and_traceback():
    tree = Tree("shop")
    tree.add(constant(1), name="db")

    @tree.actor(needs=("db",))
    async def http(ctx):
        raise OSError("port 80 is taken")

    with pytest.raises(TreeFailed) as caught:
        async with tree.open():
            await trio.sleep_forever()
    text = render_failure(caught.value)

    assert text.startswith("tree 'shop' failed because of http\n  - OSError: port 80 is taken\n")
    assert "Traceback (most recent call last)" in text
    assert "actor 'http', generation 1" in text
    assert "starting -> failed" in text


def test_splitting_a_failure_keeps_its_class():
    failure = TreeFailed("t", [OSError("a"), ValueError("b")])

    assert isinstance(failure.subgroup(OSError), TreeFailed)
