"""Databases that the Temporal server cannot use: it says no, we say what to do, and nothing is lost."""

import sqlite3
from contextlib import closing

import pytest

from compozy.domain.errors import InvalidError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.versions import Phase, Program, Stamp, read_version, write_stamp


def make_empty(path):
    path.touch()


def make_garbage(path):
    path.write_bytes(b"anything but a database " * 1000)


def make_folder(path):
    path.mkdir()


def make_foreign(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE pets (name TEXT)")


def make_torn(path):
    make_foreign(path)
    with path.open("r+b") as file:
        file.seek(100)  # behind the header: the page with the schema
        file.write(b"\xff" * 2000)


def content_of(path):
    """Return what is behind the header, where the server notes how it opened the file."""
    return path.read_bytes()[100:] if path.is_file() else None


KINDS = {
    make_empty: "is empty",
    make_garbage: "is not an SQLite database",
    make_folder: "is a folder",
    make_foreign: "is not a database of the Temporal server",
    make_torn: "is damaged",
}


@pytest.fixture(scope="module")
def version():
    return read_version(find_cli())


@pytest.fixture
def stamp(database, version):
    """The stamp of a database that this very version has used."""
    database.parent.mkdir()
    program = Program.at(find_cli())
    write_stamp(database, Stamp(phase=Phase.READY, version=version, program=program, program_version=version))


@pytest.mark.slow
@pytest.mark.parametrize(("make", "what"), KINDS.items(), ids=[make.__name__ for make in KINDS])
async def test_a_database_that_cannot_be_used_is_named_with_the_way_out_and_left_alone(
    open_temporal, database, stamp, make, what
):
    make(database)
    before = content_of(database)

    with pytest.raises(InvalidError) as caught:
        async with open_temporal():
            pass

    said = str(caught.value)
    assert f"the database of the Temporal server, {database}, {what}" in said
    assert "nothing was deleted. Move it away" in said
    assert content_of(database) == before


@pytest.mark.slow
async def test_a_damaged_database_of_unknown_origin_is_named_too(open_temporal, database):
    database.parent.mkdir()
    make_torn(database)

    with pytest.raises(InvalidError, match="is damaged; nothing was deleted"):
        async with open_temporal():
            pass
