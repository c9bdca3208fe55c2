"""Servers that are killed, stopped, full or silent: what is acknowledged is there, and the store recovers by itself."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
import trio
import trio.testing
from outcome import acapture

from compozy.bridge import open_asyncio_host
from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import UnavailableError
from compozy.drivers.postgres import Connecting, open_store
from compozy.drivers.postgres.store import CLOSE_S

ROUNDS = 3


@attrs.define
class Load:
    """Tasks that write one pair after the other, as long as nobody says that it is over."""

    put_pair: Callable
    acknowledged: list[str] = attrs.Factory(list)
    refused: list[str] = attrs.Factory(list)
    is_over: bool = False
    is_up: trio.Event = attrs.Factory(trio.Event)
    progress: trio.lowlevel.ParkingLot = attrs.Factory(trio.lowlevel.ParkingLot)

    async def write(self, store, name):
        number = 0
        while not self.is_over:
            number += 1
            exec_id = f"{name}-{number:05}"
            is_up = self.is_up
            try:
                await store.transaction(self.put_pair(exec_id))
            except UnavailableError:
                self.refused.append(exec_id)
                await is_up.wait()
            else:
                self.acknowledged.append(exec_id)
                self.progress.unpark_all()

    async def goes_on(self):
        """Return when forty more are acknowledged."""
        goal = len(self.acknowledged) + 40
        with trio.fail_after(30):
            while len(self.acknowledged) < goal:
                await self.progress.park()

    async def interrupt(self, end, start):
        """End the server in the midst of it, and start it again."""
        await trio.to_thread.run_sync(end)
        await trio.to_thread.run_sync(start)
        self.is_up.set()
        self.is_up = trio.Event()


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed_or_stopped_and_started_under_load(
    victim, no_threads, put_pair
):
    load = Load(put_pair)
    async with open_store(Connecting(url=victim.url("victim"))) as store:
        async with trio.open_nursery() as nursery:
            for name in "abcdefghijklmnop":
                nursery.start_soon(load.write, store, name)
            for end in (victim.kill, victim.stop) * ROUNDS:
                await load.goes_on()
                await load.interrupt(end, victim.start)
            await load.goes_on()
            load.is_over = True

        executions = await _all_executions(store)
        tasks = Counter()
        for exec_id in executions:
            tasks[exec_id] = len(await store.read(lambda repos, of=exec_id: repos.tasks.list_by_workflow(of)))
    assert load.refused
    assert set(load.acknowledged) <= set(executions)
    assert set(executions) <= {*load.acknowledged, *load.refused}
    assert set(tasks.values()) == {1}


async def _all_executions(store):
    found, cursor = [], None
    while True:
        page = await store.read(lambda repos, at=cursor: repos.workflows.list(WorkflowFilter(), cursor=at, limit=1000))
        found += [state.exec_id for state in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.slow
async def test_a_server_that_is_away_is_unavailable_and_found_again_without_an_error(victim, no_threads, put_pair):
    async with open_store(Connecting(url=victim.url("victim"))) as store:
        await store.transaction(put_pair("a"))
        await trio.to_thread.run_sync(victim.stop)
        for call in (lambda: store.transaction(put_pair("b")), lambda: store.read(put_pair("b")), store.ping):
            with pytest.raises(UnavailableError, match="check that the server runs"):
                await call()

        await trio.to_thread.run_sync(victim.start)
        await store.ping()
        await store.transaction(put_pair("b"))

        assert await _all_executions(store) == ["b", "a"]


async def test_a_server_that_is_away_cannot_be_opened(tmp_path, no_threads):
    with pytest.raises(UnavailableError, match="check that the server runs"):
        async with open_store(Connecting(host=str(tmp_path), user="postgres", database="any")):
            pass


async def test_connections_that_the_server_has_closed_are_replaced_without_an_error(store, sql, put_pair):
    await store.transaction(put_pair("a"))
    # Waits until they are gone, so that the store cannot be faster.
    await sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'compozy'"
    )

    await store.transaction(put_pair("b"))

    assert await _all_executions(store) == ["b", "a"]


async def test_a_connection_found_dead_at_the_beginning_is_replaced_without_an_error(proxy, through, put_pair):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(1)  # BEGIN
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.transaction, put_pair("b"))
            await proxy.held.wait()
            proxy.cut()

        assert await _all_executions(store) == ["b", "a"]


async def test_a_connection_lost_within_a_transaction_leaves_nothing(proxy, through, put_pair, while_cut):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(5)  # what follows BEGIN and the first statement
        with pytest.raises(UnavailableError, match="cannot be used now"):
            await while_cut(lambda: store.transaction(put_pair("b")))

        assert await _all_executions(store) == ["a"]
        assert store._connections.open_count == 1  # the new one


@pytest.mark.parametrize(("word", "found"), [(5, ["a"]), (6, ["b", "a"])], ids=["the question", "the answer"])
async def test_a_connection_lost_during_the_commit_says_that_the_outcome_is_unknown(
    proxy, through, an_execution, while_cut, word, found
):
    async with open_store(through()) as store:

        async def put(exec_id):
            await store.transaction(lambda repos: repos.workflows.upsert(an_execution(exec_id=exec_id)))

        await put("a")
        proxy.hold_at(word)  # of COMMIT
        with pytest.raises(UnavailableError, match="whole or not at all"):
            await while_cut(lambda: put("b"))

        assert await _all_executions(store) == found


@pytest.mark.slow
async def test_a_server_that_says_nothing_is_unavailable(proxy, through, put_pair):
    limits = {"statement_timeout": timedelta(milliseconds=100), "command_timeout": timedelta(milliseconds=200)}
    async with open_store(through(**limits)) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(3)

        with pytest.raises(UnavailableError, match="does not answer"):
            await store.transaction(put_pair("b"))

        proxy.hold_at(None)
        await store.transaction(put_pair("c"))


async def test_a_server_that_does_not_greet_is_unavailable(proxy, through):
    proxy.hold_at(1)

    with pytest.raises(UnavailableError, match="does not answer"):
        async with open_store(through(connect_timeout=timedelta(milliseconds=100))):
            pass


async def test_a_statement_that_takes_too_long_is_stopped(url, sleep_for):
    async with open_store(Connecting(url=url, statement_timeout=timedelta(milliseconds=50))) as store:
        with pytest.raises(UnavailableError, match="longer than statement_timeout"):
            await store.transaction(sleep_for(30))

        await store.transaction(sleep_for(0))


async def test_a_server_without_a_free_connection_is_unavailable(store, url, database, sql, put_pair):
    await store.ping()
    await sql(f"CREATE ROLE crowded LOGIN CONNECTION LIMIT 0; GRANT ALL ON DATABASE {database} TO crowded")

    with pytest.raises(UnavailableError, match="more connections"):
        async with open_store(Connecting(url=url, user="crowded")):
            pass

    await sql(f"REVOKE ALL ON DATABASE {database} FROM crowded; DROP ROLE crowded")


async def test_closing_does_not_wait_for_ever_for_a_server_that_says_nothing(proxy, through, put_pair, mock_clock):
    outcomes = []

    async def put(store):
        outcomes.append(await acapture(store.transaction, put_pair("a")))

    async with open_asyncio_host() as host, trio.open_nursery() as nursery:
        async with open_store(through(pool_max=1), host=host) as store:
            await store.ping()
            proxy.hold_at(3)
            nursery.start_soon(put, store)
            await proxy.held.wait()
            nursery.start_soon(put, store)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(_jump, mock_clock, CLOSE_S)

        assert store._connections.open_count == 0
    assert [type(outcome.error) for outcome in outcomes] == [UnavailableError, UnavailableError]


async def _jump(clock, seconds):
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(seconds)
