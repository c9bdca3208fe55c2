"""A standalone project whose store is PostgreSQL."""

import json
import logging
import os
import subprocess
import sys

import pytest
import trio
from click.testing import CliRunner

from compozy.app import open_runtime
from compozy.cli.main import cli
from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


async def test_an_execution_is_carried_out_and_recorded_there(options, project, caplog):
    caplog.set_level(logging.INFO, "compozy.drivers.postgres")
    async with open_runtime(options()) as app:
        outputs = await app.run("greet", {"name": "Ada"})
        metrics = app.metrics.render().decode()
    async with open_runtime(options()) as app:
        [state] = (await app.executions.list(WorkflowFilter())).items

    assert outputs == {"text": "Hello, Ada!"}
    assert (state.status, state.output) == (Status.SUCCESS, outputs)
    assert 'store_driver="postgres"' in metrics
    assert not (project / ".compozy" / "compozy.db").exists()
    boots = [record.facts for record in caplog.records if record.msg == "schema is up to date"]
    newest = boots[0]["to"]
    assert [(boot["store_driver"], boot["from"], boot["to"]) for boot in boots] == [
        ("postgres", 0, newest),
        ("postgres", newest, newest),
    ]


@pytest.mark.parametrize(
    ("environ", "error", "message"),
    [
        ({"DB_URL": "postgres://127.0.0.1:1/shop"}, UnavailableError, "cannot be used now"),
        ({"DB_URL": ""}, InvalidError, "database.url: neither url nor host is given"),
        ({"DB_AUTO_MIGRATE": "false"}, ConflictError, "run `compozy migrate up`"),
    ],
)
async def test_a_first_start_without_the_database_fails_at_once_and_says_why(options, environ, error, message):
    with pytest.raises(error, match=message), trio.fail_after(20):
        async with open_runtime(options(**environ)):
            raise AssertionError


async def test_old_executions_are_forgotten_at_the_start(options, an_old_execution, told):
    async with open_runtime(options()) as app:
        store = app.tree["store"].get()
        records = [an_old_execution("old", days=31), an_old_execution("new", days=29)]
        await store.transaction(lambda here: here.archive.add(records))

    forgotten = told("old executions were forgotten")
    async with open_runtime(options(DB_RETENTION="30d")) as app:
        with trio.fail_after(20):
            await forgotten.wait()
        listed = [state.exec_id for state in (await app.executions.list(WorkflowFilter())).items]

    assert listed == ["new"]


def test_the_command_line_runs_on_it(project, database):
    environ = {"DB_DRIVER": "postgres", "DB_URL": database}

    def compozy(*arguments):
        return CliRunner(env=environ).invoke(cli, [*arguments, "--config", str(project)], prog_name="compozy")

    pending = compozy("migrate", "status")
    command = [sys.executable, "-m", "compozy", "run", "greet", "--input", "name=Ada", "-o", "json"]
    ran = subprocess.run(
        [*command, "--config", project], capture_output=True, text=True, check=False, env=os.environ | environ
    )
    current = compozy("migrate", "status", "-o", "json")
    pruned = compozy("data", "prune", "--older-than", "1us", "-o", "json")

    assert (pending.exit_code, ran.returncode, current.exit_code) == (4, 0, 0), ran.stderr
    assert json.loads(ran.stdout) == {"text": "Hello, Ada!"}
    assert json.loads(current.stdout)["driver"] == "postgres"
    assert json.loads(pruned.stdout)["forgotten"] == 1


def test_the_command_line_says_what_is_wrong_without_the_password(project):
    environ = os.environ | {"DB_DRIVER": "postgres", "DB_URL": "postgres://ada:hunter2@127.0.0.1:1/shop"}
    command = [sys.executable, "-m", "compozy", "serve", "--config", project]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)

    assert ended.returncode == 3
    assert "127.0.0.1:1/shop cannot be used now" in ended.stderr
    assert "hunter2" not in ended.stderr
