"""Reads: one question takes one round trip, several see one snapshot."""

from functools import partial

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import NotFoundError
from compozy.drivers.postgres import open_store


@pytest.fixture
def look():
    """Return a closure that reads one execution."""

    async def look(repositories):
        return await repositories.workflows.get("a")

    return look


async def test_one_question_takes_one_round_trip(proxy, through, put_pair, look):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        await store.read(look)  # the server gets to know the statement
        proxy.hold_at(None)

        await store.read(look)

        assert proxy.words == 2


async def test_an_execution_is_read_with_its_tasks_in_one_round_trip(proxy, through, put_pair):
    async def read(repositories):
        return await repositories.workflows.get_with_tasks("a")

    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        await store.read(read)  # the server gets to know the statement
        proxy.hold_at(None)

        execution, [task] = await store.read(read)

        assert (execution.exec_id, task.exec_id) == ("a", "a")
        assert proxy.words == 2


async def test_several_questions_see_one_snapshot(store, put_pair, server, database, look):
    await store.transaction(put_pair("a"))
    runs = []

    async def compare(repositories):
        runs.append("begun")
        first = await look(repositories)
        server.run_sql("UPDATE workflow_states SET updated_at = now() WHERE exec_id = 'a'", database=database)
        second = await look(repositories)
        runs.append("ended")
        return first, second

    first, second = await store.read(compare)
    assert first == second
    assert runs == ["begun", "begun", "ended"]
    assert first != (await store.read(compare))[0]
    assert runs[3:] == ["begun", "ended"]  # it is known by now


async def test_what_a_closure_makes_of_being_given_up_does_not_matter(store, put_pair, look):
    await store.transaction(put_pair("a"))

    async def stubborn(repositories):
        await look(repositories)
        try:
            return await look(repositories)
        except Exception:  # noqa: BLE001 - what it must not do
            return None

    assert (await store.read(stubborn)).exec_id == "a"


async def test_a_question_without_an_answer_leaves_the_connection_as_it_was(store, look):
    for _ in range(3):
        with pytest.raises(NotFoundError):
            await store.read(look)

    assert store._connections.open_count == store._connections.idle_count == 1


async def test_a_connection_found_dead_by_a_question_is_replaced_without_an_error(store, sql, put_pair, look):
    await store.transaction(put_pair("a"))
    await sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'compozy'"
    )

    assert (await store.read(look)).exec_id == "a"


async def test_a_connection_that_dies_with_a_question_is_replaced_without_an_error(
    proxy, through, put_pair, look, while_cut
):
    async with open_store(through()) as store:
        await store.transaction(put_pair("a"))
        proxy.hold_at(1)

        state = await while_cut(lambda: store.read(look))

        assert state.exec_id == "a"


async def test_a_read_sees_what_ended_before_it(store, put_pair):
    for number in range(20):
        await store.transaction(put_pair(f"{number:02}"))

        page = await store.read(lambda repos: repos.workflows.list(WorkflowFilter()))
        assert page.items[0].exec_id == f"{number:02}"


async def test_what_has_no_code_reads_as_well(store, put_pair, look):
    class Looking:
        async def __call__(self, repositories):
            return await look(repositories)

    await store.transaction(put_pair("a"))

    assert (await store.read(Looking())).exec_id == "a"
    assert (await store.read(partial(look))).exec_id == "a"
