"""Servers that a killed program left behind are ended; what merely looks like one is left alone. Real processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from compozy.app.temporal_lock import Patience, open_database_lock
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.temporal.dev_server import database_lock, lock_file
from compozy.drivers.temporal.orphans import Orphans

PYTHON = Path(sys.executable)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "temporal.db"


@pytest.fixture
def orphan(database, start_lookalike):
    """Return a function that starts a server which has the lock, and whose program and reaper are gone."""

    def start(*flags):
        with database_lock(database) as inherited:
            return start_lookalike(database, *flags, inherits=inherited)

    return start


def test_a_forsaken_server_that_has_our_lock_is_found(database, orphan):
    process = orphan()

    assert [found.pid for found in Orphans(database, PYTHON).find()] == [process.pid]


def test_a_server_whose_program_lives_is_none(database, start_lookalike):
    with database_lock(database) as inherited:
        start_lookalike(database, inherits=inherited)

        assert Orphans(database, PYTHON).find() == []


def test_a_server_whose_reaper_lives_is_left_to_it(database, start_lookalike):
    reaper = subprocess.Popen(["sleep", "60"], process_group=0)
    try:
        with database_lock(database) as inherited:
            start_lookalike(database, inherits=inherited, leader=reaper)

        assert Orphans(database, PYTHON).find() == []
    finally:
        reaper.kill()
        reaper.wait()


def test_a_server_of_another_database_is_none(database, start_lookalike):
    with database_lock(database) as inherited:
        start_lookalike(database.with_name("other.db"), inherits=inherited)

    assert Orphans(database, PYTHON).find() == []


def test_a_server_without_our_lock_is_none(database, start_lookalike):
    start_lookalike(database)

    assert Orphans(database, PYTHON).find() == []


def test_a_server_run_from_another_program_is_none(database, orphan):
    orphan()

    assert Orphans(database, Path("/bin/sh")).find() == []


async def test_whoever_waits_for_the_lock_ends_the_orphan_that_has_it(database, orphan):
    process = orphan()

    with trio.fail_after(8):
        async with open_database_lock(database, PYTHON):
            assert process.wait(1) == -signal.SIGTERM


async def test_an_orphan_that_does_not_obey_is_killed(database, orphan):
    process = orphan("--stubborn")

    with trio.fail_after(8):
        async with open_database_lock(database, PYTHON, patience=Patience(grace=0.05, look_every=0.1)):
            assert process.wait(1) == -signal.SIGKILL


async def test_a_holder_that_is_no_orphan_outlives_our_patience(database, start_lookalike):
    with database_lock(database) as inherited:
        process = start_lookalike(database.with_name("other.db"), inherits=inherited)

    with pytest.raises(UnavailableError, match="another Temporal server uses"):
        async with open_database_lock(database, PYTHON, patience=Patience(total=0.2)):
            pass
    assert process.poll() is None


async def test_a_lock_that_cannot_be_opened_is_refused_with_its_name(database):
    lock_file(database).mkdir()

    with pytest.raises(InvalidError, match=r"temporal\.lock, cannot be opened: Is a directory; give its owner"):
        async with open_database_lock(database, PYTHON):
            pytest.fail("it was taken")
