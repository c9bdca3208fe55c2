"""Orders reach the work that is done under them, and no other."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trio
import trio.testing

from compozy.domain.definitions import TaskType
from compozy.domain.errors import UnavailableError
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome, TaskRequest, ToolWork
from compozy.drivers.sugardb import open_cache
from compozy.engine.orders import Order, Orders, announce

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = TaskOutcome(status=Status.SUCCESS, output={"n": 1})


def request_of(exec_id):
    task = TaskState(
        task_exec_id="t",
        task_id="t",
        type=TaskType.BASIC,
        exec_id=exec_id,
        workflow_id="w",
        status=Status.RUNNING,
        input={},
        created_at=NOON,
        updated_at=NOON,
    )
    return TaskRequest(task=task, work=ToolWork(tool_id="x", config={}), timeout=timedelta(seconds=1))


class Work:
    """Work of one execution under way, which ends when it is let go."""

    def __init__(self, orders, exec_id):
        self.outcome = None
        self.was_stopped = False
        self._gate, self._ended = trio.Event(), trio.Event()
        self._orders, self._exec_id = orders, exec_id

    async def do(self, _request):
        try:
            await self._gate.wait()
        except trio.Cancelled:
            self.was_stopped = True
            raise
        return DONE

    async def run(self):
        self.outcome = await self._orders.obey(self.do, request_of(self._exec_id))
        self._ended.set()

    async def stopped(self):
        """Return how it ended without being let go."""
        await self._ended.wait()
        return self.outcome

    async def ended(self):
        """Let it end, and return how it did."""
        self._gate.set()
        return await self.stopped()


@pytest.fixture
async def begin(nursery):
    """Return a function that begins work of an execution."""

    async def begin_(orders, exec_id):
        work = Work(orders, exec_id)
        nursery.start_soon(work.run)
        await trio.testing.wait_all_tasks_blocked()
        return work

    return begin_


async def test_without_an_order_work_is_as_if_it_were_alone():
    async def work(_request):
        await trio.lowlevel.checkpoint()
        return DONE

    assert await Orders().obey(work, request_of("e")) == DONE


async def test_all_work_of_an_execution_that_is_canceled_is_stopped_and_no_other(begin):
    orders = Orders()
    first, second, other = [await begin(orders, exec_id) for exec_id in ("e", "e", "other")]

    orders.take("cancel e")

    for work in (first, second):
        outcome = await work.stopped()
        assert (work.was_stopped, outcome.status, outcome.is_told) == (True, Status.CANCELED, True)
    assert await other.ended() == DONE


async def test_work_that_begins_when_its_execution_is_canceled_is_stopped(begin):
    orders = Orders()
    orders.take("cancel e")

    work = await begin(orders, "e")

    assert (await work.stopped()).status is Status.CANCELED


async def test_work_of_an_execution_that_is_paused_comes_to_its_end_and_says_so(begin):
    orders = Orders()
    work = await begin(orders, "e")
    orders.take("pause e")

    outcome = await work.ended()

    assert (outcome.status, outcome.output, outcome.is_told) == (Status.SUCCESS, {"n": 1}, True)


async def test_the_last_order_counts(begin):
    orders = Orders()
    work = await begin(orders, "e")
    for announced in ("pause e", "resume e"):
        orders.take(announced)

    assert await work.ended() == DONE


async def test_an_order_that_is_not_known_is_passed_over(begin):
    orders = Orders()
    work = await begin(orders, "e")
    for announced in ("explode e", "", "cancel"):
        orders.take(announced)

    assert await work.ended() == DONE


async def test_an_order_is_forgotten_after_ten_seconds(begin, autojump_clock):
    orders = Orders()
    orders.take("pause e")
    await trio.sleep(9)
    orders.take("cancel other")
    early = await begin(orders, "e")

    assert (await early.ended()).is_told
    await trio.sleep(2)
    late = await begin(orders, "e")
    assert await late.ended() == DONE


async def test_what_is_announced_is_heard(nursery, begin):
    orders = Orders()
    async with open_cache() as cache:
        nursery.start_soon(orders.listen, cache.pubsub)
        work = await begin(orders, "e")

        await announce(cache.pubsub, Order.CANCEL, "e")

        with trio.fail_after(1):
            assert (await work.stopped()).status is Status.CANCELED
        nursery.cancel_scope.cancel()


class AwayAtFirst:
    """A pub/sub that cannot be reached at first."""

    def __init__(self, pubsub):
        self.tries = 0
        self._pubsub = pubsub

    @asynccontextmanager
    async def subscribe(self, *channels):
        self.tries += 1
        if self.tries < 3:
            raise UnavailableError("the cache is away")
        async with self._pubsub.subscribe(*channels) as messages:
            yield messages

    async def publish(self, _channel, _payload):
        await trio.lowlevel.checkpoint()
        raise UnavailableError("the cache is away")


async def test_listening_goes_on_when_the_cache_is_there_again(nursery, begin, autojump_clock):
    orders = Orders()
    async with open_cache() as cache:
        pubsub = AwayAtFirst(cache.pubsub)
        nursery.start_soon(orders.listen, pubsub)
        await trio.sleep(3)
        work = await begin(orders, "e")

        await announce(cache.pubsub, Order.PAUSE, "e")
        await trio.testing.wait_all_tasks_blocked()

        assert (await work.ended()).is_told
        nursery.cancel_scope.cancel()


async def test_an_order_that_cannot_be_announced_is_given_all_the_same():
    await announce(AwayAtFirst(None), Order.CANCEL, "e")
