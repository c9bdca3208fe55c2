"""``compozy migrate status`` and ``compozy migrate up``."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

SCHEMA = Path(__file__).parents[3] / "schema" / "sqlite"
NAMES = sorted(path.name for path in SCHEMA.glob("*.sql"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("COMPOZY_MODE", "DB_DRIVER", "DB_PATH", "DB_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def database(project):
    """Return where the project's database is; the folder is there, the file is not."""
    (project / ".compozy").mkdir(mode=0o700)
    return project / ".compozy" / "compozy.db"


def facts(result):
    return json.loads(result.stdout)


def test_a_database_that_is_not_there_needs_everything(invoke, project, database):
    result = invoke("migrate", "status", "-c", project, "-o", "json")

    assert result.exit_code == 4
    assert facts(result) == {
        "driver": "sqlite",
        "place": str(database),
        "version": 0,
        "known": len(NAMES),
        "pending": NAMES,
    }
    assert not database.exists()


def test_up_applies_what_is_pending_and_then_nothing_is(invoke, project, database):
    up = invoke("migrate", "up", "-c", project, "-o", "json")
    status = invoke("migrate", "status", "-c", project, "-o", "json")
    again = invoke("migrate", "up", "-c", project, "-o", "json")

    address = f"sqlite:{database}"
    newest = len(NAMES)
    assert (up.exit_code, status.exit_code, again.exit_code) == (0, 0, 0)
    assert facts(up) == {"database": address, "from": 0, "to": newest, "applied": newest, "backup": None}
    assert facts(status)["pending"] == []
    assert facts(again) == {"database": address, "from": newest, "to": newest, "applied": 0, "backup": None}


def test_a_database_in_use_is_copied_first(invoke, project, database):
    invoke("migrate", "up", "-c", project)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM schema_migrations WHERE version = 4")
        connection.execute("DROP INDEX task_states_by_event")
        for table, column in (
            ("task_states", "awaits"),
            ("workflow_states", "trigger"),
            ("workflow_states", "first_task"),
        ):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.commit()

    result = invoke("migrate", "up", "-c", project, "-o", "json")

    assert (facts(result)["from"], facts(result)["to"]) == (3, 4)
    assert Path(facts(result)["backup"]).parent == database.parent
    assert Path(facts(result)["backup"]).is_file()


def test_tables_have_a_row_for_each_fact(invoke, project, database):
    status = invoke("migrate", "status", "-c", project, "-o", "table")
    up = invoke("migrate", "up", "-c", project, "-o", "table")

    assert [line.split()[0] for line in status.stdout.splitlines() if line[0] != " "] == [
        "driver",
        "database",
        "version",
        "known",
        "pending",
    ]
    assert [line.split()[0] for line in up.stdout.splitlines() if line[0] != " "] == [
        "database",
        "from",
        "to",
        "applied",
    ]


def test_another_database_can_be_named(invoke, project, tmp_path):
    other = f"sqlite:{tmp_path}/other.db"

    assert invoke("migrate", "status", "-c", project, "--database", other).exit_code == 4
    assert invoke("migrate", "up", "-c", project, "--database", other).exit_code == 0
    assert invoke("migrate", "status", "-c", project, "--database", other).exit_code == 0


def test_a_newer_database_is_refused(invoke, project, database):
    invoke("migrate", "up", "-c", project)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (99, '0099_later.sql', '', '')")
        connection.commit()

    for command in ("status", "up"):
        result = invoke("migrate", command, "-c", project)
        assert result.exit_code == 2
        assert "use the newer program, or another database" in result.stderr


def test_workflows_may_be_wrong(invoke, project, database):
    (project / "workflows" / "hello.yaml").write_text("id: [")

    assert invoke("migrate", "up", "-c", project).exit_code == 0


def test_a_server_that_cannot_be_reached_is_told_without_the_password(invoke, project, monkeypatch):
    monkeypatch.setenv("DB_DRIVER", "postgres")
    monkeypatch.setenv("DB_URL", "postgresql://ada:hunter2@127.0.0.1:1/shop")

    result = invoke("migrate", "status", "-c", project)

    assert result.exit_code == 3
    assert "127.0.0.1:1/shop cannot be used now" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_project_that_names_no_server_is_told_the_setting(invoke, project, monkeypatch):
    monkeypatch.setenv("DB_DRIVER", "postgres")

    result = invoke("migrate", "status", "-c", project)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: database.url: neither url nor host is given")
