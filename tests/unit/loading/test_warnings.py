"""What loads and will not do what somebody may expect: warnings, each with its place and way out."""

import pytest

from compozy.config.settings import Mode
from compozy.engine.loading.projects import examine_project

AFTER = "{id: a, tool: do, on_success: {next: b}}"


def tasks(*entries, rest=""):
    """Return the text of a workflow with these tasks, the first of them in line 3."""
    lines = "".join(f"  - {entry}\n" for entry in entries)
    return f"id: w\ntasks:\n{lines}{rest}"


def test_a_project_in_order_has_none(warnings_of):
    text = tasks(
        AFTER,
        "{id: b, tool: do, with: {x: '{{ .tasks.a.output.x }} {{ .input.name }}'}, final: true}",
        rest="config: {input: {properties: {name: {type: string}}}}\nschedule: {cron: '@daily'}\n",
    )

    assert warnings_of(text, "models: [{provider: mock, model: m}]\n") == []


def test_a_webhook_starts_nothing(warnings_of):
    text = tasks("{id: a, tool: do}", rest="triggers:\n  - {type: webhook, webhook: {slug: orders}}\n")

    hint = "start the workflow over the HTTP API, or have a signal start it"
    assert warnings_of(text) == [
        f"w.yaml:5: triggers[0]: this version serves no webhooks: 'orders' starts nothing ({hint})"
    ]


def test_a_provider_that_nobody_answers_for_is_told_wherever_it_is_named(warnings_of):
    text = tasks(
        "{id: a, prompt: p, model_config: {provider: groq, model: m}, on_success: {next: b}}",
        "{id: b, agent: {id: x, model: {provider: ollama, model: m}}, prompt: p, on_success: {next: c}}",
        "{id: c, agent: y, prompt: p}",
        rest="agents:\n  - {id: y, model: {provider: openai, model: m}}\n",
    )

    found = warnings_of(text, "models:\n  - {provider: anthropic, model: m}\n")

    message = "this version does not know {}: a task that asks the model fails, MODEL_UNKNOWN (provider: mock {})"
    assert found == [
        f"{place}.provider: {message.format(repr(provider), 'answers offline')}"
        for place, provider in (
            ("compozy.yaml:6: models[0]", "anthropic"),
            ("w.yaml:3: tasks[0].model_config", "groq"),
            ("w.yaml:4: tasks[1].agent.model", "ollama"),
            ("w.yaml:7: agents[0].model", "openai"),
        )
    ]


def test_nothing_follows_a_final_task_and_what_only_it_leads_to_is_never_reached(warnings_of):
    text = tasks(
        "{id: a, tool: do, on_success: {next: b}, on_error: {next: c}, final: true}",
        "{id: b, tool: do, on_success: {next: c}}",
        "{id: c, tool: do}",
    )

    hint = "remove final there, or the task"
    assert warnings_of(text) == [
        (
            "w.yaml:3: tasks[0].final: nothing runs after a final task: on_success and on_error of 'a' lead nowhere "
            "(remove the one or the other)"
        ),
        f"w.yaml:4: tasks[1].id: the task 'b' is never reached: only final tasks lead to it ({hint})",
        f"w.yaml:5: tasks[2].id: the task 'c' is never reached: only final tasks lead to it ({hint})",
    ]


def test_the_routes_of_a_final_router_lead_nowhere(warnings_of):
    text = tasks("{id: r, type: router, condition: input.x, routes: {x: {id: a, tool: do}}, final: true}")

    final, unreached = warnings_of(text)

    message = "nothing runs after a final task: routes of 'r' lead nowhere (remove the one or the other)"
    assert final == f"w.yaml:3: tasks[0].final: {message}"
    assert "the task 'a' is never reached" in unreached


def test_final_has_no_effect_inside_another_task(warnings_of):
    text = tasks(
        "{id: a, type: composite, tasks: [{id: b, type: parallel, tasks: [{id: c, tool: do, final: true}]}]}",
    )

    message = "final has no effect inside 'b': what runs after 'a' runs all the same (remove it, or make 'a' final)"
    assert warnings_of(text) == [f"w.yaml:3: tasks[0].tasks[0].tasks[0].final: {message}"]


