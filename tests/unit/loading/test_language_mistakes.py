"""What is wrong with tasks of every type, and with what they name: each told at its line, with the way out."""

import pytest
from jsonschema_rs import Draft7Validator

from compozy.config.json_schemas import workflow_schema
from compozy.config.task_types import BELONGS, NEEDS
from compozy.domain.tool_env import find_env_problem

TASKS = {
    "basic": "tool: do",
    "router": "condition: input.kind, routes: {x: other}",
    "parallel": "tasks: [{id: b, tool: do}]",
    "collection": "items: [1], task: {id: 'b-{{ .index }}', tool: do}",
    "aggregate": "outputs: {x: 1}",
    "composite": "tasks: [{id: b, tool: do}]",
    "signal": "signal: {id: go}",
    "wait": "wait_for: go, timeout: 5s",
    "memory": "operation: read, memory_ref: chat, key_template: k",
}
"""What each type needs."""

NO_WORK = "is required for type: basic (name one of tool, agent, prompt"

SAMPLES = {
    "tool": "do",
    "agent": "writer",
    "action": "draft",
    "prompt": "p",
    "model_config": "gpt-0.1",
    "tools": "[do]",
    "max_iterations": "3",
    "memory": "[{id: chat}]",
    "tasks": "[{id: b, tool: do}]",
    "strategy": "race",
    "max_workers": "2",
    "task": "{id: 'b-{{ .index }}', tool: do}",
    "items": "[1]",
    "filter": "item > 1",
    "item_var": "each",
    "index_var": "at",
    "mode": "sequential",
    "batch": "2",
    "routes": "{x: other}",
    "signal": "{id: go}",
    "wait_for": "go",
    "processor": "{id: b, tool: do}",
    "on_timeout": "other",
    "operation": "read",
    "memory_ref": "chat",
    "key_template": "k",
    "payload": "hi",
    "limit": "2",
    "offset": "2",
}
"""A value for each key that belongs to some types only."""


def workflow(task, rest=""):
    """Return the text of a workflow whose first task, in line 3, is this one; the task ``other`` is in line 4."""
    return (
        f"id: w\ntasks:\n  - {{{task}, on_error: {{next: other}}}}\n"
        f"  - {{id: other, tool: do, on_success: {{next: last}}}}\n  - {{id: last, tool: do}}\n{rest}"
    )


def test_a_task_of_each_type_with_what_it_needs_has_no_problems(problems_of):
    found = {type_: problems_of(workflow(f"id: a, type: {type_}, {keys}")) for type_, keys in TASKS.items()}

    assert found == {type_: [] for type_ in NEEDS}


@pytest.mark.parametrize(("type_", "key"), [(type_, key) for type_, keys in NEEDS.items() for key in keys])
def test_a_task_without_what_its_type_needs_is_told(problems_of, type_, key):
    samples = {**SAMPLES, "outputs": "{x: 1}", "condition": "input.x"}
    keys = [f"{name}: {samples[name]}" for name in NEEDS[type_] if name != key]

    found = problems_of(workflow(", ".join(["id: a", f"type: {type_}", *keys])))

    assert f"w.yaml:3: tasks[0].{key}: is required for type: {type_}" in found


@pytest.mark.parametrize("type_", TASKS)
def test_an_editor_and_the_loader_agree_on_the_keys_of_each_type(problems_of, document_of, type_):
    schema = Draft7Validator(workflow_schema())
    given = TASKS[type_]
    for key, types in BELONGS.items():
        if f"{key}:" in given:
            continue
        text = workflow(f"id: a, type: {type_}, {given}, {key}: {SAMPLES[key]}")
        refused = [line for line in problems_of(text) if f"tasks[0].{key}: has no meaning for type" in line]

        assert bool(refused) is (type_ not in types), (key, refused)
        assert schema.is_valid(document_of(text).data) is (type_ in types), key


