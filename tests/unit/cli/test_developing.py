"""``compozy dev``: which changes count, and what it runs."""

from pathlib import Path

import pytest
from watchfiles import Change

from compozy.cli.developing.changes import (
    check_modules,
    concerns_project,
    describe_changes,
    existing,
    net_changes,
    project_files,
)
from compozy.cli.developing.server import serve_command, settings_to_serve
from compozy.domain.errors import InvalidError

ROOT = Path("/project")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("COMPOZY_MODE", "LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("compozy.yaml", True),
        ("workflows/a.yml", True),
        ("tools.py", True),
        (".env", True),
        ("data/input.json", True),
        ("README.md", False),
        (".compozy/compozy.db", False),
        (".compozy/x.json", False),
        (".venv/lib/x.py", False),
        (".git/x.yaml", False),
        ("__pycache__/x.py", False),
        ("sub/.git/x.py", False),
        ("tools.py~", False),
        ("venv", False),
    ],
)
def test_only_files_that_the_project_is_made_of_count(path, counts):
    assert concerns_project(ROOT, str(ROOT / path)) is counts


def test_changes_are_named_by_file_and_many_are_cut_short():
    changes = {(Change.modified, f"/project/w/{number}.yaml") for number in range(7)}

    assert describe_changes(ROOT, {(Change.added, "/project/b.py"), (Change.deleted, "/project/a.py")}) == (
        "a.py deleted, b.py added"
    )
    assert describe_changes(ROOT, changes).endswith("w/4.yaml modified and 2 more")


@pytest.mark.parametrize(
    ("noticed", "before", "now", "became"),
    [
        ({Change.added}, True, True, {Change.modified}),
        ({Change.deleted, Change.added}, True, True, {Change.modified}),
        ({Change.modified}, True, True, {Change.modified}),
        ({Change.added, Change.modified}, False, True, {Change.added}),
        ({Change.deleted, Change.modified}, True, False, {Change.deleted}),
        ({Change.added, Change.deleted}, False, False, set()),
    ],
    ids=["renamed onto", "written anew", "written", "new", "gone", "come and gone"],
)
def test_a_file_is_told_once_with_what_became_of_it(noticed, before, now, became):
    path = "/project/a.yaml"
    there, left = ({path} if is_there else set() for is_there in (before, now))

    changes = net_changes({(change, path) for change in noticed}, before=there, now=left)

    assert changes == {(change, path) for change in became}


def test_files_of_a_project_are_those_whose_changes_count(project):
    (project / ".git").mkdir()
    (project / ".git" / "a.yaml").touch()
    (project / "new.yaml").touch()
    names = {str(Path(path).relative_to(project)) for path in project_files(project)}

    assert {"compozy.yaml", "tools.py", "new.yaml", "workflows/hello.yaml"} <= names
    assert not names & {".git/a.yaml", "README.md"}
    asked = {(Change.added, str(project / name)) for name in ("new.yaml", "gone.yaml")}
    assert existing(asked) == {str(project / "new.yaml")}


def test_server_gets_the_flags_that_were_given_and_the_mode_that_holds(project):
    arguments = {"--port": 5002, "--host": None, "--mode": None, "--log-level": "debug"}

    command = serve_command(project, arguments, settings_to_serve(project, arguments), in_terminal=False)

    assert command[3:] == [
        "compozy",
        "serve",
        "--config",
        str(project),
        "--port",
        "5002",
        "--mode",
        "standalone",
        "--log-level",
        "debug",
    ]


def test_mode_is_standalone_when_nobody_says_otherwise(project, monkeypatch):
    text = (project / "compozy.yaml").read_text()
    (project / "compozy.yaml").write_text(text.replace("mode: standalone\n", ""))

    silent = settings_to_serve(project, {}).mode
    monkeypatch.setenv("COMPOZY_MODE", "distributed")
    told = settings_to_serve(project, {}).mode
    flagged = settings_to_serve(project, {"--mode": "standalone"}).mode

    assert (silent, told, flagged) == ("standalone", "distributed", "standalone")


def test_lines_are_for_people_when_people_read_them(project, monkeypatch):
    settings = settings_to_serve(project, {})
    monkeypatch.setenv("LOG_FORMAT", "json")
    chosen = settings_to_serve(project, {})

    assert "console" in serve_command(project, {}, settings, in_terminal=True)
    assert "--log-format" not in serve_command(project, {}, settings, in_terminal=False)
    assert "--log-format" not in serve_command(project, {}, chosen, in_terminal=True)


def test_project_with_problems_is_refused(project):
    (project / "compozy.yaml").write_text("name: [")

    with pytest.raises(InvalidError):
        settings_to_serve(project, {})


def test_a_changed_module_that_is_no_python_is_told_with_its_line(tmp_path):
    for name, text in {"good.py": "x = 1\n", "bad.py": "x = 1\ny = (\n", "notes.yaml": "(\n"}.items():
        (tmp_path / name).write_text(text)
    changes = {(Change.modified, str(tmp_path / name)) for name in ("good.py", "bad.py", "notes.yaml", "gone.py")}

    with pytest.raises(InvalidError) as caught:
        check_modules(changes)

    assert [(each.file, each.line) for each in caught.value.problems] == [(str(tmp_path / "bad.py"), 2)]
