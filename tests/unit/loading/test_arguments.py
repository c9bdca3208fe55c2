"""What is written down under ``with`` against the schema of the tool: built in, or declared."""

import pytest

from compozy.domain.builtin_tools import BUILTINS


def workflow(task):
    """Return the text of a workflow whose one task is in line 3."""
    return f"id: w\ntasks:\n  - {{id: a, {task}}}\n"


@pytest.mark.parametrize(
    ("task", "messages"),
    [
        (
            "tool: cp__read_file, with: {file: a.txt}",
            [
                "file: unknown property (known: path)",
                "path: is required (the schema of the input asks for it: write path under with)",
            ],
        ),
        ("tool: cp__read_file, with: {path: 5}", ['path: 5 is not of type "string" (quote it: "5")']),
        (
            "tool: cp__list_dir, with: {path: ., page_size: '10'}",
            ['page_size: "10" is not of type "integer" (write 10, without quotes)'],
        ),
        (
            "tool: cp__list_dir, with: {path: ., recursive: 'true'}",
            ['recursive: "true" is not of type "boolean" (write true, without quotes)'],
        ),
        (
            "tool: cp__fetch, with: {url: x, headers: {a: 1}, timeout_ms: 0}",
            ['headers.a: 1 is not of type "string"', "timeout_ms: 0 is less than the minimum of 1"],
        ),
        (
            "tool: cp__exec, with: {command: echo, args: [1, '{{ .input.x }}']}",
            ['args[0]: 1 is not of type "string" (quote it: "1")'],
        ),
    ],
)
def test_the_input_of_a_built_in_tool_is_checked_as_far_as_it_is_written_down(problems_of, task, messages):
    assert problems_of(workflow(task)) == [f"w.yaml:3: tasks[0].with.{message}" for message in messages]


def test_a_word_that_the_schema_does_not_allow_is_told_with_those_that_it_does(problems_of):
    (line,) = problems_of(workflow("tool: cp__fetch, with: {url: x, method: DELTE}"))

    assert line.startswith('w.yaml:3: tasks[0].with.method: "DELTE" is not one of ')
    assert line.endswith("(did you mean 'DELETE'?)")


@pytest.mark.parametrize("tool", sorted(BUILTINS))
def test_templates_may_come_to_anything(problems_of, tool):
    given = ", ".join(f"{key}: '{{{{ .input.{key} }}}}'" for key in BUILTINS[tool].input["properties"])

    assert problems_of(workflow(f"tool: {tool}, with: {{{given}}}")) == []


def test_what_is_written_down_beside_templates_is_checked_at_any_depth(problems_of):
    schema = """{properties: {
        list: {items: {properties: {n: {type: integer}}, additionalProperties: false}},
        pair: {prefixItems: [{type: integer}], items: {type: string}},
        either: {anyOf: [{required: [a]}, {required: [b]}], properties: {c: {type: integer}}},
        }}"""
    given = """{
        list: [{n: '{{ .input.x }}', m: 1}, {n: x}],
        pair: ['{{ .input.x }}', a],
        either: {c: '{{ .input.x }}'},
        }"""

    lines = problems_of(
        f"id: w\ntools:\n  - id: own\n    input: {schema}\ntasks:\n  - id: a\n    tool: own\n    with: {given}\n"
    )

    assert [line.partition(": tasks[0].with.")[2] for line in lines] == [
        "list[0].m: unknown property (known: n)",
        'list[1].n: "x" is not of type "integer"',
    ]