@pytest.mark.parametrize(
    ("task", "message"),
    [
        # Who does the work
        ("id: a", f"tool: {NO_WORK})"),
        ("id: a, tool: do, prompt: p", "prompt: a task has either a tool or a prompt (remove one of them)"),
        ("id: a, tool: do, agent: writer", "agent: a task has either a tool or an agent (remove one of them)"),
        ("id: a, agent: writer", "action: is required with an agent (name an action of the agent, or write a prompt)"),
        ("id: a, prompt: p, action: draft", "action: has no meaning without an agent (name the agent)"),
        (
            "id: a, tool: do, memory: [{id: chat}]",
            "memory: has no meaning with a tool (it belongs to a task with agent or prompt)",
        ),
        ("id: a, outputs: {x: 1}", f"tool: {NO_WORK}; type: aggregate does without)"),
        # Which type it is
        ("id: a, tasks: [{id: b, tool: do}]", "type: is required with tasks (write type: parallel or composite)"),
        ("id: a, routes: {x: other}", "type: is required with routes (write type: router)"),
        (
            "id: a, tasks: [{id: b, tool: do}], max_workers: 2",
            "type: is required with tasks and max_workers (write type: parallel)",
        ),
        (
            "id: a, wait_for: x, timeout: 5s, on_timeout: other",
            "type: is required with wait_for and on_timeout (write type: wait)",
        ),
        # What it names
        (
            "id: a, agent: writter, action: draft",
            "agent: there is no agent 'writter' (did you mean 'writer'? known: writer)",
        ),
        (
            "id: a, agent: writer, action: drafts",
            "action: the agent 'writer' has no action 'drafts' (did you mean 'draft'? known: draft)",
        ),
        (
            "id: a, agent: {id: x, actions: [{id: y, prompt: z}]}, action: w",
            "action: the agent 'x' has no action 'w' (known: y)",
        ),
        (
            "id: a, prompt: p, model_config: gpt-0.2",
            ("model_config: there is no model 'gpt-0.2' (did you mean 'gpt-0.1'? known: gpt-0.1, mock:gpt-0.1)"),
        ),
        (
            "id: a, prompt: p, memory: [{id: cat}]",
            "memory[0].id: there is no memory 'cat' (did you mean 'chat'? known: bare, chat)",
        ),
        (
            "id: a, prompt: p, memory: [{id: bare}]",
            "memory[0].key: is required: the memory 'bare' has no key (write it here, or at the memory for all)",
        ),
        (
            "id: a, type: memory, operation: read, memory_ref: chatt, key_template: k",
            "memory_ref: there is no memory 'chatt' (did you mean 'chat'? known: bare, chat)",
        ),
        ("id: a, tool: do, input: some", "input: there is no schema 'some' (known: sum)"),
        (
            "id: a, tool: do, output: {type: text}",
            'output.type: "text" is not a type (allowed: array, boolean, integer, null, number, object, string)',
        ),
        (
            "id: a, tool: do, env: {LD_PRELOAD: x}",
            f"env.LD_PRELOAD: {find_env_problem({'LD_PRELOAD': 'x'})}",
        ),
        # Containers
        (
            "id: a, type: composite, tasks: [{id: b, tool: do, on_success: {next: other}}]",
            (
                "tasks[0].on_success: tasks inside a composite one have no successor "
                "(give on_success to the composite task)"
            ),
        ),
        (
            "id: a, type: parallel, tasks: [{id: b, type: router, condition: 'true', routes: {'true': other}}]",
            (
                "tasks[0].type: a router inside a parallel task has nowhere to lead "
                "(use condition on the tasks themselves)"
            ),
        ),
        (
            "id: a, type: wait, wait_for: go, processor: {id: b, type: aggregate, outputs: {x: 1}}",
            "processor.type: the processor of a wait is a basic task (use type: basic)",
        ),
        # Items
        (
            "id: a, type: collection, items: [1], task: {id: b, tool: do}",
            "task.id: 'b' would be the id of every item (write for example \"b-{{ .index }}\")",
        ),
        (
            "id: a, type: parallel, tasks: [{id: 'b-{{ .index }}', tool: do}]",
            (
                "tasks[0].id: 'b-{{ .index }}' is a template, and there is no item for it "
                "(only the task of a collection has a template as its id)"
            ),
        ),
        (
            "id: a, type: collection, items: [1], item_var: tasks, task: {id: 'b-{{ .index }}', tool: do}",
            "item_var: 'tasks' means something else (choose another name)",
        ),
        (
            "id: a, type: collection, items: [1], item_var: x, index_var: x, task: {id: 'b-{{ .x }}', tool: do}",
            "item_var: 'x' is the name of the item's number already (choose another name)",
        ),
        # Routers, waits, memories
        (
            "id: a, type: router, condition: input.x, routes: {}",
            "routes: must not be empty (write for example `default: next-task`)",
        ),
        (
            "id: a, type: router, condition: input.x, routes: {yes: othr}",
            "routes.yes: there is no task 'othr' (did you mean 'other'? known: last, other)",
        ),
        (
            "id: a, type: wait, wait_for: go, on_timeout: other",
            "on_timeout: has no effect without timeout (say after which time under timeout)",
        ),
        (
            "id: a, type: wait, wait_for: go, timeout: 5s, on_timeout: late",
            "on_timeout: there is no task 'late' (did you mean 'last'? known: last, other)",
        ),
        (
            "id: a, type: memory, operation: append, memory_ref: chat, key_template: k",
            "payload: is required for operation: append",
        ),
        (
            "id: a, type: memory, operation: clear, memory_ref: chat, key_template: k, payload: x",
            "payload: has no meaning for operation: clear (it belongs to operation: append or write)",
        ),
        (
            "id: a, type: memory, operation: append, memory_ref: chat, key_template: k, payload: x, limit: 5",
            "limit: has no meaning for operation: append (it belongs to operation: read)",
        ),
        # Times
        (
            "id: a, tool: do, config: {retry_policy: {initial_interval: 2m, maximum_interval: 1m}}",
            (
                "config.retry_policy.initial_interval: 2m is longer than maximum_interval, 1m "
                "(shorten the one or lengthen the other)"
            ),
        ),
        (
            "id: a, tool: do, config: {start_to_close_timeout: 2m, schedule_to_close_timeout: 1m}",
            (
                "config.start_to_close_timeout: 2m is longer than schedule_to_close_timeout, 1m "
                "(shorten the one or lengthen the other)"
            ),
        ),
        # Inputs
        ("id: a, tool: add, with: {a: x}", 'with.a: "x" is not of type "number"'),
        ("id: a, tool: add, with: {}", "with.a: is required (the schema of the input asks for it: write a under with)"),
        ("id: a, tool: add, with: {a: 1, d: 2}", "with.d: unknown property (known: a, b, c)"),
        (
            "id: a, tool: do, input: sum, with: {a: 1}",
            "with.b: is required (the schema of the input asks for it: write b under with)",
        ),
    ],
)
def test_each_mistake_in_a_task_is_told_with_its_place_and_way_out(problems_of, task, message):
    assert problems_of(workflow(task)) == [f"w.yaml:3: tasks[0].{message}"]


