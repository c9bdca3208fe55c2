"""The dev server's command and its lock; no server is started here."""

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer, database_lock

SERVER = DevServer(
    binary=Path("/bin/temporal"),
    database_file=Path("/data/temporal.db"),
    ip="127.0.0.1",
    port=1,
    http_port=2,
    metrics_port=3,
)


def test_the_command_has_the_measured_flags():
    assert SERVER.address == "127.0.0.1:1"
    assert " ".join(SERVER.argv) == (
        "/bin/temporal server start-dev --ip 127.0.0.1 --headless --port 1 --http-port 2 --metrics-port 3"
        " --log-format json --log-level error --db-filename /data/temporal.db --namespace default"
        " --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=NORMAL --sqlite-pragma busy_timeout=5000"
        " --dynamic-config-value history.transferProcessorMaxPollRPS=2000"
        " --dynamic-config-value history.timerProcessorMaxPollRPS=2000"
        ' --dynamic-config-value history.timerProcessorMaxTimeShift="10ms"'
        " --dynamic-config-value matching.numTaskqueueReadPartitions=1"
        " --dynamic-config-value matching.numTaskqueueWritePartitions=1"
        " --dynamic-config-value frontend.enableServerVersionCheck=false"
    )


def test_a_web_page_is_served_only_when_it_has_a_port():
    with_page = attrs.evolve(SERVER, ui_port=4)

    assert (SERVER.ui_url, with_page.ui_url) == (None, "http://127.0.0.1:4")
    assert "--headless" not in with_page.argv
    assert "--ui-port 4 --port" in " ".join(with_page.argv)
    assert "--ui-port 4 --ui-disable-news-fetch --port" in " ".join(attrs.evolve(with_page, has_news=True).argv)


@pytest.mark.parametrize(
    ("ip", "address"),
    [("127.0.0.1", "127.0.0.1:1"), ("::1", "[::1]:1"), ("0.0.0.0", "127.0.0.1:1"), ("::", "[::1]:1")],  # noqa: S104 - not bound
)
def test_the_server_is_reached_from_this_machine_wherever_it_listens(ip, address):
    assert attrs.evolve(SERVER, ip=ip).address == address


def test_the_database_lock_stays_with_a_child_that_outlives_its_holder(tmp_path):
    database = tmp_path / "temporal.db"
    with database_lock(database) as inherited:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=inherited)
    try:
        with pytest.raises(UnavailableError, match="another Temporal server uses"), database_lock(database):
            pass
    finally:
        child.communicate(b"\n")
    with database_lock(database):
        pass


def test_the_configured_command_line_is_taken_as_it_is(tmp_path):
    binary = tmp_path / "my-temporal"
    binary.touch(mode=0o755)

    assert find_cli(str(binary)) == binary
    binary.chmod(0o644)
    with pytest.raises(UnavailableError, match="is not an executable file"):
        find_cli(str(binary))


def test_the_environments_own_command_line_comes_before_path(monkeypatch, tmp_path):
    scripts, elsewhere = tmp_path / "scripts", tmp_path / "elsewhere"
    for folder in (scripts, elsewhere):
        folder.mkdir()
        (folder / "temporal").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(elsewhere))
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(scripts))

    assert find_cli() == scripts / "temporal"
    (scripts / "temporal").unlink()
    assert find_cli() == elsewhere / "temporal"
    (elsewhere / "temporal").unlink()
    with pytest.raises(UnavailableError, match=r"pip install 'compozy\[standalone\]'"):
        find_cli()
