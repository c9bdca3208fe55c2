"""Who listens on a port, as the system tells."""

import os
import socket

import pytest

from supervisors.processes.listeners import group_listens


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server) -> int:
    return server.getsockname()[1]


def test_group_of_the_listener_listens(listener):
    assert group_listens(os.getpgid(0), port_of(listener)) is True


def test_other_groups_do_not_listen_there(listener):
    assert group_listens(os.getpgid(0) + 1_000_000_000, port_of(listener)) is False


def test_port_that_is_only_bound_has_no_listener():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))

        assert group_listens(os.getpgid(0), port_of(bound)) is False


@pytest.fixture
def fake_proc(tmp_path):
    """Return a folder like ``/proc`` with a socket that listens on port 80 and one process, 7, in group 5."""
    for folder in ("self/fd", "self/net", "7"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "self/net/tcp").write_text("head\n 0: 0100007F:0050 00000000:0000 0A 0:0 0:0 0 0 0 4711 1\n")
    (tmp_path / "7/stat").write_text("7 (a ) (name) S 1 5 5 0")
    return tmp_path


def test_process_of_the_group_is_found_by_its_socket(fake_proc):
    (fake_proc / "7/fd").mkdir()
    (fake_proc / "7/fd/3").symlink_to("socket:[4711]")

    assert group_listens(5, 80, proc=fake_proc) is True


def test_process_that_has_ended_meanwhile_does_not_listen(fake_proc):
    assert group_listens(5, 80, proc=fake_proc) is False


def test_process_whose_files_are_hidden_may_well_listen(fake_proc):
    (fake_proc / "7/fd").write_text("no folder, and so as unreadable as one that belongs to somebody else")

    assert group_listens(5, 80, proc=fake_proc) is None


def test_system_without_proc_does_not_tell(tmp_path):
    assert group_listens(5, 80, proc=tmp_path) is None
