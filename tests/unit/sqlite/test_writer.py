"""Groups share one commit, and the closures of a group share nothing else."""

import sqlite3
from contextlib import closing
from queue import SimpleQueue

import pytest

from compozy.domain.errors import UnavailableError
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sqlite.connection import connect_writer
from compozy.drivers.sqlite.jobs import Job
from compozy.drivers.sqlite.migrations import apply_migrations
from compozy.drivers.sqlite.writer import MAX_GROUP, Writer


class ExpectedError(Exception):
    """What a closure raises on purpose."""


@pytest.fixture
def connection(path):
    """A writer's connection to a migrated file; whoever serves jobs with it closes it."""
    connection = connect_writer(path)
    apply_migrations(connection, read_migrations(schema_folder("sqlite")), path)
    yield connection
    connection.close()


@pytest.fixture
def serve(connection, path):
    """Return a function that carries out closures as if all had waited at once; returns the groups they ended in."""

    def serve(*works):
        jobs = [work if isinstance(work, Job) else Job(work, writes=True) for work in works]
        queue, groups = SimpleQueue(), []
        for job in [*jobs, None]:
            queue.put(job)

        def deliver(group):
            groups.append([jobs.index(job) for job in group])
            for job in group:
                job.settle()

        Writer(connection, str(path), queue, deliver).serve()
        return jobs, groups

    return serve


@pytest.fixture
def recorded(path, recorded_ids):
    """Return a function that reads which executions are recorded."""

    def recorded():
        with closing(sqlite3.connect(path)) as connection:
            return recorded_ids(connection)

    return recorded


def failing(work):
    async def fails(repositories):
        await work(repositories)
        raise ExpectedError

    return fails


async def test_all_that_waits_shares_one_commit(serve, connection, upsert, an_execution, recorded):
    statements = []
    connection.set_trace_callback(statements.append)
    states = [an_execution() for _ in range(5)]

    jobs, groups = serve(*(upsert(state) for state in states))

    assert groups == [[0, 1, 2, 3, 4]]
    assert statements.count("COMMIT") == 1
    assert [await job.answer() for job in jobs] == [[state] for state in states]
    assert recorded() == {state.exec_id for state in states}


async def test_a_group_has_a_largest_size(serve, upsert, an_execution):
    _, groups = serve(*(upsert(an_execution()) for _ in range(MAX_GROUP + 3)))

    assert list(map(len, groups)) == [MAX_GROUP, 3]


async def test_one_that_raises_takes_back_its_own_writes_only(serve, upsert, an_execution, recorded):
    a, b, c = (an_execution(exec_id=name) for name in "abc")

    (first, second, third), _ = serve(upsert(a), failing(upsert(b)), upsert(c))

    assert recorded() == {"a", "c"}
    assert await first.answer() == [a]
    assert await third.answer() == [c]
    with pytest.raises(ExpectedError):
        await second.answer()


async def test_a_read_in_a_group_sees_what_came_before_it(serve, upsert, an_execution):
    state = an_execution()
    read = Job(lambda repositories: repositories.workflows.get(state.exec_id), writes=False)

    serve(upsert(state), read)

    assert await read.answer() == state


async def test_a_commit_that_fails_fails_the_whole_group_and_leaves_nothing(
    serve, connection, path, upsert, an_execution, recorded
):
    # Without WAL a reader keeps a commit from ending: SQLite's own way to fail at exactly that point.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workflow_states").fetchall()
        (first, raised, last), groups = serve(
            upsert(an_execution()), failing(upsert(an_execution())), upsert(an_execution())
        )

    errors = []
    for job in (first, last):
        with pytest.raises(UnavailableError, match="database is locked; another process") as caught:
            await job.answer()
        errors.append(caught.value)
    with pytest.raises(ExpectedError):
        await raised.answer()
    assert groups == [[0, 1, 2]]
    assert errors[0] is not errors[1]
    assert recorded() == set()


async def test_the_writer_serves_on_after_a_commit_that_failed(serve, connection, path, upsert, an_execution, recorded):
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA busy_timeout = 0")
    state = an_execution()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workflow_states").fetchall()

        # One full group, as many again who share its failure because they waited, and one who comes after.
        async def lets_the_reader_go(repositories):
            reader.execute("ROLLBACK")
            return await repositories.workflows.upsert(state)

        jobs, groups = serve(*[upsert(an_execution())] * (2 * MAX_GROUP - 1), lets_the_reader_go)

    assert list(map(len, groups)) == [len(jobs) - 1, 1]
    assert await jobs[-1].answer() == state
    assert recorded() == {state.exec_id}


async def test_a_lock_that_is_not_given_fails_all_who_wait_at_once(serve, connection, path, upsert, an_execution):
    connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        jobs, groups = serve(*(upsert(an_execution()) for _ in range(4)))

    assert groups == [[0, 1, 2, 3]]
    for job in jobs:
        with pytest.raises(UnavailableError, match=r"compozy\.db cannot be used now: database is locked"):
            await job.answer()


async def test_a_full_disk_is_unavailable_and_never_leaves_half_a_transaction(
    serve, connection, upsert, an_execution, a_task_of, recorded
):
    [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    small, late = an_execution(), an_execution()
    large = a_task_of(small, input={"x": "x" * 100_000})

    async def goes_on_regardless(repositories):
        await repositories.workflows.upsert(small)
        with pytest.raises(UnavailableError, match="disk is full: make room"):
            await repositories.tasks.upsert_many([large])
        with pytest.raises(UnavailableError):
            await repositories.workflows.upsert(late)
        return "all is well"

    [job], _ = serve(goes_on_regardless)

    with pytest.raises(UnavailableError, match="disk is full: make room"):
        await job.answer()
    assert recorded() == set()


async def test_a_transaction_that_sqlite_took_back_by_itself_fails_the_whole_group(
    serve, connection, upsert, an_execution, recorded
):
    # SQLite takes the whole transaction back when a write is interrupted, not only the closure's savepoint.
    async def is_interrupted_and_goes_on(repositories):
        connection.set_progress_handler(lambda: True, 1)
        with pytest.raises(UnavailableError, match="interrupted"):
            await repositories.workflows.upsert(an_execution())
        connection.set_progress_handler(None, 1)
        with pytest.raises(UnavailableError, match="interrupted"):
            await repositories.workflows.upsert(an_execution())

    jobs, groups = serve(upsert(an_execution()), is_interrupted_and_goes_on, upsert(an_execution()))

    assert groups == [[0, 1, 2]]
    for job in jobs:
        with pytest.raises(UnavailableError, match="interrupted"):
            await job.answer()
    assert recorded() == set()


async def test_the_writer_serves_on_after_the_database_failed(serve, connection, upsert, an_execution, recorded):
    [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    works = [upsert(an_execution(input={"x": "x" * 100_000}))] * MAX_GROUP
    state = an_execution()

    jobs, _ = serve(*works, upsert(state))

    assert await jobs[-1].answer() == [state]
    assert recorded() == {state.exec_id}
