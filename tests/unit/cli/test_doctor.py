"""``compozy doctor``."""

import json
import os
import socket
import subprocess
import sys

import psutil
import pytest
import trio

from compozy.app.state_folder import open_state_folder
from compozy.cli.doctoring.backends import examine_cache, examine_database, examine_redis
from compozy.cli.doctoring.findings import Level, exit_for, fail, ok, warn
from compozy.cli.doctoring.machine import examine_port, examine_python, examine_temporal
from compozy.cli.doctoring.projects import import_apart
from compozy.cli.doctoring.state_folder import examine_disk, examine_leftovers, examine_lock, examine_permissions
from compozy.cli.exits import Exit
from compozy.config.documents import Document
from compozy.config.resolution import resolve_settings
from compozy.config.sections import Sections
from compozy.drivers import sqlite, sugardb
from compozy.testing import open_redis_server


@pytest.fixture
def examined(invoke, project, monkeypatch):
    """Return what the doctor finds on the project, by name, and its exit code."""
    monkeypatch.setenv("SERVER_PORT", "0")

    def examined():
        result = invoke("doctor", "-c", project, "-o", "json")
        return {each["name"]: each for each in json.loads(result.stdout)}, result.exit_code

    return examined


@pytest.mark.slow
def test_fresh_project_is_in_good_health(examined, project):
    found, exit_code = examined()

    assert {name: each["level"] for name, each in found.items()} == dict.fromkeys(
        [
            *("python", "project", "entrypoint", "temporal", "port", "state folder", "lock", "leftovers"),
            *("database", "cache", "disk"),
        ],
        "ok",
    )
    assert exit_code == 0
    assert not (project / ".compozy").exists()


@pytest.mark.slow
def test_problems_of_the_project_are_findings_and_the_rest_is_examined_all_the_same(examined, project):
    (project / "workflows" / "hello.yaml").write_text("id: hello\ntasks: []\n")

    found, exit_code = examined()

    assert found["project"]["level"] == "fail"
    assert found["project"]["detail"].startswith(f"{project}/workflows/hello.yaml:")
    assert {"port", "lock", "disk"} <= found.keys()
    assert exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("print('hello', flush=True)\n1 / 0\n", "importing it raised ZeroDivisionError: division by zero"),
        ("def broken(:\n", "importing it raised SyntaxError"),
        ("import os\nos._exit(7)\n", "ended the interpreter with exit code 7: it said nothing"),
    ],
    ids=["raises", "is no Python", "ends the interpreter"],
)
def test_entrypoint_that_cannot_be_imported_is_told_with_the_reason(examined, project, code, detail):
    (project / "tools.py").write_text(code)

    found, exit_code = examined()

    assert found["entrypoint"]["level"] == "fail"
    assert detail in found["entrypoint"]["detail"]
    assert exit_code == 1


@pytest.mark.slow
def test_tool_that_the_entrypoint_lacks_is_named_with_what_was_meant(examined, project):
    (project / "tools.py").write_text("def gret(input, config): ...\n\ndef count_letters(input, config): ...\n")

    found, _ = examined()

    assert found["tools"]["level"] == "fail"
    assert found["tools"]["detail"] == "tools.py has no function 'greet'"
    assert "did you mean 'gret'?" in found["tools"]["fix"]


@pytest.mark.slow
def test_what_an_entrypoint_prints_does_not_disturb_the_answer(tmp_path):
    (tmp_path / "tools.py").write_text("print('noise')\n\ndef greet(input): ...\n")

    assert import_apart(tmp_path / "tools.py") == {"tools": ["greet"]}


def test_table_shows_each_cure_under_its_finding(invoke, tmp_path):
    result = invoke("doctor", "-c", tmp_path, "-o", "table")

    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["ok", "python"]
    assert any(line.startswith("fail  project") for line in lines)
    assert any("→ correct it" in line for line in lines)
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("version", "level"), [((3, 11, 0), Level.OK), ((3, 10, 9), Level.FAIL), ((4, 0, 0), Level.OK)]
)
def test_python_that_is_too_old_fails(version, level):
    assert examine_python(version).level is level


def test_temporal_that_is_not_there_fails_with_the_cure(tmp_path):
    finding = examine_temporal(str(tmp_path / "temporal"))

    assert finding.level is Level.FAIL
    assert "pip install 'compozy[standalone]'" in finding.fix


def test_temporal_that_does_not_run_fails(tmp_path):
    binary = tmp_path / "temporal"
    binary.write_text("#!/bin/sh\nexit 3\n")
    binary.chmod(0o700)

    finding = examine_temporal(str(binary))

    assert finding.level is Level.FAIL
    assert "does not run" in finding.detail


@pytest.mark.parametrize(("holder", "level"), [(None, Level.FAIL), (4711, Level.WARN)])
def test_port_in_use_fails_unless_our_own_server_has_it(holder, level):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        finding = examine_port("127.0.0.1", port, holder=holder)

    assert finding.level is level
    assert f"127.0.0.1:{port}" in finding.detail
    assert "--port" in finding.fix


def test_free_port_is_left_free():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

    assert examine_port("127.0.0.1", port, holder=None).level is Level.OK
    assert examine_port("127.0.0.1", port, holder=None).level is Level.OK
    assert examine_port("127.0.0.1", 0, holder=None).level is Level.OK


