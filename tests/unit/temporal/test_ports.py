"""Ports for the dev server: real sockets on loopback."""

import os
import socket
import subprocess
import sys

import pytest

from compozy.domain.errors import ConflictError, InvalidError
from compozy.drivers.temporal.ports import explain_taken, free_ports, is_listening


@pytest.mark.parametrize("ip", ["127.0.0.1", "localhost"])
def test_free_ports_are_different_and_can_be_bound(ip):
    ports = free_ports(5, ip)

    assert len(set(ports)) == 5
    for port in ports:
        assert explain_taken(ip, port, setting="ui_port") is None
        socket.create_server((ip, port)).close()


def test_a_port_in_use_is_explained_by_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        error = explain_taken("127.0.0.1", port, setting="frontend_port")

    assert isinstance(error, ConflictError)
    assert str(error).startswith(f"temporal.standalone.frontend_port: port {port} of 127.0.0.1 is in use")
    assert explain_taken("127.0.0.1", port, setting="frontend_port") is None


def test_a_port_whose_last_connection_is_being_wound_up_is_free():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            listener.accept()[0].close()  # whoever closes first keeps the port for a minute
            client.recv(1)

    assert explain_taken("127.0.0.1", port, setting="ui_port") is None


def test_an_address_of_another_machine_is_refused_by_its_setting():
    error = explain_taken("192.0.2.1", 7233, setting="frontend_port")

    assert isinstance(error, InvalidError)
    assert error.problems[0].key == "temporal.standalone.bind_ip"
    assert error.problems[0].message.startswith("nothing on this machine can listen on '192.0.2.1': ")
    with pytest.raises(InvalidError, match=r"bind_ip: nothing on this machine can listen on '192\.0\.2\.1'"):
        free_ports(1, "192.0.2.1")


def test_listening_is_asked_of_the_very_process():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            assert is_listening(os.getpid(), port)
            assert not is_listening(other.pid, port)
            other.communicate(b"\n")
    assert not is_listening(os.getpid(), port)
    assert not is_listening(other.pid, port)
