"""What a transaction in PostgreSQL does that the contract leaves to the driver."""

import threading
from contextlib import AsyncExitStack
from contextvars import ContextVar

import asyncpg
import pytest
import trio
import trio.testing

from compozy.bridge import open_asyncio_host
from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.domain.statuses import Status
from compozy.drivers.postgres import Connecting, open_store
from compozy.drivers.postgres.session import BATCH_BYTES
from compozy.drivers.postgres.store import RETRIES

who = ContextVar("who", default="nobody")


async def test_a_closure_runs_on_another_thread_with_the_variables_of_its_caller(store):
    async def look(_):
        return threading.get_ident(), who.get()

    who.set("Ada")
    thread, name = await store.transaction(look)

    assert thread != threading.get_ident()
    assert name == "Ada"


async def test_a_transaction_that_meets_another_is_run_again(store, server, database, put_pair, an_execution):
    await store.transaction(put_pair("a"))
    statuses = []

    async def work(repositories):
        statuses.append((await repositories.workflows.get("a")).workflow_id)
        if len(statuses) == 1:
            server.run_sql("UPDATE workflow_states SET workflow_id = 'new' WHERE exec_id = 'a'", database=database)
        await repositories.workflows.upsert(an_execution(exec_id="a", status=Status.RUNNING))

    await store.transaction(work)

    assert statuses == ["greet", "new"]
    assert store.statistics().retries == 1
    assert store.statistics().transactions == 2


@pytest.mark.slow
async def test_a_transaction_that_meets_others_every_time_gives_up(
    store, server, database, put_pair, an_execution, mock_clock
):
    mock_clock.rate = 1000  # the pauses are Trio's
    await store.transaction(put_pair("a"))
    attempts = []

    async def work(repositories):
        attempts.append(await repositories.workflows.get("a"))
        server.run_sql("UPDATE workflow_states SET updated_at = now() WHERE exec_id = 'a'", database=database)
        await repositories.workflows.upsert(an_execution(exec_id="a", status=Status.RUNNING))

    with pytest.raises(UnavailableError, match="got in the way of others"):
        await store.transaction(work)

    assert len(attempts) == RETRIES + 1
    assert store.statistics().rollbacks == 1


async def test_what_a_closure_makes_of_a_conflict_does_not_matter(store, server, database, put_pair, an_execution):
    await store.transaction(put_pair("a"))
    attempts = []

    async def work(repositories):
        attempts.append(await repositories.workflows.get("a"))
        if len(attempts) == 1:
            server.run_sql("UPDATE workflow_states SET updated_at = now() WHERE exec_id = 'a'", database=database)
        try:
            await repositories.workflows.upsert(an_execution(exec_id="a", status=Status.RUNNING))
        except UnavailableError:
            return "swallowed"
        return "written"

    assert await store.transaction(work) == "written"


async def test_an_error_that_a_closure_swallows_is_not_committed(store, ask, an_execution):
    async def work(repositories):
        await repositories.workflows.upsert(an_execution())
        for statement in ("SELECT 1 / 0", "SELECT 1"):  # the second is refused because of the first
            with pytest.raises(InvalidError, match="division by zero"):
                await ask(statement)(repositories)

    with pytest.raises(InvalidError, match="division by zero"):
        await store.transaction(work)

    page = await store.read(lambda repos: repos.workflows.list(WorkflowFilter()))
    assert page.items == ()
    assert store._connections.open_count == store._connections.idle_count


async def test_a_closure_may_go_on_after_rows_that_were_refused(store, put_pair, a_task):
    await store.transaction(put_pair("a"))

    async def work(repositories):
        await repositories.tasks.upsert_many([a_task("a", task_exec_id="before")])
        # The first of them has been sent when asyncpg finds that the last cannot be.
        refused = [a_task("a", task_exec_id=f"refused-{n}", input={"x": "x" * BATCH_BYTES}) for n in range(3)]
        with pytest.raises(InvalidError, match="cannot be stored"):
            await repositories.tasks.upsert_many([*refused, a_task("a", attempt=2**63)])
        await repositories.tasks.upsert_many([a_task("a", task_exec_id="after")])

    await store.transaction(work)

    tasks = await store.read(lambda repos: repos.tasks.list_by_workflow("a"))
    assert sorted(task.task_exec_id for task in tasks) == ["a-task", "after", "before"]


async def test_rows_that_the_server_refuses_are_taken_back_alone(store, put_pair, a_task):
    await store.transaction(put_pair("a"))
    too_long = "".join(map(chr, range(0x4E00, 0x4E00 + 9000)))  # for an index, which does compress

    async def work(repositories):
        with pytest.raises(InvalidError, match="cannot be stored"):
            await repositories.tasks.upsert_many([a_task("a"), a_task("a", task_exec_id=too_long)])
        await repositories.tasks.upsert_many([a_task("a", task_exec_id="after")])

    await store.transaction(work)

    tasks = await store.read(lambda repos: repos.tasks.list_by_workflow("a"))
    assert sorted(task.task_exec_id for task in tasks) == ["a-task", "after"]


