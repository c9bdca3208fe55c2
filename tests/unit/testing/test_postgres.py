"""A real server that does what it is told, and keeps what was committed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing import open_postgres_server

pytestmark = pytest.mark.slow  # the server takes half a second to start


@pytest.fixture
def own_server():
    """A server that the test may stop."""
    with open_postgres_server() as server:
        yield server


def _connect(server, database, use):
    """Return what ``use`` makes of a connection of asyncpg."""

    async def main():
        connection = await asyncpg.connect(server.url(database))
        try:
            return await use(connection)
        finally:
            connection.terminate()

    return asyncio.run(main())


def test_databases_are_separate(server, database):
    server.create_database("other")
    server.run_sql("CREATE TABLE cart (item text)", database=database)

    with pytest.raises(InvalidError, match='relation "cart" does not exist'):
        server.run_sql("SELECT * FROM cart", database="other")
    server.drop_database("other")


@pytest.mark.parametrize("name", ["plain", 'a b/c?d&e=f%20"g"', "schön"])
def test_url_is_understood_by_asyncpg_whatever_the_name(server, name):
    server.create_database(name)

    connected_to = _connect(server, name, lambda connection: connection.fetchval("SELECT current_database()"))

    assert connected_to == name
    server.drop_database(name)


def test_rows_come_one_a_line(server):
    assert server.run_sql("SELECT * FROM (VALUES (1, 'ä'), (2, NULL)) AS t") == "1|ä\n2|"


def test_statement_that_fails_says_what_the_server_said(server):
    with pytest.raises(InvalidError, match=r"division by zero.*'SELECT 1/0'"):
        server.run_sql("SELECT 1/0")


def test_template_is_copied_with_what_is_in_it(server, database):
    server.run_sql("CREATE TABLE cart AS SELECT 'pear' AS item", database=database)

    server.create_database("copy", template=database)

    assert server.run_sql("SELECT item FROM cart", database="copy") == "pear"
    server.drop_database("copy")


def test_database_is_not_created_twice(server, database):
    with pytest.raises(InvalidError, match="already exists"):
        server.create_database(database)


def test_drop_takes_a_database_from_whoever_is_connected_to_it(server, database):
    async def use(connection):
        await asyncio.to_thread(server.drop_database, database)
        await connection.fetchval("SELECT 1")

    with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError)):
        _connect(server, database, use)
    assert database not in server.run_sql("SELECT datname FROM pg_database").splitlines()


def test_drop_of_a_database_that_is_not_there_does_nothing(server):
    server.drop_database("none")


def test_text_is_unicode_and_sorts_by_code_point(server):
    rows = server.run_sql("SELECT w, upper(w) FROM (VALUES ('ä'), ('z'), ('Z')) AS t (w) ORDER BY w")

    assert rows == "Z|Z\nz|Z\nä|Ä"


def test_server_listens_on_no_port(server):
    assert server.run_sql("SHOW listen_addresses") == ""


def test_log_tail_ends_with_what_the_server_wrote_last(server):
    server.run_sql("DO $$ BEGIN RAISE LOG 'here I am'; END $$")

    assert "here I am" in server.log_tail(lines=5)
    assert len(server.log_tail(lines=5).splitlines()) <= 5


def test_stop_and_start_keep_the_data(own_server):
    own_server.run_sql("CREATE TABLE cart AS SELECT 'pear' AS item")
    pid = own_server.pid

    own_server.stop()
    own_server.start()

    assert own_server.run_sql("SELECT item FROM cart") == "pear"
    assert own_server.pid != pid
    assert "database system was shut down" in own_server.log_tail()


def test_kill_and_start_keep_what_was_committed_and_nothing_else(own_server):
    async def use(connection):
        await connection.execute("CREATE TABLE cart AS SELECT 'pear' AS item")
        await connection.execute("BEGIN; INSERT INTO cart VALUES ('plum')")
        await asyncio.to_thread(own_server.kill)

    _connect(own_server, "postgres", use)
    own_server.start()

    assert own_server.run_sql("SELECT item FROM cart") == "pear"
    assert "automatic recovery in progress" in own_server.log_tail()


def test_kill_spares_no_child_that_is_busy(own_server, family, wait_ended):
    async def use(connection):
        is_busy = asyncio.Event()
        connection.add_log_listener(lambda *_: is_busy.set())
        busy = asyncio.create_task(connection.execute("DO $$ BEGIN RAISE NOTICE 'busy'; LOOP END LOOP; END $$"))
        await is_busy.wait()
        processes = family(own_server)
        own_server.kill()
        await asyncio.gather(busy, return_exceptions=True)
        return processes

    assert wait_ended(_connect(own_server, "postgres", use))


def test_server_that_somebody_else_killed_can_be_started(own_server, family, wait_ended):
    own_server.run_sql("CREATE TABLE cart AS SELECT 'pear' AS item")
    [postmaster, *_] = family(own_server)

    postmaster.kill()
    assert wait_ended([postmaster])
    own_server.start()

    assert own_server.run_sql("SELECT item FROM cart") == "pear"


def test_stopped_server_says_so(own_server):
    own_server.stop()
    own_server.stop()

    with pytest.raises(UnavailableError, match="start it first"):
        own_server.kill()
    with pytest.raises(UnavailableError, match="start it first"):
        _ = own_server.pid
    with pytest.raises(UnavailableError, match="connection to server"):
        own_server.run_sql("SELECT 1")


def test_server_that_runs_is_not_started_twice(server):
    with pytest.raises(InvalidError, match=f"runs already, as process {server.pid}"):
        server.start()


def test_server_that_does_not_start_shows_its_log_and_starts_once_the_cause_is_gone(own_server):
    own_server.run_sql("ALTER SYSTEM SET max_connections = 100")
    own_server.stop()
    settings = own_server._data / "postgresql.auto.conf"
    good = settings.read_text()

    settings.write_text("nonsense = 1\n")
    with pytest.raises(UnavailableError, match='unrecognized configuration parameter "nonsense"'):
        own_server.start()
    settings.write_text(good)
    own_server.start()

    assert own_server.run_sql("SELECT 1") == "1"


def test_calls_from_several_threads_are_served_side_by_side(server):
    names = [f"side_{number}" for number in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(server.create_database, names))
        list(pool.map(server.drop_database, names))

    assert not set(names) & set(server.run_sql("SELECT datname FROM pg_database").splitlines())
