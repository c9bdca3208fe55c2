"""Whoever is cancelled leaves all of a transaction or nothing, and a store that works."""

from functools import partial

import pytest
import trio
import trio.testing

from compozy.contracts.store import WorkflowFilter

PATIENCE_S = 10
MANY_STEPS = 50


@pytest.fixture
def recorded(store):
    """Return a function that reads the ids of all executions."""

    async def recorded():
        page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
        return {state.exec_id for state in page.items}

    return recorded


@pytest.fixture
def works(store, recorded, an_execution):
    """Return a function that proves that a store is as good as new: nothing in it is held or waited for."""

    async def works():
        states = [an_execution() for _ in range(30)]  # more than any driver has connections
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                for state in states:
                    nursery.start_soon(store.transaction, partial(put_all, [state]))
            await store.ping()
            assert {state.exec_id for state in states} <= await recorded()
        assert store.statistics().waiting == 0

    return works


async def put_all(states, repositories):
    """Record executions; awaits several times."""
    for state in states:
        await repositories.workflows.upsert(state)
        await repositories.workflows.get(state.exec_id)


class CancelAtStep(trio.abc.Instrument):
    """Cancels a scope when a task suspends for the n-th time."""

    def __init__(self, scope, task, step):
        self._scope = scope
        self._task = task
        self._left = step

    def after_task_step(self, task):
        if task is self._task:
            self._left -= 1
            if self._left == 0:
                self._scope.cancel()


async def cancelled_at(step, call):
    """Make a call and cancel it when it suspends for the n-th time; tell whether it ended all the same."""
    with trio.CancelScope() as scope:
        instrument = CancelAtStep(scope, trio.lowlevel.current_task(), step)
        trio.lowlevel.add_instrument(instrument)
        try:
            await call()
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return not scope.cancelled_caught


async def test_a_transaction_cancelled_at_any_of_its_steps_leaves_all_or_nothing(store, works, recorded, an_execution):
    steps = []

    for step in range(1, MANY_STEPS):
        states = [an_execution() for _ in range(3)]
        ended = await cancelled_at(step, partial(store.transaction, partial(put_all, states)))
        steps.append(ended)
        there = {state.exec_id for state in states} & await recorded()
        assert len(there) in ((3,) if ended else (0, 3))
        if ended:
            break

    assert len(steps) > 1  # it was cancelled at least once
    assert steps[-1]  # and at every step there is
    await works()


@pytest.mark.parametrize("method", ["read", "ping"])
async def test_a_question_cancelled_at_any_of_its_steps_holds_nothing(store, works, method):
    async def look(repositories):
        for _ in range(3):
            await repositories.workflows.list(WorkflowFilter())

    call = store.ping if method == "ping" else partial(store.read, look)
    step = 1
    while not await cancelled_at(step, call):
        step += 1

    assert step > 1
    await works()


async def test_a_transaction_that_waits_for_its_turn_can_be_cancelled_at_any_of_its_steps(
    store, works, recorded, an_execution
):
    cancelled = [an_execution() for _ in range(MANY_STEPS)]

    async with trio.open_nursery() as nursery:
        for _ in range(30):
            nursery.start_soon(store.transaction, partial(put_all, [an_execution()]))
        for step, state in enumerate(cancelled[:10], start=1):
            nursery.start_soon(cancelled_at, step, partial(store.transaction, partial(put_all, [state])))

    assert len(await recorded()) >= 30
    await works()


async def test_a_transaction_cancelled_from_anywhere_within_its_closure_leaves_all_or_nothing(
    store, works, recorded, an_execution
):
    token = trio.lowlevel.current_trio_token()

    async def work(repositories, states, scope, when):
        for number, state in enumerate(states):
            if number == when:
                token.run_sync_soon(scope.cancel)
            await repositories.workflows.upsert(state)

    for when in range(5):
        states = [an_execution() for _ in range(5)]
        with trio.CancelScope() as scope:
            await store.transaction(partial(work, states=states, scope=scope, when=when))
        there = {state.exec_id for state in states} & await recorded()
        assert len(there) in ((0, 5) if scope.cancelled_caught else (5,))

    await works()


async def test_readers_cancelled_within_their_closures_hold_nothing(store, works):
    token = trio.lowlevel.current_trio_token()

    async def look(repositories, scope):
        await repositories.workflows.list(WorkflowFilter())
        token.run_sync_soon(scope.cancel)
        for _ in range(20):
            await repositories.workflows.list(WorkflowFilter())

    async def cancelled_within():
        with trio.CancelScope() as scope:
            await store.read(partial(look, scope=scope))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(cancelled_within)

    await works()


async def test_a_caller_that_is_cancelled_already_leaves_nothing(store, recorded, an_execution):
    state = an_execution()

    with trio.CancelScope() as scope:
        scope.cancel()
        await store.transaction(lambda repositories: repositories.workflows.upsert(state))

    assert scope.cancelled_caught
    assert await recorded() == set()


async def test_of_many_that_are_cancelled_at_once_each_leaves_all_or_nothing(store, works, recorded, an_execution):
    pairs = [(an_execution(exec_id=f"{n}a"), an_execution(exec_id=f"{n}b")) for n in range(100)]
    ended = []

    async def put_pair(number, scope):
        async def work(repositories):
            for state in pairs[number]:
                await repositories.workflows.upsert(state)

        await store.transaction(work)
        ended.append(number)
        if len(ended) == 10:
            scope.cancel()

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(put_pair, number, nursery.cancel_scope)

    found = await recorded()
    assert all((f"{n}a" in found) == (f"{n}b" in found) for n in range(100))
    assert all(f"{n}a" in found for n in ended)
    await works()


async def test_the_store_goes_on_after_a_cancelled_transaction(store, recorded, an_execution):
    first, second = an_execution(), an_execution()
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.transaction(lambda repositories: repositories.workflows.upsert(first))

    await store.transaction(lambda repositories: repositories.workflows.upsert(second))

    assert await recorded() == {second.exec_id}
