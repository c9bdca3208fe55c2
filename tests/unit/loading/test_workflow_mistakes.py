import json

import pytest

from compozy.domain.builtin_tools import BUILTINS

TOOLS = ", ".join(sorted({*BUILTINS, "add", "do", "undo"}))


def test_a_workflow_in_order_has_no_problems(problems_of):
    text = """\
        id: w
        config:
          input: {type: object, properties: {name: {type: string, default: Ada}}}
        tools: [{id: own, with: {a: "{{ .workflow.input.name }}"}}]
        tasks:
          - id: first
            tool: do
            with: {name: "{{ .workflow.input.name }}"}
            on_success: {next: both, with: {x: "{{ .output.x }}"}}
            on_error: {next: last}
          - id: last
            tool: undo
          - id: both
            type: parallel
            max_workers: 2
            tasks:
              - {id: left, tool: own, with: {x: "{{ .tasks.first.output.x }}"}}
              - {id: right, tool: do, timeout: 5s, outputs: {y: "{{ .output.y }}"}}
            on_success: {next: last}
        outputs: {y: "{{ .tasks.both.output.right.output.y }}"}
        """

    assert problems_of(text) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tool: dot", f"tasks[0].tool: there is no tool 'dot' (did you mean 'do'? known: {TOOLS})"),
        ("type: basic", "tasks[0].tool: is required for type: basic (name one of tool, agent, prompt)"),
        ("type: parallel", "tasks[0].tasks: is required for type: parallel"),
        (
            "{tool: do, tasks: []}",
            "tasks[0].tasks: has no meaning for type: basic (it belongs to type: parallel or composite)",
        ),
        (
            "{tool: do, max_workers: 1}",
            "tasks[0].max_workers: has no meaning for type: basic (it belongs to type: parallel or collection)",
        ),
        (
            "{type: parallel, tasks: [], tool: do}",
            "tasks[0].tool: has no meaning for type: parallel (it belongs to type: basic)",
        ),
        (
            "{type: parallel, tasks: [{id: b, tool: x}]}",
            f"tasks[0].tasks[0].tool: there is no tool 'x' (known: {TOOLS})",
        ),
        (
            "{type: parallel, tasks: [{id: b, tool: do}, {id: b, tool: do}]}",
            "tasks[0].tasks[1].id: the task id 'b' is taken (the other one is in line 4)",
        ),
        (
            "{type: parallel, tasks: [{id: b, tool: do, on_error: {next: a}}]}",
            (
                "tasks[0].tasks[0].on_error: tasks inside a parallel one have no successor "
                "(give on_error to the parallel task)"
            ),
        ),
        ("{tool: do, on_success: {next: b}}", "tasks[0].on_success.next: there is no task 'b' (there are none)"),
        (
            "{tool: do, on_success: {next: a}}",
            "tasks[0].on_success.next: the tasks run in a circle: a -> a (let one of them end the workflow)",
        ),
        (
            "{tool: do, on_error: {with: {x: 1}}}",
            "tasks[0].on_error.with: has no effect without next (name the task that runs next)",
        ),
        (
            '{tool: do, with: {x: ["{{ .tasks.b.output }}"]}}',
            "tasks[0].with.x[0]: the template names the task 'b', which does not exist (known: a)",
        ),
    ],
)
def test_each_mistake_in_a_task_is_told_with_its_place_and_way_out(problems_of, line, message):
    entry = line if line.startswith("{") else f"{{{line}}}"

    assert problems_of(f"id: w\ntasks:\n  -\n    {{id: a, {entry[1:]}\n") == [f"w.yaml:4: {message}"]


def test_ids_of_tasks_and_tools_are_taken_once(problems_of):
    text = """\
        id: w
        tools:
          - id: own
          - id: own
        tasks:
          - {id: a, tool: own, on_success: {next: b}}
          - {id: b, tool: own}
          - {id: b, tool: own}
        """

    assert problems_of(text) == [
        "w.yaml:4: tools[1].id: the tool id 'own' is taken (the other one is in line 3)",
        "w.yaml:8: tasks[2].id: the task id 'b' is taken (the other one is in line 7)",
    ]


def test_next_names_a_task_of_the_same_workflow(problems_of):
    text = """\
        id: w
        tasks:
          - id: prepare
            tool: do
            on_success: {next: finnish}
            on_error: {next: finish}
          - id: finish
            type: parallel
            tasks: [{id: inner, tool: do}]
        """

    assert problems_of(text) == [
        "w.yaml:5: tasks[0].on_success.next: there is no task 'finnish' (did you mean 'finish'? known: finish)"
    ]


def test_a_misspelt_next_is_not_told_again_as_a_task_that_is_never_reached(problems_of):
    text = """\
        id: w
        tasks:
          - {id: prepare, tool: do, on_success: {next: finnish}}
          - {id: finish, tool: do}
        """

    assert problems_of(text) == [
        "w.yaml:3: tasks[0].on_success.next: there is no task 'finnish' (did you mean 'finish'? known: finish)"
    ]


