"""What cannot be copied is refused with the way out, and nothing is made or changed."""

import fcntl
import os
from pathlib import Path

import pytest
import trio

from compozy.app.addresses import parse_address
from compozy.app.transfer import Wishes, transfer
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.drivers.sqlite import open_store

FIRST_ONLY = "0001_states.sql"


@pytest.fixture
def copied():
    """Return a function that copies in this process, with these wishes."""

    def copied(source, target, **wishes):
        databases = [parse_address(address, option="test") for address in (source, target)]
        return trio.run(lambda: transfer(*databases, Wishes(**wishes), report=lambda _: None))

    return copied


@pytest.fixture
def older(tmp_path):
    """Return the address of a file with an older schema."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    original = Path(__file__).parents[3] / "schema" / "sqlite" / FIRST_ONLY
    (folder / FIRST_ONLY).write_text(original.read_text())

    async def make():
        async with open_store(tmp_path / "older.db", migrations=folder):
            pass

    trio.run(make)
    return f"sqlite:{tmp_path}/older.db"


def test_a_source_that_is_not_there(copied, tmp_path):
    with pytest.raises(NotFoundError, match=r"there is no file .*a\.db: check the path of the source"):
        copied(f"sqlite:{tmp_path}/a.db", f"sqlite:{tmp_path}/b.db")

    assert list(tmp_path.iterdir()) == []


def test_a_source_with_an_older_schema(copied, older, tmp_path):
    with pytest.raises(ConflictError, match=f"run `compozy migrate up --database {older}`, then this again"):
        copied(older, f"sqlite:{tmp_path}/b.db")

    assert not (tmp_path / "b.db").exists()


def test_a_dry_run_on_a_target_with_an_older_schema(copied, older, sqlite, fill):
    source = sqlite()
    fill(source, 1)

    with pytest.raises(ConflictError, match=f"run `compozy migrate up --database {older}`, then this again"):
        copied(source, older, dry_run=True)


def test_a_target_with_an_older_schema_is_migrated(copied, older, sqlite, fill):
    source = sqlite()
    fill(source, 1)

    assert copied(source, older, verify=True).verified


@pytest.mark.parametrize("name", ["a.db", "link.db"])
def test_a_database_into_itself(copied, sqlite, fill, tmp_path, name):
    source = sqlite()
    fill(source, 1)
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")

    with pytest.raises(InvalidError, match="cannot be copied into itself"):
        copied(source, f"sqlite:{tmp_path}/{name}")


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_database_that_a_server_uses(copied, fill, tmp_path, side):
    state = tmp_path / ".compozy"
    state.mkdir()
    (state / "lock").write_text("4711\n")
    inside, outside = f"sqlite:{state}/compozy.db", f"sqlite:{tmp_path}/b.db"
    source, target = (inside, outside) if side == "source" else (outside, inside)
    fill(source, 1)

    with (state / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConflictError, match="is in use by process 4711; stop that"):
            copied(source, target)
    assert copied(source, target).kinds["executions"].copied == 1


def test_two_files_of_one_state_folder(copied, fill, tmp_path):
    (tmp_path / "lock").touch()
    fill(f"sqlite:{tmp_path}/a.db", 1)

    assert copied(f"sqlite:{tmp_path}/a.db", f"sqlite:{tmp_path}/b.db").kinds["executions"].copied == 1
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_that_is_no_state_folder_stays_as_it_is(copied, fill, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    fill(f"sqlite:{tmp_path}/a.db", 1)

    copied(f"sqlite:{tmp_path}/a.db", f"sqlite:{folder}/b.db")

    assert folder.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in folder.iterdir()] == ["b.db"]
    assert (folder / "b.db").stat().st_mode & 0o777 == 0o600
