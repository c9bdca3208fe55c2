"""Modules beside the entrypoint that have the name of one that Compozy needs."""

import sys
from pathlib import Path

import pytest

from compozy.config.settings import Mode
from compozy.engine.loading import read_project
from compozy.engine.loading.projects import examine_project

OWN = "of Python's own library"
LIBRARY = "that Compozy uses"
WORKFLOW = "id: w\ntasks: [{id: a, tool: do}]\n"
PROJECT = "name: test\nworkflows: [{{source: w.yaml}}]\nruntime: {{entrypoint: {0}, type: {1}}}\ntools: [{{id: do}}]\n"


@pytest.fixture
def warnings_with(write):
    """Return a function from files, by name, to the warnings of a project that has them."""

    def warn(*names, entrypoint="tools.py", kind="python"):
        project = {"compozy.yaml": PROJECT.format(entrypoint, kind), "w.yaml": WORKFLOW, entrypoint: ""}
        write({**project, **dict.fromkeys(names, "")})
        read = read_project(Path("compozy.yaml"), environ={}, flags={}, default_mode=Mode.STANDALONE)
        return [str(warning) for warning in read.warnings]

    return warn


def about(name, whose):
    return (
        f"compozy.yaml:3: runtime.entrypoint: {name!r} beside it has the name of a module {whose}, "
        "and may be imported in its place (give it another name)"
    )


@pytest.mark.parametrize(
    ("file", "name", "whose"),
    [
        ("json.py", "json.py", OWN),
        ("email/__init__.py", "email", OWN),
        ("yaml.py", "yaml.py", LIBRARY),
        ("trio/__init__.py", "trio", LIBRARY),
        ("typing_extensions.py", "typing_extensions.py", LIBRARY),
        ("compozy.py", "compozy.py", "of Compozy"),
        ("sniffio.py", "sniffio.py", LIBRARY),  # which Compozy does not name, but Trio does
    ],
)
def test_a_module_with_the_name_of_one_that_is_needed_is_told(warnings_with, file, name, whose):
    assert warnings_with(file) == [about(name, whose)]


def test_several_are_told_in_the_order_of_their_names_the_entrypoint_too(warnings_with):
    assert warnings_with("yaml.py", "ast.py", entrypoint="json.py") == [
        about("ast.py", OWN),
        about("json.py", OWN),
        about("yaml.py", LIBRARY),
    ]


@pytest.mark.parametrize(
    "file",
    [
        "prices.py",
        "pytest.py",  # installed here, and nothing to Compozy
        "json/notes.txt",  # no package, so Python's own is found
        "json.yaml",
        "inner/json.py",
    ],
)
def test_other_names_are_free(warnings_with, file):
    assert warnings_with(file) == []


def test_the_folder_of_the_entrypoint_counts_and_not_that_of_the_project(warnings_with):
    assert warnings_with("json.py", "src/yaml.py", entrypoint="src/tools.py") == [about("yaml.py", LIBRARY)]


def test_a_runtime_in_another_language_takes_nobodys_place(warnings_with):
    assert warnings_with("json.py", entrypoint="tools.ts", kind="deno") == []


@pytest.mark.parametrize("place", ["missing", "x" * 300], ids=["missing", "too long"])
def test_an_entrypoint_that_is_not_there_is_a_problem_and_no_more(write, place):
    write({"compozy.yaml": PROJECT.format(f"{place}/json.py", "python"), "w.yaml": WORKFLOW})

    examined = examine_project(Path("compozy.yaml"), environ={}, flags={}, default_mode=Mode.STANDALONE)

    assert ["there is no file" in problem.message for problem in examined.problems] == [True]
    assert examined.warnings == ()


def test_a_module_that_is_on_the_path_already_is_itself(warnings_with, folder, monkeypatch):
    monkeypatch.setattr(
        sys, "path", [str(folder), *(entry for entry in sys.path if not (Path(entry) / "yaml").is_dir())]
    )

    assert warnings_with("yaml.py") == []