def test_a_circle_is_told_once_where_it_closes(problems_of):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, on_success: {next: b}}
          - {id: b, tool: do, on_success: {next: c}, on_error: {next: d}}
          - {id: c, tool: do, on_error: {next: b}}
          - {id: d, tool: do, on_success: {next: c}}
        """

    assert problems_of(text) == [
        "w.yaml:5: tasks[2].on_error.next: the tasks run in a circle: b -> c -> b (let one of them end the workflow)"
    ]


@pytest.mark.parametrize(
    "entries",
    [
        ["{id: a, tool: do}", "{id: b, tool: do, on_success: {next: c}}", "{id: c, tool: do, on_success: {next: b}}"],
        ["{id: b, tool: do, on_success: {next: c}}", "{id: c, tool: do, on_success: {next: b}, final: true}"],
    ],
    ids=["nothing leads to it", "one of them is final"],
)
def test_a_circle_is_wrong_even_where_no_execution_that_begins_anew_goes_round(problems_of, entries):
    text = "\n".join(["id: w", "tasks:", *(f"  - {entry}" for entry in entries)])

    (problem,) = problems_of(text)

    assert "the tasks run in a circle: b -> c -> b" in problem


def test_two_ways_to_the_same_task_are_no_circle(problems_of):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, on_success: {next: b}, on_error: {next: c}}
          - {id: b, tool: do, on_success: {next: c}}
          - {id: c, tool: do}
        """

    assert problems_of(text) == []


def test_a_task_that_nothing_names_is_no_problem(problems_of):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do}
          - {id: b, tool: do}
        """

    assert problems_of(text) == []


def test_only_a_router_has_to_have_a_condition_that_says_something(problems_of):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, condition: '', on_success: {next: b}}
          - {id: b, type: wait, wait_for: s, condition: ' ', on_success: {next: c}}
          - {id: c, type: collection, items: 1, filter: '', task: {id: 'i{{ .item }}', tool: do}, on_success: {next: d}}
          - {id: d, type: router, condition: '', routes: {x: e}}
          - {id: e, tool: do}
        """

    hint = 'write for example input.kind == "a"'
    assert problems_of(text) == [f"w.yaml:6: tasks[3].condition: must not be empty ({hint})"]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("1..20000", "it has 20000 items, and 10000 is the most (use closer ends)"),
        ("a..5", "one end is a number and one a letter (write two numbers, or two letters)"),
        ("a..E", "'a' is a small Latin letter and 'E' a capital Latin letter (use two letters of one script and case)"),
        ("1..10000", None),
        ("5..{{ .input.n }}", None),
        ("see 1..5", None),
        (None, None),
    ],
)
def test_a_range_that_cannot_be_counted_is_told_before_it_runs(problems_of, items, message):
    text = f"""\
        id: w
        tasks:
          - {{id: a, type: collection, items: {json.dumps(items)}, task: {{id: 'i{{{{ .index }}}}', tool: do}}}}
        """

    told = f"w.yaml:3: tasks[0].items: the range {items} cannot be counted: {message}"
    assert problems_of(text) == ([] if message is None else [told])


def test_a_template_that_cannot_be_read_is_told_at_its_line(problems_of):
    text = """\
        id: w
        tools:
          - id: own
            with: {x: "{{ if }}"}
        tasks:
          - id: a
            tool: own
            outputs:
              fine: "{{ .output }}"
              broken: "{{ .output "
        """
    places = [line.split(": ")[:2] for line in problems_of(text) if line.startswith("w.yaml")]

    assert places == [["w.yaml:4", "tools[0].with.x"], ["w.yaml:10", "tasks[0].outputs.broken"]]


def test_a_value_nested_deeper_than_templates_go_is_told_at_its_key(problems_of):
    deep = "[" * 25 + "x" + "]" * 25
    text = f"id: w\ntasks:\n  - id: a\n    tool: do\n    with: {{x: {deep}}}\n"

    (line,) = problems_of(text)

    assert line.startswith("w.yaml:5: tasks[0].with: ")


def test_templates_do_not_name_tasks_inside_a_container(problems_of):
    text = """\
        id: w
        tasks:
          - id: both
            type: parallel
            tasks: [{id: left, tool: do}]
        outputs:
          right: "{{ .tasks.both.output.left.output.x }}"
          wrong: "{{ .tasks.left.output.x }}"
        """

    assert problems_of(text) == [
        (
            "w.yaml:8: outputs.wrong: the template names the task 'left', which is inside 'both' "
            "(write .tasks.both.output.left.output, or .children.left in its own outputs)"
        )
    ]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            "{properties: {a: {type: text}}}",
            'properties.a.type: "text" is not a type (allowed: array, boolean, integer, null, number, object, string)',
        ),
        ("{required: a}", 'required: "a" is not of type "array" (write a list of the names: [name])'),
        (
            "{properties: {type: 5}}",
            'properties.type: 5 is not of types "boolean", "object" (write JSON Schema 2020-12)',
        ),
        ("{pattern: '('}", 'pattern: "(" is not a "regex" (write JSON Schema 2020-12)'),
        (
            "{properties: {a: {properties: {b: {type: integer, default: x}}}}}",
            'properties.a.properties.b.default: the default does not satisfy the schema: "x" is not of type "integer"',
        ),
    ],
    ids=["type", "keyword", "property called type", "pattern", "default"],
)
def test_a_schema_that_cannot_work_is_told_at_its_line(problems_of, schema, message):
    text = f"id: w\ntasks: [{{id: a, tool: do}}]\nconfig:\n  input: {schema}\n"

    assert problems_of(text) == [f"w.yaml:4: config.input.{message}"]


@pytest.mark.parametrize("reference", ["http://127.0.0.1:1/a.json", "file:///etc/passwd", "other.json", "#/$defs/b"])
def test_a_reference_that_leads_nowhere_or_outside_is_told_at_its_line(problems_of, reference):
    text = f"""\
        id: w
        tasks: [{{id: a, tool: do}}]
        config:
          input:
            properties:
              a: {{type: string}}
              b: {{$ref: '{reference}'}}
        """

    (line,) = problems_of(text)

    problem = f"{reference!r} leads to nothing in this schema (put it under $defs and write #/$defs/name)"
    assert line == f"w.yaml:7: config.input.properties.b.$ref: {problem}"
