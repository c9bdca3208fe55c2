"""Another version of Temporal on a database; the programs here only say their version."""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.temporal.backups import find_backups
from compozy.drivers.temporal.upgrades import Custody
from compozy.drivers.temporal.versions import Phase, find_stamp, stamp_file


@pytest.fixture
def database(tmp_path):
    return tmp_path / "temporal.db"


@pytest.fixture
def take_care(database):
    """Return a function from a program to the care for the database, in a second of its own each time."""
    seconds = count()

    def clock():
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=next(seconds))

    return lambda binary, progress=lambda _left, _total: None: Custody(
        database_file=database, binary=binary, clock=clock, progress=progress
    )


@pytest.fixture
def used(database, take_care, make_binary):
    """A database that version 1.0 has used, one row of it still in the log alone; and that program."""
    binary = make_binary("1.0")
    custody = take_care(binary)
    assert custody.prepare() is None
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE log (line TEXT)")
        connection.commit()
    custody.settle("1.0 (Server 9.1.0)")
    return binary


def write(database, line):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO log VALUES (?)", [line])


def lines_in(database):
    with closing(sqlite3.connect(database)) as connection:
        return [line for (line,) in connection.execute("SELECT line FROM log")]


def test_the_same_version_again_costs_no_question_and_no_backup(database, take_care, used):
    before = stamp_file(database).stat()

    assert take_care(used).prepare() is None
    take_care(used).settle("1.0 (Server 9.1.0)")

    assert not used.with_suffix(".asked").exists()
    assert find_backups(database) == []
    assert stamp_file(database).stat() == before
    assert stat.S_IMODE(before.st_mode) == 0o600


def test_a_program_that_has_changed_is_asked_for_its_version_once(database, take_care, used):
    os.utime(used, (1, 1))
    for _ in range(2):
        assert take_care(used).prepare() is None
        take_care(used).settle("1.0 (Server 9.1.0)")

    assert used.with_suffix(".asked").read_text().split() == ["asked"]


@pytest.mark.parametrize("version", ["2.0", "0.9"], ids=["newer", "older"])
def test_another_version_finds_a_backup_made_and_a_trial_that_succeeds_is_settled(
    database, take_care, used, make_binary, version
):
    write(database, "by 1.0")
    other = take_care(make_binary(version, name="other"))

    trial = other.prepare()
    write(database, f"by {version}")
    other.settle(None)

    assert (trial.earlier, trial.version) == ("1.0 (Server 9.1.0)", f"{version} (Server 9.{version})")
    assert trial.backup.name == "temporal.db.backup-1.0-20261123T000000Z"
    assert stat.S_IMODE(trial.backup.stat().st_mode) == 0o600
    assert lines_in(trial.backup) == ["by 1.0"]
    assert lines_in(database) == ["by 1.0", f"by {version}"]
    assert other.prepare() is None


def test_a_trial_that_fails_leaves_the_database_as_it_was(database, take_care, used, make_binary):
    write(database, "by 1.0")
    newer = take_care(make_binary("2.0", name="newer"))
    trial = newer.prepare()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TABLE log")

        newer.roll_back(trial)

    assert lines_in(database) == ["by 1.0"]
    assert take_care(used).prepare() is None
    assert newer.prepare().earlier == "1.0 (Server 9.1.0)"


def test_a_trial_that_was_cut_off_is_undone_by_whoever_starts_next(database, take_care, used, make_binary):
    write(database, "by 1.0")
    newer = take_care(make_binary("2.0", name="newer"))
    first = newer.prepare()
    write(database, "by 2.0")

    second = newer.prepare()

    assert second == first
    assert find_backups(database) == [first.backup]
    assert lines_in(database) == ["by 1.0"]
    write(database, "by 2.0")
    earlier = take_care(used)
    assert earlier.prepare() is None
    assert lines_in(database) == ["by 1.0"]
    earlier.settle(None)
    write(database, "by 1.0 again")
    assert earlier.prepare() is None
    assert lines_in(database) == ["by 1.0", "by 1.0 again"]


def test_a_database_without_a_stamp_is_backed_up_once(database, take_care, used):
    stamp_file(database).write_text("no stamp")
    trial = take_care(used).prepare()
    take_care(used).settle(None)

    assert trial.earlier == "unknown"
    assert find_backups(database) == [trial.backup]
    assert take_care(used).prepare() is None


def test_two_backups_are_kept(database, take_care, used, make_binary):
    for version in ("2.0", "3.0", "4.0"):
        custody = take_care(make_binary(version, name=f"temporal-{version}"))
        custody.prepare()
        custody.settle(None)

    assert [path.name.split("-")[1] for path in find_backups(database)] == ["2.0", "3.0"]


def test_a_backup_that_is_given_up_leaves_nothing_behind(database, take_care, used, make_binary):
    class GivenUpError(Exception):
        pass

    def give_up(_left, _total):
        raise GivenUpError

    files = set(database.parent.iterdir())
    with pytest.raises(GivenUpError):
        take_care(make_binary("2.0", name="newer"), progress=give_up).prepare()

    assert {path.name for path in set(database.parent.iterdir()) - files} <= {"temporal.db-wal", "temporal.db-shm"}
    assert find_stamp(database).phase is Phase.READY


def test_a_first_start_that_was_cut_off_is_forgotten(database, take_care, make_binary):
    custody = take_care(make_binary("1.0"))
    assert custody.prepare() is None
    database.write_text("the beginning of a schema")

    assert custody.prepare() is None

    assert not database.exists()
    assert database.with_name("temporal.db.unfinished").read_text() == "the beginning of a schema"


def test_a_database_that_was_moved_away_makes_room_for_a_new_one(database, take_care, used):
    database.unlink()

    assert take_care(used).prepare() is None
    assert find_stamp(database).phase is Phase.NEW


def test_a_database_that_cannot_be_read_is_explained_and_left_alone(database, take_care, used, make_binary):
    database.write_bytes(b"not a database, but as long as a page" * 200)
    before = database.read_bytes()

    with pytest.raises(InvalidError, match="is not an SQLite database; nothing was deleted"):
        take_care(make_binary("2.0", name="newer")).prepare()
    assert database.read_bytes() == before
    assert find_backups(database) == []


def test_a_program_that_is_not_temporal_is_told_so(database, take_care, used):
    used.write_text("#!/bin/sh\necho hello\n")

    with pytest.raises(UnavailableError, match=r"does not say which version of Temporal it is, but 'hello'; set"):
        take_care(used).prepare()


def test_a_stamp_that_cannot_be_written_is_told_with_its_name(database, take_care, make_binary):
    stamp_file(database).mkdir()

    with pytest.raises(UnavailableError, match=r"temporal\.db\.version cannot be written: Is a directory; make room"):
        take_care(make_binary("1.0")).prepare()
