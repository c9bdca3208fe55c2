"""Ends of transactions that no server can be made to bring about in time, on connections that follow a script."""

import asyncio

import pytest
from asyncpg import exceptions

from compozy.domain.errors import UnavailableError
from compozy.drivers.postgres.connections import Connections
from compozy.drivers.postgres.dialect import POSTGRES
from compozy.drivers.postgres.transactions import Transactions
from compozy.drivers.sql.repositories import Tools


class Connection:
    """As much of an asyncpg connection as a transaction uses; what it answers to which command is its script."""

    def __init__(self, **script):
        self.script = script
        self.is_ended = False
        self.commands = []

    async def execute(self, statement, timeout=None):  # noqa: ARG002, ASYNC109 - the name is asyncpg's
        command = statement.split()[0]
        self.commands.append(command)
        answer = self.script.get(command, command)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def is_closed(self):
        return self.is_ended

    def terminate(self):
        self.is_ended = True


@pytest.fixture
def transactions():
    """Return a function that makes transactions: on this idle connection, and on those ones when it is dead."""

    def make(idle, *others):
        new = iter(others)

        async def connect():
            return next(new)

        connections = Connections(connect, 1)
        connections._open.add(idle)
        connections.give_back(idle)
        return Transactions(connections, Tools(POSTGRES), "db")

    return make


async def do_nothing(_):
    return "done"


async def fail(_):
    raise LookupError


async def test_a_connection_in_disorder_is_replaced(transactions):
    dead = Connection(
        BEGIN=exceptions.InternalClientError("cannot switch"), ROLLBACK=exceptions.InternalClientError("cannot switch")
    )
    fresh = Connection()

    assert await transactions(dead, fresh).carry_out(do_nothing, writes=True) == "done"
    assert dead.is_ended
    assert fresh.commands == ["BEGIN", "COMMIT"]


async def test_a_server_that_does_not_answer_is_not_asked_twice(transactions):
    silent = Connection(BEGIN=TimeoutError(), ROLLBACK=TimeoutError())

    with pytest.raises(UnavailableError, match="does not answer"):
        await transactions(silent).carry_out(do_nothing, writes=True)
    assert silent.is_ended


async def test_what_a_closure_raised_counts_even_if_the_rollback_fails(transactions):
    connection = Connection(ROLLBACK=TimeoutError())

    with pytest.raises(LookupError):
        await transactions(connection).carry_out(fail, writes=True)
    assert connection.is_ended


async def test_a_rollback_that_is_cancelled_closes_the_connection(transactions):
    connection = Connection(ROLLBACK=asyncio.CancelledError())

    with pytest.raises(asyncio.CancelledError):
        await transactions(connection).carry_out(fail, writes=True)
    assert connection.is_ended


async def test_a_commit_that_the_server_made_a_rollback_is_not_taken_for_one(transactions):
    connection = Connection(COMMIT="ROLLBACK")

    with pytest.raises(RuntimeError, match="was not committed"):
        await transactions(connection).carry_out(do_nothing, writes=True)
    assert connection.commands == ["BEGIN", "COMMIT", "ROLLBACK"]
