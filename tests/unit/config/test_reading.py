from pathlib import Path

import pytest

from compozy.config.reading import read_settings
from compozy.domain.errors import InvalidError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the empty current folder, so that files are shown by their names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_settings_are_read_whatever_state_the_workflows_are_in(folder):
    (folder / "compozy.yaml").write_text("name: a\nworkflows: [{source: none.yaml}]\nserver: {port: 1}\n")

    settings = read_settings(Path(), environ={}, flags={})

    assert settings.server.port == 1
    assert settings.root == folder


def test_everything_wrong_outside_the_workflows_is_told_at_once(folder):
    (folder / "compozy.yaml").write_text("name: 5\n")
    (folder / ".env").write_text("wrong\n")

    with pytest.raises(InvalidError) as caught:
        read_settings(Path("compozy.yaml"), environ={"SERVER_PORT": "x"}, flags={})
    assert [str(problem) for problem in caught.value.problems] == [
        'compozy.yaml:1: name: must be text, not 5 (quote it: "5")',
        ".env:1: not NAME=value (begin a comment with #)",
        "server.port: must be a whole number, not 'x' (set by environment SERVER_PORT)",
    ]


def test_an_env_file_that_cannot_be_read_is_told(folder):
    (folder / "compozy.yaml").write_text("name: a\n")
    (folder / ".env").mkdir()

    with pytest.raises(InvalidError) as caught:
        read_settings(folder, environ={}, flags={})
    assert str(caught.value) == f"{folder}/.env: cannot be read: is a directory"
