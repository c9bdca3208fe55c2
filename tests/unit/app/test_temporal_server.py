"""How the Temporal server is to be started, and what its end before readiness means; no server is started here."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from compozy.app.options import Options, load
from compozy.app.temporal_server import Run, _ports_asked_for, plan_server
from compozy.domain.errors import ConflictError, UnavailableError
from supervisors import ChildExitError

BINARY = Path("/bin/true")


@pytest.fixture
def settings_of(tmp_path):
    """Return a function from variables to the settings of Temporal."""
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")
    return lambda **environ: load(Options(path=tmp_path, environ=environ)).settings.temporal


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def binary(tmp_path):
    """A program that says which version of Temporal it is."""
    binary = tmp_path / "temporal"
    binary.write_text("#!/bin/sh\necho 'temporal version 2.0'\n")
    binary.chmod(0o755)
    return binary


def test_any_free_ports_are_taken_and_no_page_is_served_unless_somebody_asks(settings_of):
    server = plan_server(settings_of(), BINARY, is_first=True)

    assert server.ui_port is None
    assert len({server.port, server.http_port, server.metrics_port} - {0}) == 3
    assert _ports_asked_for(settings_of().standalone) == {}


def test_a_page_alone_takes_any_free_port_too(settings_of):
    settings = settings_of(TEMPORAL_ENABLE_UI="true")

    assert plan_server(settings, BINARY, is_first=True).ui_url.startswith("http://127.0.0.1:")
    assert _ports_asked_for(settings.standalone) == {}


def test_who_exposes_temporal_finds_it_where_everybody_looks(settings_of):
    assert _ports_asked_for(settings_of(TEMPORAL_EXPOSE="true").standalone) == {"frontend_port": 7233, "ui_port": 8233}
    own = settings_of(TEMPORAL_EXPOSE="true", TEMPORAL_FRONTEND_PORT="17", TEMPORAL_UI_PORT="18").standalone
    assert _ports_asked_for(own) == {"frontend_port": 17, "ui_port": 18}


def test_the_namespace_of_the_dev_server_is_the_other_one_unless_it_has_its_own(settings_of):
    of_both = settings_of(TEMPORAL_NAMESPACE="shop")
    own = settings_of(TEMPORAL_NAMESPACE="shop", TEMPORAL_STANDALONE_NAMESPACE="test")

    assert [plan_server(each, BINARY, is_first=True).namespace for each in (of_both, own)] == ["shop", "test"]


@pytest.mark.parametrize("setting", ["frontend_port", "ui_port"])
def test_a_port_in_use_ends_the_first_start_and_is_waited_for_later(settings_of, taken, setting):
    settings = settings_of(**{"TEMPORAL_ENABLE_UI": "true", f"TEMPORAL_{setting.upper()}": str(taken)})
    reason = rf"temporal\.standalone\.{setting}: port {taken} of 127\.0\.0\.1 is in use"

    with pytest.raises(ConflictError, match=reason):
        plan_server(settings, BINARY, is_first=True)
    with pytest.raises(UnavailableError, match=reason):
        plan_server(settings, BINARY, is_first=False)


async def test_a_port_that_was_taken_meanwhile_is_worth_another_try(settings_of):
    settings = settings_of()
    run = Run(None, plan_server(settings, BINARY, is_first=True), settings.standalone)
    said = "Error: can't set metrics port 17240: listen tcp 127.0.0.1:17240: bind: address already in use"
    ended = ChildExitError("temporal", "exited with status 1", argv=("temporal",), returncode=1, tail=said)

    explained = await run.explain(ended)

    assert isinstance(explained, UnavailableError)
    assert said in str(explained)


async def test_a_kill_is_no_damage_and_worth_another_try(settings_of):
    settings = settings_of()
    run = Run(None, plan_server(settings, BINARY, is_first=True), settings.standalone)
    killed = ChildExitError("temporal", "was killed", argv=("temporal",), returncode=-9, tail="malformed")

    explained = await run.explain(killed)

    assert isinstance(explained, UnavailableError)
    assert "killed by signal 9" in str(explained)


async def test_an_end_that_says_nothing_of_the_kind_has_no_other_explanation(settings_of):
    settings = settings_of()
    run = Run(None, plan_server(settings, BINARY, is_first=True), settings.standalone)
    failed = ChildExitError("temporal", "failed", argv=("temporal",), returncode=1, tail="Error: no such luck")

    assert await run.explain(failed) is None


@pytest.mark.parametrize(
    ("status", "explanation"),
    [
        (-9, "was killed by signal 9: find out by whom"),
        (1, "ended with exit status 1, after it had said: Error: no such luck"),
    ],
)
async def test_an_end_after_readiness_is_an_outage_whatever_was_said(settings_of, binary, status, explanation):
    settings = settings_of(TEMPORAL_DATABASE_FILE="temporal.db")
    run = Run(None, plan_server(settings, binary, is_first=True), settings.standalone)
    ended = ChildExitError("temporal", "ended", argv=("temporal",), returncode=status, tail="x\nError: no such luck\n")
    await run.settle()

    explained = await run.explain(ended)

    assert type(explained) is UnavailableError  # a mishap would be tried again at once, and be ready twice
    assert explanation in str(explained)


async def test_a_backup_that_takes_long_says_so_and_asks_for_time(settings_of, binary, tmp_path, caplog):
    settings = settings_of(TEMPORAL_DATABASE_FILE="temporal.db")
    with closing(sqlite3.connect(tmp_path / "temporal.db")) as database, database:
        database.execute("CREATE TABLE log (line TEXT)")
    asked = []
    run = Run(SimpleNamespace(extend=asked.append), plan_server(settings, binary, is_first=True), settings.standalone)
    run._told_at = float("-inf")

    with caplog.at_level("INFO"):
        await run.prepare()

    assert asked == [10.0]
    told = [record.facts for record in caplog.records if record.message == "backing up the temporal database"]
    assert told == [{"done": "100 %"}]
