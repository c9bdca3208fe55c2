"""A project in distributed mode at its start: what it waits for, and what no waiting can mend."""

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.app.options import load
from compozy.app.runtime import deployment_of, simplest
from compozy.app.tree import build_tree
from compozy.cli.exits import Exit, exit_of
from compozy.domain.errors import CompozyError, InvalidError, NewerSchemaError
from compozy.telemetry.metrics import Metrics
from supervisors import State, TreeFailed

pytestmark = pytest.mark.slow


@pytest.fixture
def distributed(project, database, redis):
    """Return a function that gives the tree of one actor and of what it needs; keywords are further variables."""
    (project / "compozy.yaml").write_text((project / "compozy.yaml").read_text().replace("standalone", "distributed"))

    def distributed(actor, **environ):
        loaded = load(Options(path=project, environ={"DB_URL": database, "REDIS_URL": redis.url} | environ))
        return build_tree(loaded, Metrics(deployment_of(loaded))).only(actor)

    return distributed


async def ending(tree):
    """Return the error that ended the start of a tree."""
    with trio.fail_after(20), pytest.raises(TreeFailed) as caught:
        async with tree.open():
            raise AssertionError
    return simplest(caught.value)


async def test_a_database_that_does_not_exist_is_not_waited_for(distributed, database):
    error = await ending(distributed("store", DB_URL=database.replace("/test_", "/absent_")))

    assert isinstance(error, InvalidError)
    assert exit_of([error]) is Exit.INVALID


async def test_a_schema_that_a_newer_program_made_is_not_waited_for(distributed, database, server):
    async with distributed("store").open():
        pass
    name = database.partition("?")[0].rpartition("/")[2]
    sql = "INSERT INTO schema_migrations SELECT max(version) + 1, 'later', 'x', now() FROM schema_migrations"
    server.run_sql(sql, database=name)
    error = await ending(distributed("store"))

    assert isinstance(error, NewerSchemaError)
    assert exit_of([error]) is Exit.INVALID


async def test_a_server_that_is_down_is_waited_for(distributed, redis):
    redis.kill()
    failed = trio.Event()

    def note(event):
        if event.to_state is State.FAILED:
            failed.set()

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:

            async def come_back():
                await failed.wait()
                await trio.to_thread.run_sync(redis.start)

            nursery.start_soon(come_back)
            async with distributed("cache").open(on_event=note) as live:
                await live["cache"].get().ping()

    assert live["cache"].status().generation > 1


async def test_whoever_embeds_a_project_is_told_at_once(project, distributed):
    distributed("store")
    environ = {"DB_URL": "postgres://127.0.0.1:1/shop", "REDIS_URL": "redis://127.0.0.1:1"}
    with trio.fail_after(20), pytest.raises((CompozyError, TreeFailed)):
        async with open_runtime(Options(path=project, environ=environ)):
            raise AssertionError
