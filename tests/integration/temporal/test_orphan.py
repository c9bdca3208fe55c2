"""A real Temporal server that outlived both its program and its reaper."""

import subprocess

import psutil
import pytest
import trio

from compozy.app.temporal_lock import open_database_lock
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer, database_lock
from compozy.drivers.temporal.ports import LOOPBACK, free_ports


@pytest.fixture
def orphan(database):
    """A server on the database, in the group of a leader that has ended; it has the lock, and nobody else has."""
    database.parent.mkdir()
    port, http_port, metrics_port = free_ports(3)
    server = DevServer(
        binary=find_cli(),
        database_file=database,
        ip=LOOPBACK,
        port=port,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    with (
        subprocess.Popen(["sleep", "60"], process_group=0) as reaper,
        database_lock(database) as inherited,
        (database.parent / "output").open("wb") as output,
    ):
        process = subprocess.Popen(
            server.argv, process_group=reaper.pid, pass_fds=inherited, stdout=output, stderr=subprocess.STDOUT
        )
        reaper.kill()
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
async def test_a_server_that_nobody_looks_after_is_ended_by_whoever_needs_its_database(orphan, database, caplog):
    with trio.fail_after(10):
        async with open_database_lock(database, find_cli()):
            orphan.wait(1)

    assert not psutil.pid_exists(orphan.pid)
    ended = [record.facts for record in caplog.records if "left behind is ended" in record.message]
    assert ended == [{"pid": orphan.pid}]