@pytest.mark.parametrize(("mode", "level"), [(0o700, Level.OK), (0o750, Level.WARN), (0o707, Level.WARN)])
def test_state_folder_open_to_others_is_a_warning(tmp_path, mode, level):
    folder = tmp_path / ".compozy"
    folder.mkdir()
    folder.chmod(mode)

    [finding] = examine_permissions(folder)

    assert finding.level is level


@pytest.mark.parametrize("path", [".compozy", ".compozy/cache"])
def test_folder_that_is_a_file_or_within_one_fails(tmp_path, path):
    (tmp_path / ".compozy").touch()

    [finding] = examine_permissions(tmp_path / path)

    assert finding.level is Level.FAIL
    assert finding.fix == f"move {tmp_path / '.compozy'} away"


def test_held_lock_names_the_process_and_a_free_one_nobody(tmp_path):
    with open_state_folder(tmp_path / "state"):
        held, holder = examine_lock(tmp_path / "state")
    free, nobody = examine_lock(tmp_path / "state")

    assert (held.level, holder) == (Level.OK, os.getpid())
    assert f"process {os.getpid()}" in held.detail
    assert (free.level, nobody) == (Level.OK, None)


def test_temporal_server_without_its_runtime_is_found(tmp_path):
    folder = tmp_path / ".compozy"
    program = "print('up', flush=True); input()"
    command = [sys.executable, "-c", program, "start-dev", "--db-filename", str(folder / "temporal.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline()  # before that, its command line may not be there to be read
        here = [psutil.Process(child.pid)]
        orphaned = examine_leftovers(folder, is_held=False, processes=here)
        elsewhere = examine_leftovers(tmp_path / "other", is_held=False, processes=here)
        supervised = examine_leftovers(folder, is_held=True, processes=here)
        child.communicate(b"\n")

    assert (orphaned.level, orphaned.fix) == (Level.WARN, f"kill {child.pid}")
    assert elsewhere.level is Level.OK
    assert supervised.level is Level.OK


@pytest.fixture
def settings_of(tmp_path):
    """Return a function from environment variables to the settings of a standalone project."""

    def settings_of(**environ):
        document = Document(file="compozy.yaml", data={}, marks={})
        environ = {"COMPOZY_MODE": "standalone"} | environ
        settings, problems = resolve_settings(document, Sections(), root=tmp_path, environ=environ, flags={})
        assert problems == []
        return settings

    return settings_of


async def migrated(path):
    await sqlite.migrate(path)


def test_database_that_lacks_migrations_fails_only_when_a_start_does_not_apply_them(settings_of, tmp_path):
    before = examine_database(settings_of().database)
    by_hand = examine_database(settings_of(DB_AUTO_MIGRATE="false").database)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".compozy").mkdir()
    trio.run(migrated, tmp_path / ".compozy" / "compozy.db")
    after = examine_database(settings_of(DB_AUTO_MIGRATE="false").database)

    assert (before.level, by_hand.level, after.level) == (Level.OK, Level.FAIL, Level.OK)
    assert "the next start applies 0001" in before.detail
    assert by_hand.fix == "compozy migrate up"
    assert "current" in after.detail


def test_database_in_memory_is_a_warning(settings_of):
    assert examine_database(settings_of(DB_PATH=":memory:").database).level is Level.WARN


@pytest.mark.slow
def test_servers_that_are_not_there_are_told_without_the_password(settings_of):
    nowhere = "://ada:hunter2@127.0.0.1:1"
    settings = settings_of(DB_DRIVER="postgres", DB_URL=f"postgres{nowhere}/x", REDIS_URL=f"redis{nowhere}")

    findings = [examine_database(settings.database), examine_redis(settings.redis)]

    assert [finding.level for finding in findings] == [Level.FAIL, Level.FAIL]
    assert all("127.0.0.1:1" in finding.detail for finding in findings)
    assert "hunter2" not in str(findings)


@pytest.mark.slow
def test_redis_is_asked_where_it_is_used_and_nowhere_else(settings_of):
    with open_redis_server() as server:
        url = {"REDIS_URL": server.url}
        unused = examine_cache(settings_of(**url))
        counting = examine_cache(settings_of(RATELIMIT_BACKEND="redis", **url))
        used = examine_cache(settings_of(REDIS_MODE="distributed", **url))

        assert [finding.name for finding in unused] == ["cache"]
        assert [finding.name for finding in counting] == ["cache", "redis"]
        assert [(finding.name, finding.level) for finding in used] == [("redis", Level.OK)]


async def test_cache_that_is_open_is_told_and_one_in_memory_has_no_folder(settings_of, tmp_path):
    async with sugardb.open_cache(folder=tmp_path / ".compozy" / "cache"):
        kept = list(examine_cache(settings_of()))
    [in_memory] = examine_cache(settings_of(CACHE_DURABLE="false"))

    assert [(finding.name, finding.level) for finding in kept] == [("cache", Level.OK), ("cache lock", Level.OK)]
    assert "in memory" in in_memory.detail


def test_disk_is_that_of_the_nearest_folder_that_exists(tmp_path):
    assert "GiB free" in examine_disk(tmp_path / "not" / "yet").detail


def test_only_failures_fail():
    assert exit_for([ok("a", "")]) is Exit.SUCCESS
    assert exit_for([ok("a", ""), warn("b", "", "")]) is Exit.SUCCESS
    assert exit_for([fail("c", "", ""), ok("a", "")]) is Exit.FAILED
