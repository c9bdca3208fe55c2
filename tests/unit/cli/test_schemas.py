"""``compozy config schema``, the schemas in this repository, and those that a project keeps."""

import json
from pathlib import Path

import pytest
from jsonschema_rs import Draft7Validator

from compozy.cli.doctoring.configuration import examine_schemas, examine_variables
from compozy.cli.schemas import outdated_schemas, schema_files
from compozy.config.yaml_files import read_yaml

REPOSITORY = Path(__file__).parents[3]
PROJECTS = [file.relative_to(REPOSITORY) for file in REPOSITORY.glob("examples/*/compozy.yaml")] + [
    *(Path("compozy.yaml"), Path("tests/e2e/project/compozy.yaml"), Path("benchmarks/project/compozy.yaml"))
]
WORKFLOWS = [
    file.relative_to(REPOSITORY)
    for folder in ("examples", "tests/e2e/project", "benchmarks/project")
    for file in REPOSITORY.glob(f"{folder}/**/workflows/*.yaml")
]


@pytest.fixture
def mistakes():
    """Return a function from a YAML file to what its schema says against it."""

    def mistakes(file, schema):
        validator = Draft7Validator(json.loads(schema_files()[f"{schema}.schema.json"]))
        return [error.message for error in validator.iter_errors(read_yaml(file, shown_as=str(file)).data)]

    return mistakes


def schema_named_in(file):
    """Return the path of the schema that the first line of a file names, for editors."""
    first = file.read_text().partition("\n")[0]
    marker = "# yaml-language-server: $schema="
    assert first.startswith(marker)
    return (file.parent / first.removeprefix(marker)).resolve()


def test_schemas_in_this_repository_are_those_that_the_program_makes():
    kept = {file.name: file.read_text() for file in (REPOSITORY / "schema").glob("*.json")}

    assert kept == schema_files(), "run `make schema`"


@pytest.mark.parametrize("file", PROJECTS, ids=str)
def test_project_files_of_this_repository_have_their_schema(mistakes, file):
    assert mistakes(REPOSITORY / file, "compozy") == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=str)
def test_workflow_files_of_this_repository_have_their_schema(mistakes, file):
    assert mistakes(REPOSITORY / file, "workflow") == []


def test_files_that_init_writes_have_the_schemas_that_their_first_lines_name(mistakes, project):
    workflow = project / "workflows" / "hello.yaml"

    assert mistakes(project / "compozy.yaml", "compozy") == []
    assert mistakes(workflow, "workflow") == []
    assert schema_named_in(project / "compozy.yaml") == project / "schema" / "compozy.schema.json"
    assert schema_named_in(workflow) == project / "schema" / "workflow.schema.json"
    assert (project / "schema" / "workflow.schema.json").read_text() == schema_files()["workflow.schema.json"]


@pytest.mark.parametrize("file", ["compozy.yaml", "examples/hello/compozy.yaml"])
def test_examples_name_the_schema_of_this_repository(file):
    assert schema_named_in(REPOSITORY / file) == REPOSITORY / "schema" / "compozy.schema.json"


@pytest.mark.parametrize(("arguments", "name"), [([], "compozy"), (["project"], "compozy"), (["workflow"], "workflow")])
def test_schema_of_each_file_is_printed(invoke, arguments, name):
    result = invoke("config", "schema", *arguments)

    assert result.exit_code == 0
    assert result.stdout == schema_files()[f"{name}.schema.json"]


def test_schemas_are_written_over_those_of_another_version(invoke, tmp_path):
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "compozy.schema.json").write_text("{}")

    result = invoke("config", "schema", "--write", tmp_path / "schema")

    assert result.exit_code == 0
    assert {file.name: file.read_text() for file in (tmp_path / "schema").iterdir()} == schema_files()
    assert result.stdout.splitlines() == [f"wrote {tmp_path}/schema/{name}" for name in schema_files()]


def test_schemas_that_cannot_be_written_are_a_clean_error(invoke, tmp_path):
    (tmp_path / "file").touch()

    result = invoke("config", "schema", "--write", tmp_path / "file" / "schema")

    assert result.exit_code == 2
    assert result.stderr == f"error: {tmp_path}/file/schema/compozy.schema.json cannot be written: Not a directory\n"


def test_doctor_names_the_schemas_of_another_version(project):
    assert list(examine_schemas(project)) == []

    (project / "schema" / "workflow.schema.json").write_text("{}")

    [finding] = examine_schemas(project)
    assert finding.level == "warn"
    assert "workflow.schema.json" in finding.detail
    assert finding.fix == f"compozy config schema --write {project}/schema"


def test_project_without_schemas_is_left_alone(tmp_path):
    assert list(outdated_schemas(tmp_path / "schema")) == []


def test_doctor_names_variables_that_set_nothing():
    [finding] = examine_variables(["COMPOZY_SERVER_PORT", "SERVER_PORT", "PATH"])

    assert (finding.level, finding.detail) == ("warn", "COMPOZY_SERVER_PORT sets nothing")
    assert finding.fix == "did you mean 'SERVER_PORT'?"
