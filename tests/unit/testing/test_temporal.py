"""A Temporal server for tests: where it was after a kill, and nothing left of it in the end."""

import socket

import psutil
import pytest

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing import open_temporal_server

pytestmark = pytest.mark.slow  # the server takes a second to stop


def test_a_server_that_was_killed_comes_back_where_it_was_and_leaves_nothing():
    with open_temporal_server() as server:
        address, first = server.address, server.pid
        with pytest.raises(InvalidError, match=f"as process {first}"):
            server.start()
        server.kill()
        with pytest.raises(UnavailableError, match="does not run"):
            server.kill()
        server.start()
        second, again = server.pid, server.address
        host, _, port = again.rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()

    assert again == address
    assert not psutil.pid_exists(first)
    assert not psutil.pid_exists(second)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
