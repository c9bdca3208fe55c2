"""Closures that run at the same time do not see each other's unfinished work, nor lose each other's finished work."""

import attrs
import pytest
import trio

from compozy.contracts.store import WorkflowFilter
from compozy.domain.statuses import Status

WRITERS = 3
ROUNDS = 12
LOOKS = 6


@pytest.fixture
async def pair(put, an_execution):
    """Two executions whose outputs are equal whenever nobody is in the middle of something."""
    return await put(*(an_execution(exec_id=name, status=Status.RUNNING, output=0) for name in ("left", "right")))


@pytest.fixture
def add_one_to_both(store, pair):
    """Return a function that adds one to both, in several steps of one transaction."""

    async def work(repositories):
        left = await repositories.workflows.get("left")
        await repositories.workflows.upsert(attrs.evolve(left, output=left.output + 1))
        await repositories.workflows.list(WorkflowFilter())
        right = await repositories.workflows.get("right")
        await repositories.workflows.update_status("right", right.status, at=right.updated_at, output=right.output + 1)

    return lambda: store.transaction(work)


async def look_often(repositories):
    """Return all outputs that a closure sees, in both ways to look."""
    seen = set()
    for _ in range(LOOKS):
        seen.add((await repositories.workflows.get("left")).output)
        page = await repositories.workflows.list(WorkflowFilter())
        seen.update(state.output for state in page.items)
        seen.add((await repositories.workflows.get("right")).output)
    return seen


@pytest.mark.parametrize("method", ["read", "transaction"])
async def test_a_closure_sees_one_state_of_everything_while_others_write(store, get, add_one_to_both, method):
    seen = []

    async def write():
        for _ in range(ROUNDS):
            await add_one_to_both()

    async def look():
        seen.extend([await getattr(store, method)(look_often) for _ in range(ROUNDS)])

    async with trio.open_nursery() as nursery:
        for _ in range(WRITERS):
            nursery.start_soon(write)
            nursery.start_soon(look)

    assert [len(each) for each in seen] == [1] * len(seen)
    assert [(await get(name)).output for name in ("left", "right")] == [WRITERS * ROUNDS] * 2


async def test_what_is_rolled_back_was_never_seen(store, pair, put):
    seen = set()

    async def work(repositories):
        left = await repositories.workflows.get("left")
        await repositories.workflows.upsert(attrs.evolve(left, output="never"))
        await repositories.workflows.list(WorkflowFilter())
        raise KeyError

    async def try_to_write():
        for _ in range(ROUNDS):
            with pytest.raises(KeyError):
                await store.transaction(work)

    async def look():
        for _ in range(ROUNDS):
            seen.update(await store.read(look_often))

    async with trio.open_nursery() as nursery:
        for _ in range(WRITERS):
            nursery.start_soon(try_to_write)
            nursery.start_soon(look)

    assert seen == {0}


async def test_a_closure_that_is_run_again_has_its_effects_once(store, pair, get, add_one_to_both):
    runs = []
    before = store.statistics()

    async def work(repositories):
        runs.append(1)
        left = await repositories.workflows.get("left")
        await repositories.workflows.upsert(attrs.evolve(left, output=left.output + 1))
        return left.output

    answers = []

    async def add_one():
        answers.append(await store.transaction(work))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(add_one)

    after = store.statistics()
    assert (await get("left")).output == 20
    assert sorted(answers) == list(range(20))  # each answer comes from the run that counted
    assert after.transactions - before.transactions == 20
    assert len(runs) - 20 == after.retries - before.retries


async def test_transactions_that_meet_from_two_sides_both_end(store, pair, get):
    async def add(first, second):
        async def work(repositories):
            for name in (first, second):
                state = await repositories.workflows.get(name)
                await repositories.workflows.upsert(attrs.evolve(state, output=state.output + 1))

        await store.transaction(work)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(add, "left", "right")
            nursery.start_soon(add, "right", "left")

    assert [(await get(name)).output for name in ("left", "right")] == [6, 6]


async def test_writes_of_two_stores_on_one_database_count_both(open_durable, an_execution):
    async with open_durable() as one, open_durable() as other:
        await one.transaction(
            lambda repositories: repositories.workflows.upsert(
                an_execution(exec_id="left", status=Status.RUNNING, output=0)
            )
        )

        async def work(repositories):
            left = await repositories.workflows.get("left")
            await repositories.workflows.upsert(attrs.evolve(left, output=left.output + 1))

        async with trio.open_nursery() as nursery:
            for store in (one, other):
                for _ in range(8):
                    nursery.start_soon(store.transaction, work)

        for store in (one, other):
            left = await store.read(lambda repositories: repositories.workflows.get("left"))
            assert left.output == 16
