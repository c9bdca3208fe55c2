"""``compozy data copy`` and ``compozy data prune``, on SQLite files."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import trio
from rich.console import Console
from rich.progress import MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from compozy.app.copying import Progress
from compozy.cli.progress import BarProgress, PlainProgress
from compozy.contracts.store import Kind
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("COMPOZY_MODE", "DB_DRIVER", "DB_PATH", "DB_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fill():
    """Return a function that records executions, given as id, status and age in days, in a file."""

    def fill(path, *executions):
        states = [
            WorkflowState(
                exec_id=exec_id,
                workflow_id="greet",
                status=status,
                input={},
                created_at=NOW - timedelta(days=age + 1),
                updated_at=NOW - timedelta(days=age),
            )
            for exec_id, status, age in executions
        ]

        async def work():
            async with open_store(path) as store:
                await store.transaction(lambda here: here.archive.add(states))

        path.parent.mkdir(exist_ok=True)
        trio.run(work)

    return fill


@pytest.fixture
def ids():
    """Return a function that gives the ids of the executions in a file."""

    def ids(path):
        async def work():
            async with open_store(path) as store:
                records = await store.read(lambda here: here.archive.page(Kind.EXECUTIONS))
            return [record.exec_id for record in records]

        return trio.run(work)

    return ids


@pytest.fixture
def database(project):
    return project / ".compozy" / "compozy.db"


def test_the_database_of_the_project_can_be_named_so(invoke, project, database, fill, ids, tmp_path):
    fill(database, ("a", Status.SUCCESS, 1), ("b", Status.RUNNING, 1))
    target = tmp_path / "backup.db"

    result = invoke(
        "data", "copy", "--from", "project", "--to", f"sqlite:{target}", "--verify", "-o", "json", "-c", project
    )

    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert (outcome["from"], outcome["to"]) == (f"sqlite:{database}", f"sqlite:{target}")
    assert (outcome["unfinished"], outcome["verified"], outcome["dry_run"]) == (1, True, False)
    assert (
        "warning: 1 execution has not ended; it is copied as it stands, "
        "and what runs them (Temporal) is not moved" in result.stderr
    )
    assert ids(target) == ["a", "b"]


def test_the_table_says_what_was_there_and_what_was_copied(invoke, project, database, fill, tmp_path):
    fill(database, ("a", Status.SUCCESS, 1))

    result = invoke(
        "data", "copy", "--from", f"sqlite:{database}", "--to", f"sqlite:{tmp_path}/b.db", "--verify", "-o", "table"
    )

    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[1:]] == list(Kind)
    assert lines[1][1:4] == ["1", "0", "1"]
    assert all(line[-1] == "same" for line in lines[1:])


def test_what_was_tampered_with_after_the_copy_is_an_error(invoke, database, fill, tmp_path):
    fill(database, ("a", Status.SUCCESS, 1))
    fill(tmp_path / "b.db", ("a", Status.FAILED, 1))

    result = invoke("data", "copy", "--from", f"sqlite:{database}", "--to", f"sqlite:{tmp_path}/b.db")

    assert result.exit_code == 2
    assert f"error: the target sqlite:{tmp_path}/b.db: executions 'a' is there with another status" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "a.db", "--to", "sqlite:b.db"], "error: --from: 'a.db' names no database (write sqlite:PATH or"),
        (["--from", "sqlite:a.db", "--to", "b.db"], "error: --to: 'b.db' names no database (write sqlite:PATH or"),
        (["--from", "sqlite:/no/a.db", "--to", "sqlite:b.db"], "error: there is no file /no/a.db"),
    ],
)
def test_addresses_that_name_nothing_are_refused(invoke, arguments, message):
    result = invoke("data", "copy", *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith(message)


def test_plain_progress_tells_each_tenth_once(capsys):
    show = PlainProgress()
    for done in range(0, 1001, 25):
        show(Progress(doing="copying", kind=Kind.TASKS, done=done, total=1000))
    show(Progress(doing="copying", kind=Kind.USERS, done=0, total=0))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "copying tasks: 0 of 1000"
    assert lines[-2:] == ["copying tasks: 1000 of 1000", "copying users: 0 of 0"]
    assert len(lines) == 12


def test_a_terminal_has_a_bar_for_each_kind():
    drawn = StringIO()
    bars = Bars(TextColumn("{task.description}"), MofNCompleteColumn(), console=Console(file=drawn, width=80))
    show = BarProgress(bars)
    for kind, done in ((Kind.EXECUTIONS, 1), (Kind.EXECUTIONS, 2), (Kind.TASKS, 5)):
        show(Progress(doing="copying", kind=kind, done=done, total=4))
    bars.console.print(bars)

    assert [line.split() for line in drawn.getvalue().splitlines()] == [
        ["copying", "executions", "2/4"],
        ["copying", "tasks", "5/5"],  # more came while it was copied
    ]


def test_what_ended_long_ago_is_pruned(invoke, project, database, fill, ids):
    fill(database, ("old", Status.SUCCESS, 31), ("new", Status.FAILED, 29), ("running", Status.RUNNING, 99))

    dry = invoke("data", "prune", "--older-than", "30d", "--dry-run", "-c", project, "-o", "json")
    kept = ids(database)
    result = invoke("data", "prune", "--older-than", "30d", "-c", project, "-o", "json")
    again = invoke("data", "prune", "--older-than", "30d", "-c", project, "-o", "table")

    assert (json.loads(dry.stdout)["would_forget"], json.loads(dry.stdout)["forgotten"]) == (1, 0)
    assert kept == ["new", "old", "running"]
    assert json.loads(result.stdout)["forgotten"] == 1
    assert ids(database) == ["new", "running"]
    assert ["forgotten", "0"] in [line.split() for line in again.stdout.splitlines()]


@pytest.mark.parametrize(
    ("older_than", "message"),
    [
        ("30", "error: --older-than: '30' is not a duration"),
        ("5000000d", "error: --older-than: '5000000d' ago is before the first year"),
    ],
)
def test_an_age_that_is_none_is_refused(invoke, project, older_than, message):
    result = invoke("data", "prune", "--older-than", older_than, "-c", project)

    assert result.exit_code == 2
    assert result.stderr.startswith(message)


def test_pruning_makes_no_database(invoke, project, database):
    result = invoke("data", "prune", "--older-than", "30d", "-c", project)

    assert result.exit_code == 2
    assert "nothing was recorded there yet" in result.stderr
    assert not database.exists()
