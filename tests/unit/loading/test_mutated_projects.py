"""Mutated projects: whatever stands in the files, loading gives a project, or says what is wrong and where, soon."""

import os
import random
import time
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from jsonschema_rs import Draft7Validator

from compozy.cli.graphing.dot import as_dot
from compozy.cli.graphing.mermaid import as_mermaid
from compozy.cli.graphing.model import graph_of
from compozy.config.json_schemas import project_schema, workflow_schema
from compozy.config.task_entry import TaskEntry
from compozy.config.yaml_files import read_yaml
from compozy.domain.codec import from_json, to_json
from compozy.domain.definitions import WorkflowDefinition
from compozy.domain.errors import InvalidError, Problem
from compozy.engine.loading import load_project

LANGUAGE = Path(__file__).parents[2] / "data" / "language"
FILES = tuple(str(path.relative_to(LANGUAGE)) for path in sorted(LANGUAGE.rglob("*.yaml")))
EDITORS = {
    name: Draft7Validator(project_schema() if name == "compozy.yaml" else workflow_schema())
    for name in ("compozy.yaml", "workflows/shop.yaml", "workflows/nested.yaml")
}
"""What editors make of the files: they may refuse nothing that loads."""

CHUNKS = 10
CASES = int(os.environ.get("FUZZ_FILES", "500")) // CHUNKS
LONGEST_S = 1.0
"""How long one project may take, in processor time: the machine may be busy."""

SYNTAX = [*" \n\t:{}[]'\"#|>%@`,&*!?-", "", "  ", "- ", "&a ", "*a", "<<: *a", "!!str ", "---\n", "\x00", "\u2028", "é"]
TEXTS = [
    *(
        "",
        "{{",
        "}}",
        "{{ .tasks.both.output }}",
        "{{ .item }}",
        "{{ range .x }}{{ end }}",
        "{{ if }}",
        "{{ .a.b.c | upper }}",
    ),
    *(
        "input.x > 1",
        "size(",
        "a.b.c == 'd'",
        "1..5",
        "5..a",
        "@daily",
        "@every 1s",
        "* * * * *",
        "99 * * * *",
        "1m30s",
        "-5s",
    ),
    *(
        "both",
        "letter",
        "kind",
        "shop",
        "clerk",
        "pack",
        "parcel",
        "letters",
        "cp__grep",
        "../x",
        "a\0b",
        "x" * 300,
        "🎺",
    ),
]
KEYS = sorted({field.alias or name for name, field in TaskEntry.model_fields.items()} | {"$ref", "next", "default"})
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    3.5,
    10**30,
    float("inf"),
    [],
    {},
    [[]],
    {"id": "x"},
    {"type": "object"},
    {"$ref": "#"},
]


def mutated_text(pick, text):
    """Return the text with a piece replaced, or a line moved, doubled or left out."""
    if pick.random() < 0.6:
        start = pick.randrange(len(text) + 1)
        end = min(len(text), start + pick.randrange(12))
        return text[:start] + pick.choice([*SYNTAX, *TEXTS]) + text[end:]
    lines = text.splitlines(keepends=True)
    line = pick.choice(lines)
    if pick.random() < 0.5:
        lines.remove(line)
    lines.insert(pick.randrange(len(lines) + 1), pick.choice(["", line, "  " + line]))
    return "".join(lines)


def nodes_in(value, path=()):
    """Yield the path of every value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from nodes_in(inner, (*path, key))


def mutated_data(pick, data):
    """Change one value: to another, to that of another place, to nothing; or give it another key."""
    paths = [path for path in nodes_in(data) if path]
    *outer, key = pick.choice(paths)
    parent = data
    for part in outer:
        parent = parent[part]
    choice = pick.random()
    if choice < 0.35:
        parent[key] = deepcopy(pick.choice([*VALUES, *TEXTS]))
    elif choice < 0.65:
        source = data
        for part in pick.choice(paths):
            source = source[part]
        parent[key] = deepcopy(source)
    elif choice < 0.8:
        del parent[key]
    elif isinstance(parent, dict):
        parent[pick.choice([*KEYS, *TEXTS])] = (
            parent.pop(key) if choice < 0.9 else deepcopy(pick.choice([*VALUES, *TEXTS]))
        )


def mutated(pick, name):
    """Return the content of a file of the corpus with some changes to its text, or to what it says."""
    if pick.random() < 0.4:
        text = (LANGUAGE / name).read_text(encoding="utf-8")
        for _ in range(pick.randint(1, 3)):
            text = mutated_text(pick, text)
        return text.encode("utf-8", "replace")
    data = deepcopy(read_yaml(LANGUAGE / name, shown_as=name).data)
    for _ in range(pick.randint(1, 3)):
        if data:
            mutated_data(pick, data)
    return yaml.safe_dump(data, allow_unicode=True).encode()


@pytest.fixture
def corpus(tmp_path):
    """Return a folder with the corpus, to be changed."""
    for file in (*FILES, "tools.py", ".env"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes((LANGUAGE / file).read_bytes())
    return tmp_path


def problems_of(folder):
    """Return why a project is invalid; nothing when it is not, and can be used."""
    try:
        use(load_project(folder))
    except InvalidError as error:
        return error.problems or [Problem(message="invalid for no reason")]
    return []


def use(project):
    """Do with a project what is done with every project."""
    for workflow in project.workflows.values():
        assert from_json(to_json(workflow), WorkflowDefinition) == workflow
        graph = graph_of(workflow)
        assert as_mermaid(graph).startswith("flowchart")
        assert as_dot(graph).startswith("digraph")


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_mutated_files_make_a_project_or_problems_with_places(corpus, chunk):
    for case in range(CASES):
        pick = random.Random(f"{chunk}/{case}")  # noqa: S311 - nothing here is secret
        name = pick.choice(FILES + ("workflows/shop.yaml",) * len(FILES))
        content = mutated(pick, name)
        (corpus / name).write_bytes(content)
        started = time.process_time()
        try:
            problems = problems_of(corpus)
        except Exception as error:
            error.add_note(f"{name} was {content!r}")
            raise
        took_s = time.process_time() - started

        wrong = [problem for problem in problems if not (problem.file and problem.line)]
        assert wrong == [], (name, content)
        assert took_s < LONGEST_S, (name, content)
        if not problems and name in EDITORS:
            document = read_yaml(corpus / name, shown_as=name)
            assert [str(error) for error in EDITORS[name].iter_errors(document.data)] == [], (name, content)
        (corpus / name).write_bytes((LANGUAGE / name).read_bytes())