async def test_one_row_that_the_server_refuses_is_taken_back_alone(store, put_pair, a_task):
    await store.transaction(put_pair("a"))
    too_long = "".join(map(chr, range(0x4E00, 0x4E00 + 9000)))

    async def work(repositories):
        with pytest.raises(InvalidError, match="cannot be stored"):
            await repositories.tasks.upsert_many([a_task("a", task_exec_id=too_long)])
        await repositories.tasks.upsert_many([a_task("a", task_exec_id="after")])

    await store.transaction(work)

    tasks = await store.read(lambda repos: repos.tasks.list_by_workflow("a"))
    assert sorted(task.task_exec_id for task in tasks) == ["a-task", "after"]


async def test_one_row_of_a_task_takes_one_round_trip_within_its_transaction(proxy, through, put_pair, a_task):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(None)

        await store.transaction(lambda repos: repos.tasks.upsert_many([a_task("a", task_exec_id="b")]))

        assert proxy.words == 6  # there and back: BEGIN, the row, COMMIT


async def test_what_the_server_refuses_only_at_the_commit_is_said(store, sql, ask):
    await sql("ALTER TABLE api_keys ALTER CONSTRAINT api_keys_user_id_fkey DEFERRABLE INITIALLY DEFERRED")

    with pytest.raises(ConflictError, match="refers to one that is absent"):
        await store.transaction(ask("INSERT INTO api_keys VALUES ('k', 'nobody', '', 'f', 'p', now())"))

    assert await store.read(lambda repos: repos.api_keys.list("nobody")) == []
    assert store._connections.open_count == store._connections.idle_count


async def test_a_mistake_of_ours_is_not_dressed_up(store, ask):
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await store.transaction(ask("SELEC 1"))

    assert store._connections.open_count == store._connections.idle_count


async def test_rows_lost_with_the_server_are_not_taken_back_in_vain(proxy, through, put_pair, a_task, while_cut):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(7)  # the rows; BEGIN, the question whether the execution is there, and SAVEPOINT passed

        with pytest.raises(UnavailableError, match="cannot be used now"):
            await while_cut(lambda: store.transaction(lambda repos: repos.tasks.upsert_many([a_task("a")] * 2)))

        assert len(await store.read(lambda repos: repos.tasks.list_by_workflow("a"))) == 1


async def test_task_runs_and_the_status_of_their_execution_do_not_get_in_each_others_way(
    store, server, database, put_pair, a_task
):
    await store.transaction(put_pair("a"))

    def update() -> None:
        changes = "UPDATE workflow_states SET updated_at = now() WHERE exec_id = 'a'"
        server.run_sql(f"SET lock_timeout = '1s'; {changes}", database=database)

    async def work(repositories):
        await repositories.workflows.get("a")  # takes the snapshot
        update()
        await repositories.tasks.upsert_many([a_task("a")])  # takes the lock
        update()
        await repositories.tasks.upsert_many([a_task("a")])

    await store.transaction(work)

    assert store.statistics().retries == 0


async def test_a_read_cannot_write_whatever_it_says(store, ask):
    with pytest.raises(UnavailableError, match="read-only transaction"):
        await store.read(ask("DELETE FROM users"))


async def test_no_more_connections_are_open_than_allowed_and_the_others_wait(url, sleep_for):
    async with open_store(Connecting(url=url, pool_max=3)) as store:
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(store.transaction, sleep_for(0.05))
            await trio.testing.wait_all_tasks_blocked()
            waiting = store.statistics().waiting

        assert waiting == 5
        assert store.statistics().waiting == 0
        assert store.statistics().transactions == 8
        assert store._connections.open_count <= 3


async def test_two_stores_may_share_one_loop(url, an_execution):
    connecting = Connecting(url=url)
    async with (
        open_asyncio_host() as host,
        open_store(connecting, host=host) as one,
        open_store(connecting, host=host) as other,
    ):
        state = await one.transaction(lambda repos: repos.workflows.upsert(an_execution()))

        assert await other.read(lambda repos: repos.workflows.get(state.exec_id)) == state


async def test_a_store_whose_loop_has_ended_is_unavailable(url):
    async with AsyncExitStack() as hosting:
        host = await hosting.enter_async_context(open_asyncio_host())
        async with open_store(Connecting(url=url), host=host) as store:
            await hosting.aclose()

            with pytest.raises(UnavailableError, match="closed meanwhile"):
                await store.ping()
