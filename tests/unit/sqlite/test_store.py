"""Closures run on threads of the store: the event loop stays free, and cancelling never waits for them."""

import threading
from contextvars import ContextVar
from functools import partial

import pytest
import trio
import trio.testing

from compozy.domain.errors import InvalidError, NotFoundError
from compozy.drivers.sqlite import open_store
from compozy.drivers.sqlite.store import READERS
from compozy.drivers.sqlite.threads import CLOSE_S, serving

PATIENCE_S = 5

REQUEST = ContextVar("REQUEST", default="none")


class Gate:
    """Holds a closure in its middle, on whatever thread, until the test opens it."""

    def __init__(self):
        self.reached = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._open = threading.Event()

    def open(self):
        self._open.set()

    def hold(self):
        self._token.run_sync_soon(self.reached.set)
        assert self._open.wait(PATIENCE_S)


@pytest.fixture
async def gate():
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def held(gate):
    """Return a function that makes a closure which is held after its work."""

    def closure(work):
        async def held(repositories):
            result = await work(repositories)
            gate.hold()
            return result

        return held

    return closure


@pytest.fixture
def exists(store):
    async def exists(exec_id):
        try:
            await store.read(lambda repositories: repositories.workflows.get(exec_id))
        except NotFoundError:
            return False
        return True

    return exists


async def test_the_event_loop_goes_on_while_a_closure_is_busy(store, gate, held, upsert, an_execution, exists):
    state = an_execution()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.transaction, held(upsert(state)))
        await gate.reached.wait()  # would never come back if the closure ran here
        gate.open()

    assert await exists(state.exec_id)


async def test_reads_do_not_wait_for_an_open_transaction_nor_see_it(store, gate, held, upsert, an_execution, exists):
    before, during = an_execution(), an_execution()
    await store.transaction(upsert(before))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.transaction, held(upsert(during)))
        await gate.reached.wait()
        assert await exists(before.exec_id)
        assert not await exists(during.exec_id)
        gate.open()

    assert await exists(during.exec_id)


async def test_a_read_keeps_its_snapshot_while_others_commit(store, gate, upsert, an_execution):
    first, second = an_execution(), an_execution()
    await store.transaction(upsert(first))
    seen = []

    async def look_twice(repositories):
        await repositories.workflows.get(first.exec_id)
        gate.hold()
        with pytest.raises(NotFoundError):
            await repositories.workflows.get(second.exec_id)
        seen.append("both looks")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.read, look_twice)
        await gate.reached.wait()
        await store.transaction(upsert(second))
        gate.open()

    assert seen == ["both looks"]


async def test_cancelling_within_a_closure_takes_effect_at_once_and_leaves_nothing(
    store, gate, held, upsert, an_execution, exists
):
    cancelled, after = an_execution(), an_execution()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.transaction, held(upsert(cancelled)))
        await gate.reached.wait()
        nursery.cancel_scope.cancel()
    # The closure is still held, so the caller did not wait for it.
    gate.open()
    await store.transaction(upsert(after))

    assert await exists(after.exec_id)
    assert not await exists(cancelled.exec_id)


async def test_one_that_is_cancelled_while_it_waits_is_never_begun(store, gate, held, upsert, an_execution):
    begun = []

    async def never(_):
        begun.append("begun")

    async with trio.open_nursery() as outer:
        outer.start_soon(store.transaction, held(upsert(an_execution())))
        await gate.reached.wait()
        async with trio.open_nursery() as inner:
            inner.start_soon(store.transaction, never)
            await trio.testing.wait_all_tasks_blocked()
            assert store.statistics().waiting == 1
            inner.cancel_scope.cancel()
        gate.open()
    await store.transaction(upsert(an_execution()))

    assert begun == []
    assert store.statistics().waiting == 0


async def test_one_that_is_cancelled_already_is_not_even_asked_for(store, gate, held, upsert, an_execution):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.transaction, held(upsert(an_execution())))
        await gate.reached.wait()
        with trio.CancelScope() as scope:
            scope.cancel()
            await store.transaction(upsert(an_execution()))

        assert scope.cancelled_caught
        assert store.statistics().waiting == 0
        gate.open()


