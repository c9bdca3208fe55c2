"""Databases of both kinds, empty or full, and the command that copies between them."""

import secrets
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trio
from click.testing import CliRunner

from compozy.app.addresses import parse_address
from compozy.cli.main import cli
from compozy.contracts.store import Kind
from compozy.domain.accounts import User, new_api_key
from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.payloads import Payload, payload_key
from compozy.domain.statuses import Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)

EVERY_BYTE = bytes(range(256)) * 20
ODD = {
    "big": 2**70,
    "exact": 10**23,
    "float": 1e23,
    "zero": [0, 0.0, -0.0, False, None, ""],
    "text": "é😀\u2028\0\ud800",
    "": {"empty": {}, "list": []},
}


def records(executions):
    """Return so many executions with two tasks each, two users and a key each, and large values of some executions.

    What values can be like is in them.
    """
    states = [
        WorkflowState(
            exec_id=f"e{number:06}" + ("é" if number % 7 == 0 else ""),
            workflow_id=f"w{number % 3}",
            status=list(Status)[number % len(Status)],
            input=ODD | {"number": number},
            output=[number / 3, None] if number % 2 else None,
            error=Failure(code="TOOL_FAILED", message="no\0", details=ODD) if number % 5 == 0 else None,
            parent_exec_id="e000000" if number % 4 == 1 else None,
            created_at=NOON + timedelta(microseconds=number),
            updated_at=NOON + timedelta(seconds=number),
        )
        for number in range(executions)
    ]
    tasks = [
        TaskState(
            task_exec_id=f"{state.exec_id}-{number}",
            task_id="t",
            type=list(TaskType)[number],
            exec_id=state.exec_id,
            workflow_id=state.workflow_id,
            parent_id=f"{state.exec_id}-0" if number else None,
            status=Status.SUCCESS,
            input=ODD,
            attempt=number + 1,
            created_at=state.created_at,
            updated_at=state.updated_at,
        )
        for state in states
        for number in range(2)
    ]
    users = [User(user_id=name, email=f"{name}@example.org", created_at=NOON) for name in ("ada", "zoé")]
    keys = [new_api_key(user.user_id, at=NOON)[1] for user in users]
    contents = [(state.exec_id, EVERY_BYTE * (number % 1000)) for number, state in enumerate(states[::10])]
    payloads = [
        Payload(key=payload_key(exec_id, content), exec_id=exec_id, created_at=NOON, content=content)
        for exec_id, content in contents
    ]
    return [*states, *tasks, *users, *keys, *payloads]


@pytest.fixture
def server(postgres_server):
    return postgres_server


@pytest.fixture
def postgres(server):
    """Return a function that makes a database and gives its address; at the end nobody may be connected to one."""
    names = []

    def postgres():
        names.append(f"test_{secrets.token_hex(4)}")
        server.create_database(names[-1])
        return server.url(names[-1])

    yield postgres
    for name in names:
        try:
            server.run_sql(f"DROP DATABASE {name}")
        except InvalidError:
            server.drop_database(name)
            raise


@pytest.fixture
def sqlite(tmp_path):
    """Return a function that gives the address of a file that is not there yet."""
    names = (f"sqlite:{tmp_path}/{name}.db" for name in "abc")
    return lambda: next(names)


@pytest.fixture
def make(postgres, sqlite):
    """Return a function that makes an empty database of a kind and gives its address."""
    return lambda kind: {"postgres": postgres, "sqlite": sqlite}[kind]()


@asynccontextmanager
async def opened(address):
    async with parse_address(address, option="test").open(auto_migrate=True) as store:
        yield store


@pytest.fixture
def fill():
    """Return a function that records so many executions, and what belongs to them."""

    async def fill(address, executions):
        wanted = records(executions)
        async with opened(address) as store:
            for start in range(0, len(wanted), 1000):
                await store.transaction(lambda here, start=start: here.archive.add(wanted[start : start + 1000]))

    return lambda address, executions: trio.run(fill, address, executions)


_KEYS = {
    Kind.EXECUTIONS: "exec_id",
    Kind.TASKS: "task_exec_id",
    Kind.USERS: "user_id",
    Kind.API_KEYS: "key_id",
    Kind.PAYLOADS: "key",
}


@pytest.fixture
def contents():
    """Return a function that gives all that a database holds."""

    async def contents(address):
        async def pages(here):
            found = []
            for kind in Kind:
                after = ""
                while page := await here.archive.page(kind, after=after, limit=1000):
                    found += page
                    after = getattr(page[-1], _KEYS[kind])
            return found

        async with opened(address) as store:
            return await store.read(pages)

    return lambda address: trio.run(contents, address)


@pytest.fixture
def command():
    """Return the command line that copies."""
    return lambda source, target: [sys.executable, "-m", "compozy", "data", "copy", "--from", source, "--to", target]


@pytest.fixture
def copy():
    """Return a function that copies with these options, within this process."""

    def copy(source, target, *options):
        arguments = ["data", "copy", "--from", source, "--to", target, *options]
        return CliRunner(env={"COLUMNS": "200"}).invoke(cli, arguments, prog_name="compozy")

    return copy