def test_what_a_final_task_in_a_route_says_is_not_inside_the_router(warnings_of):
    text = tasks("{id: r, type: router, condition: input.x, routes: {x: {id: a, tool: do, final: true}}}")

    assert warnings_of(text) == []


def test_a_task_that_nothing_leads_to_is_told_and_not_what_only_it_leads_to_or_names(warnings_of):
    text = tasks(
        "{id: a, tool: do}",
        "{id: b, tool: do, with: {x: '{{ .tasks.a.output.x }}'}, on_success: {next: c}}",
        "{id: c, tool: do}",
    )

    hint = "name it in on_success.next or on_error.next of another task; the first task of the list starts"
    assert warnings_of(text) == [f"w.yaml:4: tasks[1].id: the task 'b' is never reached: nothing leads to it ({hint})"]


@pytest.mark.parametrize(
    ("entry", "root"),
    [
        ("{id: a, tool: do, with: {x: '{{ .item.name }}'}}", "item"),
        ("{id: a, tool: do, condition: index > 2}", "index"),
        (
            "{id: a, type: collection, items: [1], outputs: {x: '{{ .index }}'}, task: {id: 'i{{ .item }}', tool: do}}",
            "index",
        ),
        (
            "{id: a, type: parallel, tasks: [{id: b, tool: do}], on_error: {next: z, with: {x: '{{ .children.b }}'}}}",
            "children",
        ),
        ("{id: a, tool: do, outputs: {x: '{{ .children.b }}'}}", "children"),
        ("{id: a, tool: do, on_success: {next: z, with: {x: '{{ .error.code }}'}}}", "error"),
        ("{id: a, tool: do, with: {x: '{{ .error.code }}'}}", "error"),
        ("{id: a, type: wait, wait_for: s, outputs: {x: '{{ .signal.payload }}'}}", "signal"),
        ("{id: a, tool: do, condition: 'signal.payload.x > 2'}", "signal"),
        ("{id: a, type: wait, wait_for: s, processor: {id: p, tool: do, with: {x: '{{ .processor }}'}}}", "processor"),
        ("{id: a, tool: do, with: {x: '{{ .output }}'}}", "output"),
        ("{id: a, tool: do, with: {x: '{{ .status }}'}}", "status"),
        ("{id: a, tool: do, condition: payload.x > 2}", "payload"),
    ],
)
def test_variables_of_other_places_are_told(warnings_of, entry, root):
    found = warnings_of(tasks(entry, *(["{id: z, tool: do}"] if "next: z" in entry else [])))

    assert len(found) == 1
    assert f" names {root!r}, which is never there: only " in found[0]


@pytest.mark.parametrize(
    "entry",
    [
        (
            "{id: a, type: collection, items: [1], filter: item > index, task: {id: 'i{{ .index }}', tool: do, "
            "with: {x: '{{ .item }}'}, condition: item > 2, outputs: {y: '{{ .output }} {{ .item }}'}}}"
        ),
        (
            "{id: a, type: collection, items: [1], task: {id: 'i{{ .index }}', type: composite, tasks: "
            "[{id: b, type: parallel, tasks: [{id: c, tool: do, with: {x: '{{ .item }}'}}], "
            "outputs: {x: '{{ .children.c }}'}}]}}"
        ),
        (
            "{id: a, type: collection, items: [1], item_var: thing, index_var: at, "
            "task: {id: 'i{{ .at }}', tool: do, with: {x: '{{ .thing }} {{ .item }}'}}}"
        ),
        "{id: a, tool: do, with: {x: '{{ range .input.all }}{{ .item }} {{ .error }}{{ end }}'}}",
        "{id: a, tool: do, with: {x: '{{ with .workflow.input }}{{ .status }}{{ end }}'}}",
        (
            "{id: a, tool: do, on_success: {next: z, with: {x: '{{ .output }}'}}, "
            "on_error: {next: z, with: {x: '{{ .error.code }} {{ .output }}'}}}"
        ),
        (
            "{id: a, type: wait, wait_for: s, condition: signal.payload.x == processor.output.x, "
            "processor: {id: p, tool: do, with: {x: '{{ .signal.payload.x }}'}, outputs: {x: '{{ .signal }}'}}}"
        ),
    ],
)
def test_variables_where_they_are_make_no_warning(warnings_of, entry):
    text = tasks(
        entry,
        *(["{id: z, tool: do}"] if "next: z" in entry else []),
        rest="outputs: {x: '{{ .status }} {{ .workflow_id }} {{ .workflow_exec_id }}'}\n",
    )

    assert warnings_of(text) == []