async def test_a_read_that_is_cancelled_while_it_waits_is_never_begun(store):
    gates = [Gate() for _ in range(READERS)]
    begun = []

    async def never(_):
        begun.append("begun")

    def holding(gate):
        async def held(_):
            gate.hold()

        return held

    async with trio.open_nursery() as outer:
        for gate in gates:
            outer.start_soon(store.read, holding(gate))
            await gate.reached.wait()
        async with trio.open_nursery() as inner:
            inner.start_soon(store.read, never)
            await trio.testing.wait_all_tasks_blocked()
            inner.cancel_scope.cancel()
        for gate in gates:
            gate.open()
    await store.ping()

    assert begun == []


async def test_a_cancelled_read_returns_at_once(store, gate):
    async def held(_):
        gate.hold()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.read, held)
        await gate.reached.wait()
        nursery.cancel_scope.cancel()

    assert store.statistics().reads == 0


async def test_closing_waits_for_a_closure_that_is_under_way(path, gate, held, upsert, an_execution):
    state = an_execution()
    async with trio.open_nursery() as nursery, open_store(path) as store:
        nursery.start_soon(store.transaction, held(upsert(state)))
        await gate.reached.wait()
        nursery.start_soon(trio.to_thread.run_sync, gate.open)

    async with open_store(path) as store:
        assert await store.read(lambda repositories: repositories.workflows.get(state.exec_id)) == state


@pytest.mark.parametrize(
    "wait", [trio.lowlevel.checkpoint, trio.sleep_forever, trio.Event().wait, partial(trio.sleep, 1)]
)
async def test_a_closure_that_awaits_something_else_is_told_and_leaves_nothing(
    store, upsert, an_execution, exists, wait
):
    state = an_execution()
    closed = []

    async def work(repositories):
        try:
            await upsert(state)(repositories)
            await wait()
        finally:
            closed.append("closed")

    with pytest.raises(RuntimeError, match="awaits the repositories and nothing else"):
        await store.transaction(work)

    assert closed == ["closed"]
    assert not await exists(state.exec_id)


async def test_a_runtime_error_of_a_closure_stays_what_it_is(store):
    async def work(_):
        raise RuntimeError("my own")

    with pytest.raises(RuntimeError, match="my own"):
        await store.transaction(work)


async def test_a_closure_sees_its_callers_context_variables(store):
    async def work(_):
        return REQUEST.get()

    REQUEST.set("r-1")

    assert await store.transaction(work) == "r-1"
    assert await store.read(work) == "r-1"


async def test_lone_surrogates_in_json_come_back_and_in_ids_are_refused(store, upsert, an_execution):
    state = an_execution(input={"\ud800": "\udfff"})
    await store.transaction(upsert(state))

    assert await store.read(lambda repositories: repositories.workflows.get(state.exec_id)) == state
    with pytest.raises(InvalidError, match="half a character"):
        await store.transaction(upsert(an_execution(workflow_id="\ud800")))


async def test_closing_waits_for_its_threads_even_when_cancelled(path, gate, held, upsert, an_execution):
    async def open_the_gate_once_all_wait():
        with trio.CancelScope(shield=True):
            await trio.testing.wait_all_tasks_blocked()
            gate.open()

    async with trio.open_nursery() as nursery, open_store(path) as store:
        nursery.start_soon(store.transaction, held(upsert(an_execution())))
        await gate.reached.wait()
        nursery.start_soon(open_the_gate_once_all_wait)
        nursery.cancel_scope.cancel()

    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("compozy")]


async def test_opening_that_is_cancelled_leaves_no_thread(path):
    before = set(threading.enumerate())
    with trio.CancelScope() as scope:
        scope.cancel()
        async with open_store(path):
            await trio.lowlevel.checkpoint()

    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert scope.cancelled_caught
    assert not [name for name in left if name.startswith("compozy")]


async def test_closing_gives_up_on_a_thread_that_is_stuck_and_says_so(autojump_clock, caplog):
    release = threading.Event()
    before = trio.current_time()

    async with serving("stuck", release.wait, lambda: None):
        pass

    assert trio.current_time() - before == CLOSE_S
    assert [record.getMessage() for record in caplog.records] == [
        f"thread stuck did not end within {CLOSE_S} s and is left alone"
    ]
    release.set()
    for thread in threading.enumerate():
        if thread.name == "stuck":
            thread.join(PATIENCE_S)
