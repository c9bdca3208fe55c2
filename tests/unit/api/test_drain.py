"""Moments: what ends long answers when the server stops."""

import pytest
import trio

from compozy.api.drain import Moment


async def test_a_block_goes_on_until_the_moment_comes():
    moment, reached = Moment(), []

    async def answer():
        with moment.until():
            reached.append("begun")
            await trio.sleep_forever()
        reached.append("left")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        nursery.start_soon(answer)
        await trio.testing.wait_all_tasks_blocked()
        assert reached == ["begun", "begun"]

        moment.set()

    assert reached == ["begun", "begun", "left", "left"]
    assert moment.is_set()


async def test_a_block_that_ends_by_itself_is_not_cancelled_later():
    moment = Moment()
    with moment.until():
        pass

    moment.set()

    await trio.lowlevel.checkpoint()


async def test_after_the_moment_a_block_ends_at_its_first_checkpoint():
    moment = Moment()
    moment.set()

    with moment.until():
        await trio.lowlevel.checkpoint()
        pytest.fail("it went on")


async def test_whoever_cancels_the_block_from_outside_is_obeyed():
    moment = Moment()
    with trio.CancelScope() as scope, moment.until():
        scope.cancel()
        await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert not moment.is_set()