@pytest.mark.parametrize(
    ("task", "place", "message"),
    [
        ("id: a, tool: do, condition: 'input.x >'", "condition", "the expression ends too early"),
        (
            "id: a, tool: do, condition: '1 + 1'",
            "condition",
            "the result is an integer, and a condition is true or false",
        ),
        ("id: a, tool: do, condition: 'inptu.x == 1'", "condition", 'no variable "inptu"'),
        ("id: a, tool: do, condition: '{{ .input.x'", "condition", "this action is not closed"),
        ("id: a, tool: do, condition: 'item > 1'", None, None),
        ("id: a, tool: do, condition: 'tasks.gone.x'", "condition", "the expression names the task 'gone'"),
        ("id: a, tool: do, with: {x: '{{ .wrokflow.input }}'}", "with.x", "there is no variable 'wrokflow'"),
        ("id: a, type: router, condition: '{{ .input.kind }}', routes: {x: other}", None, None),
        (
            "id: a, type: router, condition: 'input.kind ==', routes: {x: other}",
            "condition",
            "the expression ends too early",
        ),
        (
            "id: a, type: collection, items: [1], filter: size(item), task: {id: '{{ .index }}', tool: do}",
            "filter",
            "the result is an integer, and a condition is true or false",
        ),
        (
            "id: a, type: collection, items: 1, filter: x.y > 3, item_var: x, task: {id: '{{ .index }}', tool: do}",
            None,
            None,
        ),
        (
            "id: a, type: collection, items: [1], filter: file.size > 3, task: {id: '{{ .index }}', tool: do}",
            "filter",
            'no variable "file"',
        ),
        (
            "id: a, type: collection, items: 1, index_var: at, task: {id: '{{ .at }}', prompt: '{{ .at }}'}",
            None,
            None,
        ),
        (
            "id: a, type: collection, items: '{{ .at }}', index_var: at, task: {id: '{{ .at }}', tool: do}",
            "items",
            "there is no variable 'at'",
        ),
        ("id: a, type: wait, wait_for: go, condition: signal.payload.ok == true", None, None),
        ("id: a, type: wait, wait_for: go, condition: '\"yes\"'", "condition", "the result is a text"),
        ("id: a, type: wait, wait_for: '{{ .tasks.x.output }}'", "wait_for", "names the task 'x'"),
        (
            "id: a, type: signal, signal: {id: go, payload: {a: '{{ .tasks.x.output }}'}}",
            "signal.payload.a",
            "names the task 'x'",
        ),
        (
            "id: a, type: memory, operation: read, memory_ref: chat, key_template: '{{ .usr.id }}'",
            "key_template",
            "there is no variable 'usr'",
        ),
        ("id: a, prompt: 'about {{ .tasks.x.output }}'", "prompt", "names the task 'x'"),
    ],
)
def test_templates_and_expressions_are_read_before_anything_runs(problems_of, task, place, message):
    found = problems_of(workflow(task))

    if place is None:
        assert found == []
    else:
        (line,) = found
        assert line.startswith(f"w.yaml:3: tasks[0].{place}: ")
        assert message in line


