"""The lock of a state folder, for those who only want others kept out."""

import os

import pytest

from compozy.app.state_folder import keeping_others_out, open_state_folder
from compozy.domain.errors import ConflictError


def test_a_folder_that_a_server_holds_is_refused(tmp_path):
    with (
        open_state_folder(tmp_path),
        pytest.raises(ConflictError, match=f"in use by process {os.getpid()}"),
        keeping_others_out(tmp_path),
    ):
        raise AssertionError


def test_a_server_is_kept_out(tmp_path):
    with open_state_folder(tmp_path):
        pass

    with (
        keeping_others_out(tmp_path),
        pytest.raises(ConflictError, match=f"in use by process {os.getpid()}"),
        open_state_folder(tmp_path),
    ):
        raise AssertionError


def test_afterwards_it_is_free(tmp_path):
    with open_state_folder(tmp_path), pytest.raises(ConflictError), keeping_others_out(tmp_path):
        raise AssertionError
    with keeping_others_out(tmp_path), open_state_folder(tmp_path / "another"):
        pass

    with open_state_folder(tmp_path):
        pass


@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_what_is_no_state_folder_is_left_alone(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir(mode=0o755)
    folder = tmp_path / name if name else tmp_path / "folder"

    with keeping_others_out(folder):
        pass

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755
