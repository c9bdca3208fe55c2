"""``compozy init``."""

import pytest

from compozy.cli.scaffolding import name_for, project_files


def test_written_project_is_valid_as_it_stands(invoke, tmp_path):
    written = invoke("init", tmp_path / "new")
    checked = invoke("config", "validate", "--config", tmp_path / "new")

    assert written.exit_code == 0
    assert (checked.exit_code, checked.stdout) == (0, "ok: 1 workflow, 2 tasks\n")


def test_all_that_is_written_is_named_with_the_two_commands_to_run_next(invoke, tmp_path):
    result = invoke("init", tmp_path / "my project")

    named = {line.removeprefix("wrote ") for line in result.stdout.splitlines() if line.startswith("wrote ")}
    found = {str(path) for path in (tmp_path / "my project").rglob("*") if path.is_file()}
    assert named == found
    assert result.stdout.splitlines()[-2:] == [
        f"  cd '{tmp_path}/my project'",
        "  compozy run hello --input name=Ada",
    ]


def test_state_folder_and_secrets_are_kept_out_of_git(project):
    ignored = (project / ".gitignore").read_text().splitlines()

    assert {".compozy/", ".env"} <= set(ignored)


def test_mode_is_standalone_and_the_name_is_the_folders(project):
    assert 'name: "hello"\n' in (project / "compozy.yaml").read_text()
    assert "\nmode: standalone\n" in (project / "compozy.yaml").read_text()


def test_name_can_be_given(invoke, tmp_path):
    invoke("init", tmp_path / "x", "--name", "Billing-2")

    assert 'name: "Billing-2"\n' in (tmp_path / "x" / "compozy.yaml").read_text()


@pytest.mark.parametrize("name", ["123", "true", "1e3", "2026-01-01", "null"])
def test_name_that_looks_like_something_else_stays_a_name(invoke, tmp_path, name):
    written = invoke("init", tmp_path / name)
    checked = invoke("config", "validate", "--config", tmp_path / name)

    assert (written.exit_code, checked.exit_code) == (0, 0)


@pytest.mark.parametrize("name", ["", "a b", "x: y", "-x", "a\nb", "../up"])
def test_name_that_would_break_the_yaml_is_refused_before_anything_is_written(invoke, tmp_path, name):
    result = invoke("init", tmp_path / "x", "--name", name)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: --name: {name!r} is not a project name")
    assert not (tmp_path / "x").exists()


def test_existing_files_are_named_and_nothing_is_written(invoke, tmp_path):
    (tmp_path / "tools.py").write_text("mine")
    (tmp_path / ".gitignore").symlink_to(tmp_path / "nowhere")

    result = invoke("init", tmp_path)

    assert result.exit_code == 2
    expected = f"already there, nothing was written: {tmp_path}/.gitignore, {tmp_path}/tools.py"
    assert result.stderr == f"error: {expected}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "tools.py"]
    assert (tmp_path / "tools.py").read_text() == "mine"


def test_folder_with_other_files_is_welcome(invoke, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    assert invoke("init", tmp_path).exit_code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_folder_that_cannot_be_made_is_a_clean_error(invoke, tmp_path):
    (tmp_path / "file").touch()

    result = invoke("init", tmp_path / "file" / "x")

    assert result.exit_code == 2
    assert result.stderr == f"error: {tmp_path}/file/x/.gitignore cannot be written: Not a directory\n"


@pytest.mark.parametrize(
    ("folder", "name"),
    [("hello", "hello"), ("My first project", "my-first-project"), ("a.b_c", "a-b-c"), ("…", "project")],
)
def test_name_of_the_folder_becomes_a_project_name(tmp_path, folder, name):
    assert name_for(tmp_path / folder) == name


def test_no_placeholder_is_left_in_any_file():
    assert not [path for path, text in project_files("shop").items() if "PROJECT_NAME" in text]
