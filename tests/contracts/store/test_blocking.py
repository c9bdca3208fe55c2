"""Trio's thread never waits for a database: everything else goes on meanwhile."""

import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest
import trio
import trio.testing

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.statuses import Status

PATIENCE_S = 3  # less than any driver waits for a lock

BLOCKING = {
    ("time", "sleep"),
    ("_socket", "getaddrinfo"),
    ("io", "open"),
    ("posix", "open"),
    ("posix", "fsync"),
    ("_sqlite3", "connect"),
}
BLOCKING_METHODS = {"connect", "accept", "sendall"}  # Trio itself wakes up by send and recv


def blocks(function) -> bool:
    """Tell whether a built-in function may wait for a disk, a network or another thread."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, sqlite3.Connection | sqlite3.Cursor):
        return True
    if isinstance(owner, socket.socket):
        return function.__name__ in BLOCKING_METHODS
    return (function.__module__, function.__name__) in BLOCKING


@contextmanager
def watched():
    """Yield a list that gets the name of every blocking call of this thread."""
    calls = []

    def note(_frame, event, function):
        if event == "c_call" and blocks(function):
            calls.append(repr(function))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def read_a_file(path):
    path.write_text("x")


@pytest.mark.parametrize(
    "call",
    [
        lambda _: sqlite3.connect(":memory:").close(),
        lambda _: time.sleep(0),
        lambda _: socket.getaddrinfo("127.0.0.1", 80),
        read_a_file,
    ],
)
def test_the_watch_sees_what_blocks(tmp_path, call: Callable):
    with watched() as calls:
        call(tmp_path / "file")

    assert calls


async def test_nothing_blocking_is_called_on_trios_thread(open_driver, an_execution, a_task):
    states = [an_execution(status=Status.RUNNING) for _ in range(20)]

    async def write(repositories, state):
        await repositories.workflows.upsert(state)
        await repositories.tasks.upsert_many([a_task(state.exec_id) for _ in range(20)])

    async def fail(repositories):
        await repositories.workflows.upsert(an_execution())
        raise KeyError

    with watched() as calls:
        async with open_driver() as store:
            async with trio.open_nursery() as nursery:
                for state in states:
                    nursery.start_soon(store.transaction, lambda repositories, state=state: write(repositories, state))
            with pytest.raises(KeyError):
                await store.transaction(fail)
            await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter()))
            await store.ping()
            store.statistics()

    assert calls == []


async def test_trio_goes_on_while_somebody_else_holds_what_a_transaction_needs(durable, an_execution):
    states = [an_execution() for _ in range(5)]
    async with durable.open() as store:
        let_go = durable.hold()
        async with trio.open_nursery() as nursery:
            for state in states:
                nursery.start_soon(
                    store.transaction, lambda repositories, state=state: repositories.workflows.upsert(state)
                )
            # If Trio's thread waited for the lock, we came here only after the driver had given up.
            with trio.fail_after(PATIENCE_S):
                await trio.testing.wait_all_tasks_blocked()
            assert store.statistics().transactions == 0
            let_go()

        assert await store.read(lambda repositories: repositories.archive.count(Kind.EXECUTIONS)) == len(states)
