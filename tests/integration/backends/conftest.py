"""A project, and real servers of PostgreSQL and Redis that it may stand on."""

import logging
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import trio

from compozy.app import Options
from compozy.domain.errors import InvalidError
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.testing import open_redis_server

PROJECT = """
name: test
mode: standalone
server: {port: 0}
workflows: [{source: greet.yaml}]
tools: [{id: say}]
runtime: {entrypoint: tools.py}
"""
WORKFLOW = """
id: greet
tasks:
  - {id: say, tool: say, with: {name: "{{ .input.name }}"}}
outputs: {text: "{{ .tasks.say.output.text }}"}
"""
TOOLS = """
def say(input):
    return {"text": f"Hello, {input['name']}!"}
"""


@pytest.fixture
def server(postgres_server):
    return postgres_server


@pytest.fixture
def database(server):
    """The URL of an empty database; at the end nobody may be connected to it."""
    name = f"test_{secrets.token_hex(4)}"
    server.create_database(name)
    yield server.url(name)
    try:
        server.run_sql(f"DROP DATABASE {name}")
    except InvalidError:
        server.drop_database(name)
        raise


@pytest.fixture(scope="session")
def running_redis():
    with open_redis_server() as server:
        yield server


@pytest.fixture
def redis(running_redis):
    """A server that runs and is empty; the test may kill it and start it. At the end nobody may be connected to it."""
    running_redis.ask("FLUSHALL")
    yield running_redis
    assert len(running_redis.ask("CLIENT", "LIST").splitlines()) == 1  # who asks


@pytest.fixture
def project(tmp_path):
    """Return the folder of a project with one workflow."""
    for name, text in (("compozy.yaml", PROJECT), ("greet.yaml", WORKFLOW), ("tools.py", TOOLS)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def options(project, database):
    """Return a function that gives the options of the project on that database; keywords are further variables."""
    return lambda **environ: Options(path=project, environ={"DB_DRIVER": "postgres", "DB_URL": database} | environ)


@pytest.fixture
def an_old_execution():
    """Return a function that makes an execution which ended so many days ago."""

    def make(exec_id, *, days):
        ended = datetime.now(UTC) - timedelta(days=days)
        return WorkflowState(
            exec_id=exec_id,
            workflow_id="greet",
            status=Status.SUCCESS,
            input={},
            created_at=ended,
            updated_at=ended,
        )

    return make


@pytest.fixture
def told():
    """Return a function that gives an event which is set as soon as the program logs this."""
    handlers = []

    def told(text):
        event = trio.Event()
        handler = logging.Handler()
        handler.emit = lambda record: event.set() if record.msg == text else None
        logging.getLogger("compozy").addHandler(handler)
        handlers.append(handler)
        return event

    logging.getLogger("compozy").setLevel(logging.INFO)
    yield told
    logging.getLogger("compozy").setLevel(logging.NOTSET)
    for handler in handlers:
        logging.getLogger("compozy").removeHandler(handler)