def test_children_of_a_composite_see_their_elder_siblings_and_no_others(problems_of):
    text = """\
        id: w
        tasks:
          - id: all
            type: composite
            tasks:
              - id: first
                tool: do
                with: {x: "{{ .tasks.second.output }}"}
              - id: second
                type: parallel
                tasks:
                  - {id: left, tool: do, with: {x: "{{ .tasks.first.output }}"}}
                  - {id: right, tool: do, with: {x: "{{ .tasks.left.output }}"}}
        """

    assert problems_of(text) == [
        (
            "w.yaml:8: tasks[0].tasks[0].with.x: the template names the task 'second', which runs after it "
            "(the tasks of 'all' run in their order: put it before)"
        ),
        (
            "w.yaml:13: tasks[0].tasks[1].tasks[1].with.x: the template names the task 'left', which runs at the same "
            "time (it can be read after 'second'; in a composite, the tasks run one after another)"
        ),
    ]


def test_a_route_leads_to_a_task_that_is_written_down_there_and_stands_at_the_top(problems_of):
    text = """\
        id: w
        tasks:
          - id: pick
            type: router
            condition: input.kind
            routes:
              a: {id: one, tool: do, on_success: {next: two}}
              b: two
              default: {id: three, tool: do, with: {x: "{{ .tasks.one.output }}"}, on_success: {next: pick}}
          - {id: two, tool: do}
        """

    assert problems_of(text) == [
        (
            "w.yaml:9: tasks[0].routes.default.on_success.next: the tasks run in a circle: pick -> three -> pick "
            "(let one of them end the workflow)"
        )
    ]


@pytest.mark.parametrize(("depth", "count"), [(20, 0), (21, 1)])
def test_tasks_nest_to_depth_twenty(problems_of, depth, count):
    task = "{id: leaf, tool: do}"
    for level in range(depth - 1):
        task = f"{{id: c{level}, type: composite, tasks: [{task}]}}"

    found = problems_of(f"id: w\ntasks: [{task}]\n")

    assert len(found) == count
    assert all("is 21 tasks deep, more than 20 (flatten the workflow)" in line for line in found)


def test_a_router_gives_to_its_route_and_leads_nowhere_else(problems_of):
    text = """\
        id: w
        tasks:
          - id: pick
            type: router
            condition: input.kind
            routes: {x: sum}
            on_success: {with: {a: 1}, next: sum}
            on_error: {with: {a: 1}}
          - {id: sum, tool: add}
        """

    assert problems_of(text) == [
        "w.yaml:7: tasks[0].on_success.next: a router leads where its routes do (make it one of the routes)",
        "w.yaml:8: tasks[0].on_error.with: has no effect without next (name the task that runs next)",
    ]