def test_a_template_in_the_variables_of_a_workflow_stays_text(warnings_of):
    text = tasks("{id: a, tool: do}", rest="config: {env: {A: plain, B: '{{ .env.A }}'}}\n")

    (found,) = warnings_of(text)

    assert found.startswith(
        "w.yaml:4: config.env.B: templates in config.env are not rendered: the value stays this text"
    )


def test_a_project_with_mistakes_has_its_warnings_too(folder, write):
    write(
        {
            "compozy.yaml": "name: test\nworkflows: [{source: '*.wf.yaml'}]\nruntime: {entrypoint: tools.py}\n"
            "tools: [{id: do}]\nmodels: [{provider: openai, model: m}]\n",
            "a.wf.yaml": tasks("{id: a, tool: dou, with: {x: '{{ .item }}'}}", "{id: b, tool: do}"),
            "b.wf.yaml": tasks("{id: a, tool: do, with: {x: '{{ .item }}'}}").replace("id: w", "id: x"),
            "c.wf.yaml": tasks("{id: a, tool: do, final: yes}", "{id: b, tool: do, tasks: [{id: c, final: true}]}"),
        }
    )

    found = examine_project(folder, environ={}, flags={}, default_mode=Mode.STANDALONE)

    assert found.loaded is None
    assert found.problems
    assert [(warning.file.rpartition("/")[2], warning.key) for warning in found.warnings] == [
        ("compozy.yaml", "models[0].provider"),
        ("a.wf.yaml", "tasks[1].id"),
        ("b.wf.yaml", "tasks[0].with.x"),
        ("c.wf.yaml", "tasks[1].tasks[0].final"),
        ("c.wf.yaml", "tasks[1].id"),
    ]


