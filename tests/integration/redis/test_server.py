"""The Redis server for tests and demos."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing.redis import open_redis_server


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_server_answers_on_a_unix_socket_and_listens_nowhere_else(server):
    assert server.url.startswith("unix:///")
    assert server.ask("PING") == "PONG"
    assert server.ask("CONFIG", "GET", "port") == ["port", "0"]


def test_server_and_its_folder_are_gone_at_the_end():
    with open_redis_server() as server:
        pid, folder = server.pid, Path(server.url.removeprefix("unix://")).parent
        assert folder.is_dir()

    assert not is_alive(pid)
    assert not folder.exists()


def test_killed_server_has_forgotten_everything():
    with open_redis_server() as server:
        server.ask("SET", "key", "x")
        server.kill()
        with pytest.raises(UnavailableError, match="start it first"):
            server.ask("PING")
        server.start()

        assert server.ask("GET", "key") is None


def test_durable_server_that_was_killed_has_forgotten_nothing(own_server):
    own_server.ask("RPUSH", "list", "día", "2")
    own_server.kill()
    own_server.start()

    assert own_server.ask("LRANGE", "list", "0", "-1") == ["día", "2"]


def test_server_can_be_stopped_twice_but_not_started_twice(own_server):
    with pytest.raises(InvalidError, match="runs already"):
        own_server.start()
    own_server.stop()
    own_server.stop()
    own_server.start()

    assert own_server.ask("PING") == "PONG"


def test_refusal_says_what_the_server_said(server):
    with pytest.raises(InvalidError, match="unknown command"):
        server.ask("NONSENSE")


def test_setting_that_the_server_does_not_know_is_told_with_its_log():
    with (
        pytest.raises(UnavailableError, match="Bad directive"),
        open_redis_server(settings={"nonsense": "1"}),
    ):
        pass


@pytest.mark.slow
def test_server_does_not_outlive_a_program_that_is_killed(tmp_path):
    program = tmp_path / "starter.py"
    program.write_text(
        textwrap.dedent("""
            import time
            from compozy.testing.redis import open_redis_server
            with open_redis_server() as server:
                print(server.pid, server.url.removeprefix("unix://"), flush=True)
                time.sleep(60)
        """)
    )
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as starter:
        pid, socket = starter.stdout.readline().split()
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()

    deadline = time.monotonic() + 10
    while (is_alive(pid) or Path(socket).parent.exists()) and time.monotonic() < deadline:
        time.sleep(0.01)  # nobody tells when a stranger's child has ended
    assert not is_alive(pid)
    assert not Path(socket).parent.exists()