def test_what_a_transition_carries_counts_as_given(problems_of):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, on_success: {next: b, with: {a: 1}}, on_error: {next: c}}
          - {id: b, tool: add}
          - {id: c, tool: add}
        """

    assert problems_of(text) == [
        "w.yaml:5: tasks[2].with.a: is required (the schema of the input asks for it: write a under with)"
    ]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("config: {input: some}", "config.input: there is no schema 'some' (known: sum)"),
        (
            "tools: [{id: cp__grep}]",
            "tools[0].id: ids that begin with cp__ are those of built-in tools (name it without declaring it)",
        ),
        (
            "tools: [{id: t, env: {api-key: x}}]",
            f"tools[0].env.api-key: {find_env_problem({'api-key': 'x'})}",
        ),
        ("tools: [{id: t, output: nothing}]", "tools[0].output: there is no schema 'nothing' (known: sum)"),
        (
            "agents: [{id: x, actions: [{id: y, prompt: a}, {id: y, prompt: b}]}]",
            "agents[0].actions[1].id: the action id 'y' is taken (rename one of them)",
        ),
        (
            "agents: [{id: x, model: gpt-1, tools: [do]}]",
            "agents[0].model: there is no model 'gpt-1' (did you mean 'gpt-0.1'? known: gpt-0.1, mock:gpt-0.1)",
        ),
        (
            "agents: [{id: x, tools: [{id: inline, input: {type: 5}}]}]",
            (
                "agents[0].tools[0].input.type: 5 is not a type "
                "(allowed: array, boolean, integer, null, number, object, string)"
            ),
        ),
        ("schemas: [{type: object}]", "schemas[0].id: is required (others name the schema by it)"),
        (
            "schemas: [{id: s, type: object}, {id: s, type: string}]",
            "schemas[1].id: the schema id 's' is taken (the other one is in line 6)",
        ),
        (
            "config: {input: {$ref: 'local::schemas.#(id==\"sum\")'}}",
            (
                "config.input.$ref: 'local::schemas.#(id==\"sum\")' leads to nothing in this schema "
                "(write the id of the schema in the place of the whole schema)"
            ),
        ),
        ("triggers: [{type: signal}]", "triggers[0].name: is required for type: signal (name the event)"),
        (
            "triggers: [{type: webhook, webhook: {}}]",
            "triggers[0].webhook.slug: is required for type: webhook (name the end of its address)",
        ),
        (
            "triggers: [{type: signal, name: a, webhook: {}}]",
            "triggers[0].webhook: has no meaning for type: signal (it belongs to type: webhook)",
        ),
        (
            "triggers: [{type: signal, name: a}, {type: signal, name: a}]",
            "triggers[1].name: another trigger has the name 'a' (it is in line 6)",
        ),
        (
            "schedule: {cron: '@daily', timezone: Europe/Lisboa}",
            "schedule.timezone: 'Europe/Lisboa' is not a time zone (did you mean 'Europe/Lisbon'?)",
        ),
        (
            "schedule: {cron: '@daily', timezone: ../etc}",
            "schedule.timezone: '../etc' is not a time zone (write for example Europe/Lisbon)",
        ),
        (
            "schedule: {cron: '@daily', start_at: '2026-01-02T00:00:00Z', end_at: '2026-01-01T00:00:00Z'}",
            "schedule.end_at: is not after start_at (let it end after it has begun)",
        ),
        (
            "config: {input: sum}\nschedule: {cron: '@daily', input: {a: 1}}",
            "schedule.input: does not satisfy the workflow's config.input: is required (input.b)",
        ),
    ],
)
def test_each_mistake_beside_the_tasks_is_told_with_its_place_and_way_out(problems_of, rest, message):
    (line,) = problems_of(workflow("id: a, tool: do", rest))

    assert line.split(": ", 1)[1] == message


@pytest.mark.parametrize("cron", ["0 25 * * *", "every day", "@dayly", "@every 0s", "* * *", "0 0 30 2 *"])
def test_a_schedule_that_never_comes_or_cannot_be_read_is_told_at_its_line(problems_of, cron):
    (line,) = problems_of(workflow("id: a, tool: do", f"schedule:\n  cron: '{cron}'\n"))

    assert line.startswith("w.yaml:7: schedule.cron: ")


def test_a_reference_in_a_list_of_schemas_is_told_at_its_place(problems_of):
    (line,) = problems_of(workflow("id: a, tool: do", "config: {input: {anyOf: [{type: object}, {$ref: other}]}}\n"))

    assert line.startswith("w.yaml:6: config.input.anyOf[1].$ref: 'other' leads to nothing in this schema")


def test_where_the_project_has_no_models_a_question_needs_one(problems_of):
    text = workflow("id: a, prompt: p", "agents: [{id: x}]\n")

    hint = "name a model, or give the project one under models"
    assert problems_of(text, "name: t\ntools: [{id: do}]\n") == [
        f"w.yaml:3: tasks[0].model_config: is required where the project has no models ({hint})",
        f"w.yaml:6: agents[0].model: is required where the project has no models ({hint})",
    ]


def test_an_action_says_what_the_input_of_its_task_must_be(problems_of):
    agent = "agents: [{id: x, actions: [{id: y, prompt: p, input: sum}]}]\n"

    assert problems_of(workflow("id: a, agent: x, action: y, with: {a: 1}", agent)) == [
        "w.yaml:3: tasks[0].with.b: is required (the schema of the input asks for it: write b under with)"
    ]