@pytest.mark.parametrize(
    ("schedule", "place"),
    [
        ("{cron: '@daily', end_at: '2020-01-01T00:00:00Z'}", "schedule.end_at"),
        ("{cron: '0 0 1 1 * 2020'}", "schedule.cron"),
    ],
)
def test_a_schedule_that_is_over_is_told_unless_it_is_off(warnings_of, schedule, place):
    over = tasks("{id: a, tool: do}", rest=f"schedule: {schedule}\n")
    off = over.replace("cron:", "enabled: false, cron:")

    assert warnings_of(over) == [
        f"w.yaml:4: {place}: the schedule is over: it starts nothing any more (or set enabled: false)"
    ]
    assert warnings_of(off) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "with: {x: '{{ .tasks.b.output }}'}",
            "names the task 'b', which has not ended there (its own outputs see .output)",
        ),
        (
            "outputs: {x: '{{ .tasks.b.output }}'}",
            "names the task 'b', which has not ended there (its own outputs see .output)",
        ),
        (
            "with: {x: '{{ .tasks.c.output }}'}",
            "names the task 'c', which never runs before 'b' (nothing that 'c' leads to leads to 'b')",
        ),
        ("with: {x: '{{ .tasks.a.output.anything }}'}", None),
        (
            "with: {x: '{{ .tasks.shaped.output.toatl }}'}",
            "reads 'toatl' of the output of 'shaped' (did you mean 'total'?)",
        ),
        ("with: {x: '{{ .tasks.shaped.output.other }}'}", None),
        (
            "with: {x: '{{ .tasks.pick.output.route_taking }}'}",
            "reads 'route_taking' of the output of 'pick' (did you mean 'route_taken'?)",
        ),
        (
            "with: {x: '{{ .workflow.input.nmae }}'}",
            "reads 'nmae' of the input, which config.input does not list (did you mean 'name'?)",
        ),
        (
            "with: {x: '{{ .input.nmae }}'}",
            "reads 'nmae' of the input, which config.input does not list (did you mean 'name'?)",
        ),
        ("with: {x: '{{ .input.another }}'}", None),
        ("outputs: {x: '{{ .input.nmae }}'}", None),
        ("on_success: {next: c, with: {x: '{{ .tasks.b.output }}'}}", None),
    ],
)
def test_templates_that_most_likely_find_nothing_are_told(warnings_of, entry, message):
    text = tasks(
        "{id: a, tool: do, on_success: {next: shaped}, on_error: {next: c}}",
        "{id: shaped, tool: do, outputs: {total: 1}, on_success: {next: pick}}",
        "{id: pick, type: router, condition: input.name, routes: {x: b, y: c}}",
        f"{{id: b, tool: do, {entry}}}",
        "{id: c, tool: do}",
        rest="config: {input: {properties: {name: {type: string}}}}\n",
    )

    key = entry.partition(":")[0] + (".with" if entry.startswith("on_") else "")
    expected = [] if message is None else [f"w.yaml:6: tasks[3].{key}.x: the template {message}"]
    assert warnings_of(text) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("output.total", "reads 'total' of the output of 'all', which has it further in (write output.output.total)"),
        ("output.output.totl", "reads 'totl' of the output of 'all' (did you mean 'total'?)"),
        ("output.output.total", None),
        ("output.any-1.output.total", None),
    ],
)
def test_what_a_collection_puts_out_is_told_when_it_is_looked_for_in_the_wrong_place(warnings_of, path, message):
    text = tasks(
        "{id: all, type: collection, items: [1], task: {id: 'any-{{ .index }}', tool: do}, outputs: {total: 1}}",
        rest=f"outputs:\n  x: '{{{{ .tasks.all.{path} }}}}'\n",
    )

    assert warnings_of(text) == ([] if message is None else [f"w.yaml:5: outputs.x: the template {message}"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("workflow.exec_id", None),
        (
            "workflow.execid",
            "reads 'execid' of 'workflow' (did you mean 'exec_id'? known: exec_id, id, input, output, status, version)",
        ),
        ("parent.parent.input.x", None),
        ("env.CITY", None),
        ("env.CITTY", "reads 'CITTY' of .env (did you mean 'CITY'?)"),
        ("env.REGON", "reads 'REGON' of .env (did you mean 'REGION'?)"),
        ("env.UNKNOWN", None),
    ],
)
def test_keys_that_variables_do_not_have_are_told(warnings_of, write, path, message):
    write({".env": "CITY=Faro\n"})
    text = tasks(
        f"{{id: a, tool: do, env: {{REGION: x}}, with: {{x: '{{{{ .{path} }}}}'}}}}", rest="config: {env: {UNIT: kg}}\n"
    )

    assert warnings_of(text) == ([] if message is None else [f"w.yaml:3: tasks[0].with.x: the template {message}"])


def test_an_error_has_few_keys(warnings_of):
    text = tasks("{id: a, tool: do, on_error: {next: b, with: {x: '{{ .error.mesage }}'}}}", "{id: b, tool: do}")

    message = "the template reads 'mesage' of 'error' (did you mean 'message'? known: code, details, message)"
    assert warnings_of(text) == [f"w.yaml:3: tasks[0].on_error.with.x: {message}"]


def test_a_closed_input_has_no_other_keys(warnings_of):
    text = tasks(
        "{id: a, tool: do, condition: input.other == 1}",
        rest="config: {input: {properties: {name: {type: string}}, additionalProperties: false}}\n",
    )

    message = "the expression reads 'other' of the input, which config.input does not list"
    assert warnings_of(text) == [f"w.yaml:3: tasks[0].condition: {message} (known: name)"]


def test_a_task_inside_a_container_sees_none_that_runs_after_it(warnings_of):
    text = tasks(
        "{id: a, type: parallel, tasks: [{id: x, tool: do, with: {y: '{{ .tasks.b.output }}'}}], on_error: {next: b}}",
        "{id: b, tool: do}",
    )

    message = "the template names the task 'b', which never runs before 'a'"
    assert warnings_of(text) == [
        f"w.yaml:3: tasks[0].tasks[0].with.y: {message} (nothing that 'b' leads to leads to 'a')"
    ]
