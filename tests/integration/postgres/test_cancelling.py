"""A caller that is cancelled, wherever its transaction is: nothing half done stays, and no connection is lost."""

import itertools

import pytest
import trio
import trio.testing

from compozy.contracts.store import Page, WorkflowFilter
from compozy.drivers.postgres import open_store, schema_status
from compozy.drivers.postgres.transactions import CLEAN_UP_S


@pytest.mark.slow
@pytest.mark.parametrize("is_warm", [False, True], ids=["a new connection", "an open connection"])
async def test_a_transaction_cancelled_at_any_word_leaves_all_or_nothing_and_a_clean_connection(
    proxy, through, put_pair, recorded, unclean, is_warm
):
    outcomes = set()
    for word in itertools.count(1):
        exec_id = f"{word:03}"
        async with open_store(through()) as store:
            if is_warm:
                await store.transaction(put_pair("warm"))

            was_held = await _cancel_at(word, proxy, store.transaction, put_pair(exec_id))

            found = [each for each in await recorded() if each.startswith(exec_id)]
            assert found in ([], [exec_id, f"{exec_id}-task"])
            assert await unclean() == []
            assert store._connections.open_count == store._connections.idle_count
            await store.transaction(put_pair(f"{exec_id} after"))
        outcomes.add(len(found))
        if not was_held:
            break
    assert word > 10  # each statement is one word, its answer another
    assert outcomes == {0, 2}


@pytest.mark.slow
@pytest.mark.parametrize(("questions", "fewest_words"), [(1, 2), (2, 8)])
async def test_a_read_cancelled_at_any_word_leaves_a_clean_connection(
    proxy, through, put_pair, unclean, questions, fewest_words
):
    async def look(repositories):
        for _ in range(questions):
            await repositories.tasks.children("a")

    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        for word in itertools.count(1):
            was_held = await _cancel_at(word, proxy, store.read, look)

            assert await unclean() == []
            assert store._connections.open_count == store._connections.idle_count
            if not was_held:
                break
    assert word > fewest_words


@pytest.mark.slow
async def test_opening_cancelled_at_any_word_leaves_a_database_that_can_be_opened(proxy, through):
    async def open_it():
        async with open_store(through()):
            pass

    versions = set()
    for word in itertools.count(1):
        was_held = await _cancel_at(word, proxy, open_it)

        status = await schema_status(through())
        versions.add(status.version)
        if not was_held:
            break
    assert word > 10
    assert versions >= {0, 1, status.known}


@pytest.mark.slow
async def test_cancelling_does_not_wait_for_a_server_that_says_nothing(proxy, through, put_pair):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            proxy.hold_at(3)
            nursery.start_soon(store.transaction, put_pair("b"))
            await proxy.held.wait()
            nursery.cancel_scope.cancel()

        assert trio.current_time() - started < CLEAN_UP_S + 2
        assert store._connections.open_count == 0
        await store.transaction(put_pair("c"))


@pytest.mark.slow
async def test_cancelling_does_not_wait_for_rows_that_nobody_takes(proxy, through, put_pair, a_task):
    rows = [a_task("a", input={"text": "x" * 100_000}) for _ in range(100)]
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            proxy.hold_at(7)  # the first rows; BEGIN, the question whether the execution is there, and SAVEPOINT passed
            nursery.start_soon(store.transaction, lambda repos: repos.tasks.upsert_many(rows))
            await proxy.held.wait()
            nursery.cancel_scope.cancel()

        assert trio.current_time() - started < CLEAN_UP_S + 2
        tasks = await store.read(lambda repos: repos.tasks.list_by_workflow("a"))
    assert len(tasks) == 1


async def test_a_closure_that_swallows_its_cancellation_is_not_committed(proxy, through, an_execution):
    async def stubborn(repositories):
        try:
            await repositories.workflows.upsert(an_execution(exec_id="first"))
            await repositories.workflows.upsert(an_execution(exec_id="second"))
        except BaseException:  # noqa: BLE001 - what it must not do
            return

    async with open_store(through()) as store:
        await _cancel_at(8, proxy, store.transaction, stubborn)

        assert await store.read(lambda repos: repos.workflows.list(WorkflowFilter())) == Page(items=())


async def test_who_waits_for_a_turn_is_cancelled_at_once_and_gives_its_place_away(proxy, through, put_pair):
    ended = []

    async def put(store, exec_id):
        await store.transaction(put_pair(exec_id))
        ended.append(exec_id)

    async with open_store(through(pool_max=1)) as store:
        proxy.hold_at(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(put, store, "a")
            await proxy.held.wait()
            async with trio.open_nursery() as waiting:
                waiting.start_soon(put, store, "b")
                await trio.testing.wait_all_tasks_blocked()
                assert store.statistics().waiting == 1
                waiting.cancel_scope.cancel()
            assert store.statistics().waiting == 0
            for exec_id in "cdef":
                nursery.start_soon(put, store, exec_id)
                await trio.testing.wait_all_tasks_blocked()
            proxy.go_on.set()

        assert ended == list("acdef")
        assert store._connections.open_count == 1


async def _cancel_at(word, proxy, call, *arguments):
    """Make a call and cancel it when the proxy holds this word of it; tell whether it ever did."""
    ended = trio.Event()

    async def run(scope):
        with scope:
            await call(*arguments)
        ended.set()

    proxy.hold_at(word)
    scope = trio.CancelScope()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run, scope)
            await _any(proxy.held, ended)
            scope.cancel()
            await trio.testing.wait_all_tasks_blocked()
            proxy.go_on.set()
    was_held = proxy.held.is_set()
    proxy.hold_at(None)
    return was_held


async def _any(*events):
    async def wait(event, scope):
        await event.wait()
        scope.cancel()

    async with trio.open_nursery() as nursery:
        for event in events:
            nursery.start_soon(wait, event, nursery.cancel_scope)
