"""A set of migrations is complete, in order, and what it was when it was applied."""

import pytest

from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.domain.errors import ConflictError
from compozy.drivers.sql.migrations import pending, read_migrations, require_current, schema_folder, status_of


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two migrations and something else."""
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (a TEXT);\n")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (a TEXT);\n")
    (tmp_path / "README.md").write_text("not a migration")
    return tmp_path


@pytest.fixture
def known(folder):
    return read_migrations(folder)


def recorded_of(migrations):
    """Return what a database says to which these were applied."""
    return [(migration.name, migration.checksum) for migration in migrations]


def test_migrations_are_read_in_the_order_of_their_numbers(known):
    assert [(each.version, each.name, each.sql) for each in known] == [
        (1, "0001_one.sql", "CREATE TABLE one (a TEXT);\n"),
        (2, "0002_two.sql", "CREATE TABLE two (a TEXT);\n"),
    ]


def test_line_ends_of_a_checkout_do_not_matter(folder, known):
    for file in folder.glob("*.sql"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert read_migrations(folder) == known


def test_any_other_change_of_the_text_changes_the_checksum(folder, known):
    file = folder / "0001_one.sql"
    file.write_text(file.read_text() + " ")

    assert read_migrations(folder)[0].checksum != known[0].checksum


@pytest.mark.parametrize("name", ["2_short.sql", "0003-dash.sql", "notes.sql", "0004_gap.sql", "0002_twice.sql"])
def test_a_folder_that_is_no_complete_set_is_refused(folder, name):
    (folder / name).write_text("SELECT 1;")

    with pytest.raises(ValueError, match=r"is not named NNNN_what\.sql|without gaps"):
        read_migrations(folder)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="without gaps"):
        read_migrations(tmp_path)


@pytest.mark.parametrize("applied", [0, 1, 2])
def test_what_was_not_applied_is_pending(known, applied):
    assert pending(recorded_of(known[:applied]), known, "here") == known[applied:]


def test_a_newer_database_is_refused(known):
    with pytest.raises(ConflictError, match="the schema of here has version 2, this program knows 1: use the newer"):
        pending(recorded_of(known), known[:1], "here")


@pytest.mark.parametrize("row", [("0001_one.sql", "0" * 64), ("0001_other.sql", None)])
def test_an_applied_migration_that_is_not_what_it_was_is_refused(known, row):
    name, checksum = row
    recorded = [(name, checksum or known[0].checksum), *recorded_of(known[1:])]

    with pytest.raises(ConflictError, match=r"0001_one\.sql differs from the 0001_o\w+\.sql that was applied to here"):
        pending(recorded, known, "here")


def test_who_may_not_migrate_is_told_what_is_missing_and_the_way_out(known):
    with pytest.raises(ConflictError, match=r"needs 0001_one\.sql, 0002_two\.sql: run `compozy migrate up`"):
        require_current(known, "here")

    require_current([], "here")


def test_a_status_says_where_a_database_stands(known):
    status = status_of(recorded_of(known[:1]), known, driver="sqlite", place="here")

    assert status == SchemaStatus(driver="sqlite", place="here", version=1, known=2, pending=("0002_two.sql",))


def test_applied_counts_what_was_applied():
    assert Applied(before=1, version=4).count == 3


def test_both_databases_have_the_same_migrations_by_name():
    sqlite, postgres = (read_migrations(schema_folder(dialect)) for dialect in ("sqlite", "postgres"))

    assert [each.name for each in sqlite] == [each.name for each in postgres]
