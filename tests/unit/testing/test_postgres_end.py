"""What is left of a server: nothing, or the folder that it was given."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from compozy.domain.errors import InvalidError
from compozy.testing import open_postgres_server
from compozy.testing.postgres_data import read_notes

pytestmark = pytest.mark.slow  # the server takes half a second to start

PROGRAM = """
import json, sys
from compozy.testing import open_postgres_server

with open_postgres_server() as server:
    print(json.dumps([str(server._custody.folder), server._custody.group, server.pid]), flush=True)
    for line in sys.stdin:
        getattr(server, line.strip())()
        print("done", flush=True)
"""

LAY_OUT = """
import json
from compozy.testing.custody import open_custody
from compozy.testing.postgres_data import lay_out
from compozy.testing.postgres_programs import find_account, find_programs

account = find_account()
with open_custody("compozy-test-") as custody:
    account.take(custody.folder)
    programs = find_programs(account, custody.folder / "programs")
    print(json.dumps([str(custody.folder), custody.group]), flush=True)
    lay_out(custody.folder / "data", custody=custody, programs=programs, account=account)
"""


class Remains:
    """What there is to a server that runs, to be looked for when it is gone."""

    def __init__(self, folder, group, pid) -> None:
        self.folder = Path(folder)
        self.guard = psutil.Process(group)
        postmaster = psutil.Process(pid)
        self.family = [postmaster, *postmaster.children(recursive=True)]
        self.memory = read_notes(self.folder / "data").shared_memory

    def segments(self) -> list[str]:
        table = Path("/proc/sysvipc/shm").read_text().splitlines()
        return [line for line in table[1:] if line.split()[1] == str(self.memory)]


@pytest.fixture
def note():
    """Return a function that notes what there is to a server, having proved that there is something."""

    def note(server) -> Remains:
        remains = Remains(server._custody.folder, server._custody.group, server.pid)
        assert len(remains.family) > 1
        assert remains.segments()
        return remains

    return note


@pytest.fixture
def prove_gone(wait_ended):
    """Return a function that proves that nothing of a server is left."""

    def prove(remains):
        assert wait_ended([*remains.family, remains.guard])
        assert not remains.folder.exists()
        assert remains.segments() == []

    return prove


def test_nothing_is_left_of_a_server(note, prove_gone):
    with open_postgres_server() as server:
        remains = note(server)

    prove_gone(remains)


def test_nothing_is_left_when_the_block_fails(note, prove_gone):
    remains = []

    def work():
        with open_postgres_server() as server:
            remains.append(note(server))
            raise RuntimeError("the test failed")

    with pytest.raises(RuntimeError, match="the test failed"):
        work()
    prove_gone(*remains)


def test_nothing_is_left_of_a_server_that_was_killed(note, prove_gone):
    with open_postgres_server() as server:
        remains = note(server)
        server.kill()

    prove_gone(remains)


def test_nothing_is_left_of_a_server_that_somebody_else_killed(note, prove_gone):
    with open_postgres_server() as server:
        remains = note(server)
        remains.family[0].kill()

    prove_gone(remains)


def test_kill_of_the_program_takes_the_server_along(start_script, prove_gone):
    program = start_script(PROGRAM)
    remains = Remains(*json.loads(program.stdout.readline()))

    os.kill(program.pid, signal.SIGKILL)

    prove_gone(remains)


def test_kill_of_the_program_takes_the_folder_of_a_stopped_server_along(start_script, prove_gone):
    program = start_script(PROGRAM)
    remains = Remains(*json.loads(program.stdout.readline()))
    program.stdin.write("stop\n")
    program.stdout.readline()

    os.kill(program.pid, signal.SIGKILL)

    prove_gone(remains)


def test_kill_of_the_program_while_it_lays_out_data_takes_the_folder_along(start_script, wait_ended):
    program = start_script(LAY_OUT)
    folder, group = json.loads(program.stdout.readline())
    guard = psutil.Process(group)

    os.kill(program.pid, signal.SIGKILL)

    assert wait_ended([guard])
    assert not Path(folder).exists()


def test_given_folder_keeps_the_data_for_the_next_server(open_folder):
    data = open_folder / "some" / "data"
    with open_postgres_server(data) as server:
        server.run_sql("CREATE TABLE cart AS SELECT 'pear' AS item")

    with open_postgres_server(data) as server:
        found = server.run_sql("SELECT item FROM cart")

    assert found == "pear"
    assert not (data / "postmaster.pid").exists()


def test_given_folder_with_something_else_in_it_is_refused_and_left_alone(open_folder):
    (open_folder / "diary").write_text("dear diary")

    with pytest.raises(InvalidError, match="neither empty nor the data of a PostgreSQL server"):
        open_postgres_server(open_folder).__enter__()

    assert [entry.name for entry in open_folder.iterdir()] == ["diary"]
