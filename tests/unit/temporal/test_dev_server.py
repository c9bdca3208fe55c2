"""The dev server's command, its ports and its lock; no server is started here."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer, database_lock, free_ports, is_listening


def test_the_command_has_the_measured_flags():
    server = DevServer(
        binary=Path("/bin/temporal"),
        database_file=Path("/data/temporal.db"),
        ip="127.0.0.1",
        port=1,
        http_port=2,
        metrics_port=3,
    )

    assert server.address == "127.0.0.1:1"
    assert " ".join(server.argv) == (
        "/bin/temporal server start-dev --headless --ip 127.0.0.1 --port 1 --http-port 2 --metrics-port 3"
        " --log-level error --db-filename /data/temporal.db --sqlite-pragma journal_mode=WAL"
        " --sqlite-pragma synchronous=NORMAL --sqlite-pragma busy_timeout=5000"
        " --dynamic-config-value history.transferProcessorMaxPollRPS=2000"
        " --dynamic-config-value history.timerProcessorMaxPollRPS=2000"
        ' --dynamic-config-value history.timerProcessorMaxTimeShift="10ms"'
        " --dynamic-config-value matching.numTaskqueueReadPartitions=1"
        " --dynamic-config-value matching.numTaskqueueWritePartitions=1"
    )


def test_free_ports_are_different_and_can_be_bound():
    ports = free_ports(5)

    assert len(set(ports)) == 5
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_listening_is_asked_of_the_very_process():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            assert is_listening(os.getpid(), port)
            assert not is_listening(other.pid, port)
            other.communicate(b"\n")
    assert not is_listening(os.getpid(), port)
    assert not is_listening(other.pid, port)


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
