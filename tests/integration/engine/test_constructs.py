"""What each construct does, on a real Temporal server; what is recorded of it there is carried out again the same."""

import pytest
import trio

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


def echo(id_="t", **rest):
    return {"id": id_, "tool": "echo", **rest}


def then(id_):
    return {"next": id_}


# Each: the workflow, and the status, output and error code that must come of it.
CASES = {
    "transitions": (
        {
            "tasks": [
                echo(
                    "first",
                    **{"with": {"n": 1}},
                    on_success={"next": "second", "with": {"n": "{{ .output.n }}", "m": 2}},
                ),
                echo("second", **{"with": {"n": 9, "k": 3}}, outputs={"sum": "{{ add .output.n .output.m .input.k }}"}),
            ]
        },
        (Status.SUCCESS, {"first": {"output": {"n": 1}}, "second": {"output": {"sum": 6}}}, None),
    ),
    "outputs": (
        {
            "tasks": [echo(**{"with": {"n": 1}})],
            "outputs": {
                "status": "{{ .status }} {{ .workflow.status }}",
                "id": "{{ .workflow_id }}",
                "same": "{{ eq .workflow_exec_id .workflow.exec_id }}",
                "project": "{{ .project.id }}",
            },
        },
        (Status.SUCCESS, {"status": "SUCCESS SUCCESS", "id": "outputs", "same": True, "project": "test"}, None),
    ),
    "handled": (
        {
            "tasks": [
                {"id": "broken", "tool": "fail", "with": {"why": "because"}, "on_error": then("mended")},
                echo("mended", **{"with": {"said": "{{ .tasks.broken.error.message }}"}}),
            ],
            "outputs": {"said": "{{ .tasks.mended.output.said }}"},
        },
        (Status.SUCCESS, {"said": "tool 'fail' raised ValueError: because"}, None),
    ),
    "unhandled": ({"tasks": [{"id": "t", "tool": "fail"}]}, (Status.FAILED, None, "TOOL_FAILED")),
    "final": (
        {"tasks": [echo("first", final=True, on_success=then("never")), echo("never")]},
        (Status.SUCCESS, {"first": {"output": {}}}, None),
    ),
    "final-failed": (
        {"tasks": [{"id": "first", "tool": "fail", "final": True, "on_error": then("never")}, echo("never")]},
        (Status.FAILED, None, "TOOL_FAILED"),
    ),
    "condition": (
        {
            "tasks": [
                echo("no", condition="1 > 2", **{"with": {"x": "{{ .tasks.nobody.output }}"}}, on_success=then("word")),
                echo("word", condition="{{ .workflow.input.word }}", on_success=then("own")),
                echo("own", condition="with.n > 3", **{"with": {"n": 3}}, on_success=then("yes")),
                echo("yes", condition="tasks.no.output.skipped", **{"with": {"n": 1}}),
            ]
        },
        (
            Status.SUCCESS,
            {
                "no": {"output": {"skipped": True}},
                "word": {"output": {"skipped": True}},
                "own": {"output": {"skipped": True}},
                "yes": {"output": {"n": 1}},
            },
            None,
        ),
    ),
    "skipped": (
        {
            "tasks": [
                echo("first", condition="1 > 2", sleep=60.0, on_success=then("all")),
                {
                    "id": "all",
                    "type": "composite",
                    "strategy": "fail_fast",
                    "tasks": [echo("no", condition="1 > 2", sleep=60.0), echo("yes", sleep=60.0)],
                    "on_success": then("each"),
                },
                {
                    "id": "each",
                    "type": "collection",
                    "collection": {"items": "1..2", "mode": "sequential"},
                    "tasks": [echo("t{{ .item }}", condition="item > 1", sleep=60.0)],
                },
            ],
            "outputs": {"last": "{{ .tasks.each.output.t2.output }}"},
        },
        (Status.SUCCESS, {"last": {}}, None),
    ),
    "condition-wrong": ({"tasks": [echo(condition="input.absent > 1")]}, (Status.FAILED, None, "EXPRESSION_INVALID")),
    "retried": (
        {"tasks": [{"id": "t", "tool": "fail", "retry": {"initial_interval": 0.01, "maximum_attempts": 3}}]},
        (Status.FAILED, None, "TOOL_FAILED"),
    ),
    "not-retried": (
        {
            "tasks": [
                {
                    "id": "t",
                    "tool": "fail",
                    "retry": {"initial_interval": 60.0, "non_retryable_error_types": ["ValueError"]},
                }
            ]
        },
        (Status.FAILED, None, "TOOL_FAILED"),
    ),
    "timed-out": (
        {"tasks": [{"id": "t", "tool": "nap", "timeout": 0.05, "with": {"seconds": 20}}]},
        (Status.TIMED_OUT, None, "TIMED_OUT"),
    ),
    "queued": ({"tasks": [echo(timeout=11.0)]}, (Status.SUCCESS, {"t": {"output": {}}}, None)),
    "sleep": (
        {"tasks": [echo("first", sleep=0.01, on_success=then("second")), echo("second")]},
        (Status.SUCCESS, {"first": {"output": {}}, "second": {"output": {}}}, None),
    ),
    "input-schema": (
        {"tasks": [echo(input_schema={"required": ["n"]})]},
        (Status.FAILED, None, "INPUT_INVALID"),
    ),
    "output-schema": (
        {"tasks": [echo(output_schema={"required": ["n"]})]},
        (Status.FAILED, None, "OUTPUT_INVALID"),
    ),
    "output-schema-of-container": (
        {"tasks": [{"id": "t", "type": "parallel", "output_schema": {"required": ["n"]}}]},
        (Status.FAILED, None, "OUTPUT_INVALID"),
    ),
    "env": (
        {
            "tasks": [echo(env={"WHO": "{{ .env.NAME }}!"}, **{"with": {"who": "{{ .env.WHO }}"}})],
            "env": {"NAME": "Ada"},
        },
        (Status.SUCCESS, {"t": {"output": {"who": "Ada!"}}}, None),
    ),
    "clock-and-chance": (
        {
            "tasks": [echo(**{"with": {"id": "{{ uuidv4 }}", "at": "{{ now }}"}}, outputs={"id": "{{ uuidv4 }}"})],
            "outputs": {"size": "{{ len .tasks.t.output.id }}"},
        },
        (Status.SUCCESS, {"size": 36}, None),
    ),
    "router": (
        {
            "tasks": [
                {
                    "id": "route",
                    "type": "router",
                    "router": {"expression": "workflow.input.word", "routes": {"left": "a", "default": "b"}},
                    "on_success": {"with": {"via": "{{ .output.route_taken }}"}},
                },
                echo("a"),
                echo("b"),
            ]
        },
        (
            Status.SUCCESS,
            {
                "route": {"output": {"condition": "off", "route_taken": "b", "router_type": "conditional"}},
                "b": {"output": {"via": "b"}},
            },
            None,
        ),
    ),
    "router-lost": (
        {"tasks": [{"id": "r", "type": "router", "router": {"expression": "'x'", "routes": {"y": "t"}}}, echo()]},
        (Status.FAILED, None, "ROUTE_NOT_FOUND"),
    ),
    "aggregate": (
        {
            "tasks": [
                echo("a", **{"with": {"n": 2}}, on_success=then("sum")),
                {"id": "sum", "type": "aggregate", "outputs": {"n": "{{ add .tasks.a.output.n 1 }}"}},
            ],
            "outputs": {"n": "{{ .tasks.sum.output.n }}"},
        },
        (Status.SUCCESS, {"n": 3}, None),
    ),
    "aggregate-wrong": (
        {"tasks": [{"id": "sum", "type": "aggregate", "outputs": {"n": "{{ .tasks.nobody.output.n }}"}}]},
        (Status.FAILED, None, "TEMPLATE_INVALID"),
    ),
    "parallel": (
        {
            "tasks": [
                {
                    "id": "all",
                    "type": "parallel",
                    "tasks": [
                        echo("a", **{"with": {"n": 1, "up": "{{ .parent.input.n }}"}}),
                        echo("b-b", **{"with": {"n": 2}}, outputs={"m": "{{ .output.n }}"}),
                    ],
                    "with": {"n": 7},
                    "outputs": {"count": "{{ len .children }}", "done": "{{ .output.progress_info.success_count }}"},
                    "on_success": then("after"),
                },
                echo(
                    "after",
                    **{
                        "with": {
                            "a": "{{ .tasks.all.output.a.output.n }}",
                            "up": "{{ .tasks.all.children.a.input.up }}",
                            "b": '{{ index .tasks.all.children "b-b" "output" "m" }}',
                            "status": "{{ .tasks.all.children.a.status }}",
                            "own": "{{ .tasks.all.output.output.count }} {{ .tasks.all.output.output.done }}",
                        }
                    },
                ),
            ],
            "outputs": {"after": "{{ .tasks.after.output }}"},
        },
        (Status.SUCCESS, {"after": {"a": 1, "up": 7, "b": 2, "status": "SUCCESS", "own": "2 2"}}, None),
    ),
    "parallel-empty": (
        {
            "tasks": [
                {"id": "all", "type": "parallel", "on_success": then("after")},
                echo("after", **{"with": {"count": "{{ len .tasks.all.children }}"}}),
            ]
        },
        (Status.SUCCESS, {"all": {"output": {}}, "after": {"output": {"count": 0}}}, None),
    ),
    "composite": (
        {
            "tasks": [
                {
                    "id": "all",
                    "type": "composite",
                    "strategy": "fail_fast",
                    "tasks": [
                        echo("a", **{"with": {"n": 1}}, sleep=0.01),
                        echo("b", **{"with": {"n": "{{ add .tasks.a.output.n 1 }}"}}),
                    ],
                }
            ]
        },
        (Status.SUCCESS, {"all": {"output": {"a": {"output": {"n": 1}}, "b": {"output": {"n": 2}}}}}, None),
    ),
    "composite-outputs": (
        {
            "tasks": [
                echo("a", **{"with": {"n": 1}}, on_success=then("all")),
                {
                    "id": "all",
                    "type": "composite",
                    "strategy": "fail_fast",
                    "tasks": [echo("a", **{"with": {"n": 2}}), echo("b", **{"with": {"n": 3}})],
                    "outputs": {"n": "{{ .tasks.a.output.n }} {{ .tasks.b.output.n }} {{ .children.b.status }}"},
                    "on_success": then("after"),
                },
                echo("after", **{"with": {"n": "{{ .tasks.a.output.n }}"}}),
            ],
            "outputs": {"own": "{{ .tasks.all.output.output.n }}", "after": "{{ .tasks.after.output.n }}"},
        },
        (Status.SUCCESS, {"own": "2 3 SUCCESS", "after": 1}, None),
    ),
    "composite-retried": (
        {
            "tasks": [
                {
                    "id": "all",
                    "type": "composite",
                    "strategy": "fail_fast",
                    "retry": {"initial_interval": 0.01, "maximum_attempts": 2},
                    "tasks": [{"id": "a", "tool": "fail"}, echo("b")],
                }
            ]
        },
        (Status.FAILED, None, "CHILD_FAILED"),
    ),
    "collection": (
        {
            "tasks": [
                {
                    "id": "each",
                    "type": "collection",
                    "collection": {
                        "items": "{{ .workflow.input.items }}",
                        "filter": "item.key != 'b'",
                        "item_var": "entry",
                        "index_var": "place",
                        "batch": 1,
                    },
                    "tasks": [
                        echo(
                            "one-{{ .entry.key }}",
                            **{"with": {"v": "{{ .item.value }}", "i": "{{ .place }} {{ .index }}"}},
                        )
                    ],
                    "outputs": {"first": '{{ index .children "one-a" "output" "v" }}'},
                }
            ]
        },
        (
            Status.SUCCESS,
            {
                "each": {
                    "output": {
                        "one-a": {"output": {"v": 1, "i": "0 0"}},
                        "one-c": {"output": {"v": 3, "i": "1 1"}},
                        "output": {"first": 1},
                    }
                }
            },
            None,
        ),
    ),
    "collection-of-nothing": (
        {"tasks": [{"id": "each", "type": "collection", "collection": {"items": None}, "tasks": [echo()]}]},
        (Status.SUCCESS, {"each": {"output": {}}}, None),
    ),
    "collection-in-sequence": (
        {
            "tasks": [
                {
                    "id": "each",
                    "type": "collection",
                    "collection": {"items": "2..1", "mode": "sequential"},
                    "tasks": [echo("t{{ .item }}", sleep=0.01)],
                }
            ]
        },
        (Status.SUCCESS, {"each": {"output": {"t2": {"output": {}}, "t1": {"output": {}}}}}, None),
    ),
    "collection-of-twins": (
        {"tasks": [{"id": "each", "type": "collection", "collection": {"items": "1..2"}, "tasks": [echo("same")]}]},
        (Status.FAILED, None, "ITEMS_INVALID"),
    ),
    "collection-in-parts": (
        {
            "tasks": [
                {
                    "id": "each",
                    "type": "collection",
                    "collection": {"items": "1..252"},
                    "tasks": [
                        {
                            "id": "t{{ .index }}",
                            "type": "aggregate",
                            "outputs": {"n": "{{ add .item .workflow.input.items.a }}"},
                        }
                    ],
                    "outputs": {"last": "{{ .children.t251.output.n }}", "count": "{{ len .children }}"},
                }
            ],
            "outputs": {"own": "{{ .tasks.each.output.output }}"},
        },
        (Status.SUCCESS, {"own": {"last": 253, "count": 252}}, None),
    ),
    "signal-and-wait": (
        {
            "tasks": [
                {
                    "id": "both",
                    "type": "parallel",
                    "tasks": [
                        {
                            "id": "waits",
                            "type": "wait",
                            "wait": {
                                "name": "go-{{ .workflow.input.word }}",
                                "condition": "processor.output.n == 2",
                                "processor": echo("look", **{"with": {"n": "{{ .signal.payload.n }}"}}),
                            },
                            "outputs": {"n": "{{ .output.signal.payload.n }}"},
                        },
                        {
                            "id": "tells",
                            "type": "composite",
                            "tasks": [
                                {"id": "one", "type": "signal", "signal": {"name": "go-off", "payload": {"n": 1}}},
                                {"id": "two", "type": "signal", "signal": {"name": "go-off", "payload": {"n": 2}}},
                            ],
                        },
                    ],
                },
            ],
            "outputs": {"n": "{{ .tasks.both.output.waits.output.n }}"},
        },
        (Status.SUCCESS, {"n": 2}, None),
    ),
    "wait-in-vain": (
        {
            "tasks": [
                {"id": "waits", "type": "wait", "timeout": 0.05, "wait": {"name": "never", "on_timeout": "after"}},
                echo("after", **{"with": {"code": "{{ .tasks.waits.error.code }}"}}),
            ],
            "outputs": {"code": "{{ .tasks.after.output.code }}"},
        },
        (Status.SUCCESS, {"code": "WAIT_TIMEOUT"}, None),
    ),
    "memory": (
        {
            "tasks": [
                {
                    "id": "add",
                    "type": "memory",
                    "memory": {"operation": "append", "memory": "chat", "key": "k", "payload": "hello"},
                    "on_success": then("read"),
                },
                {"id": "read", "type": "memory", "memory": {"operation": "read", "memory": "chat", "key": "k"}},
            ],
            "memories": {"chat": {"id": "chat"}},
            "outputs": {"count": "{{ len .tasks.read.output.messages }}"},
        },
        (Status.SUCCESS, {"count": 1}, None),
    ),
    "model": (
        {
            "tasks": [
                {
                    "id": "ask",
                    "ask": {
                        "prompt": "say {{ .workflow.input.word }}",
                        "model": {"provider": "mock", "model": "m", "params": {"answers": [{"answer": "it is off"}]}},
                    },
                }
            ],
            "outputs": {"answer": "{{ .tasks.ask.output.response }}"},
        },
        (Status.SUCCESS, {"answer": "it is off"}, None),
    ),
    "nested": (
        {
            "tasks": [
                {
                    "id": "outer",
                    "type": "parallel",
                    "with": {"n": 1},
                    "tasks": [
                        {
                            "id": "middle",
                            "type": "collection",
                            "collection": {"items": ["x", "y"]},
                            "with": {"n": 2},
                            "tasks": [
                                {
                                    "id": "in-{{ .item }}",
                                    "type": "composite",
                                    "with": {"n": "{{ .item }}"},
                                    "tasks": [
                                        echo(
                                            "leaf",
                                            **{
                                                "with": {
                                                    "up": "{{ .parent.input.n }}",
                                                    "up2": "{{ .parent.parent.input.n }}",
                                                    "up3": "{{ .parent.parent.parent.input.n }}",
                                                    "type": "{{ .parent.type }} {{ .item }}",
                                                }
                                            },
                                        )
                                    ],
                                }
                            ],
                        }
                    ],
                }
            ],
            "outputs": {"leaf": "{{ .tasks.outer.children.middle.children.in-y.children.leaf.output }}"},
        },
        (Status.SUCCESS, {"leaf": {"up": "y", "up2": 2, "up3": 1, "type": "composite y"}}, None),
    ),
}
INPUT = {"word": "off", "items": {"a": 1, "b": 2, "c": 3}}


async def test_each_construct_gives_what_the_language_says_and_replays(program, subtests):
    ended = {}

    async def run(name):
        ended[name] = await program.run(**{"workflow_id": name, "input_": INPUT, **CASES[name][0]})

    async with trio.open_nursery() as nursery:
        for name in CASES:
            nursery.start_soon(run, name)

    for name, (_, (status, output, code)) in CASES.items():
        with subtests.test(name):
            state = ended[name].workflow

            assert (state.status, state.output) == (status, output), state.error
            assert (state.error and state.error.code) == code, state.error
            assert all(task.status.is_terminal for task in ended[name].tasks)
            await program.replay(state.exec_id, keep_as=name)
    parts = ended["collection-in-parts"].workflow.exec_id + "/each/1"
    await program.replay(parts, keep_as="part-of-a-collection")


def test_a_history_of_each_construct_is_kept(histories):
    assert set(CASES) <= {file.stem for file in histories.iterdir()}, "run: make histories"


# Each: a task whose templates cannot be rendered, and the place that must be told.
MISSING = "{{ .input.nobody }}"
PLACES = {
    "with.n": echo("first", **{"with": {"n": MISSING}}),
    "outputs.n[0]": echo("first", outputs={"n": [MISSING]}),
    "env.N": echo("first", env={"N": MISSING}),
    "items": {"id": "first", "type": "collection", "collection": {"items": MISSING}, "tasks": [echo()]},
    "signal.payload.n": {"id": "first", "type": "signal", "signal": {"name": "x", "payload": {"n": MISSING}}},
    "wait_for": {"id": "first", "type": "wait", "wait": {"name": MISSING}},
    "condition": echo("first", condition=MISSING),
    "on_success.with.n": echo("first", on_success={"next": "second", "with": {"n": MISSING}}),
    "on_error.with.n.m": {"id": "first", "tool": "fail", "on_error": {"next": "second", "with": {"n": {"m": MISSING}}}},
}


async def test_what_cannot_be_rendered_is_told_with_its_task_its_key_and_a_caret(program, subtests):
    for place, task in PLACES.items():
        with subtests.test(place):
            execution = await program.run([task, echo("second")])

            error = execution.workflow.error
            code = "ITEMS_INVALID" if place == "items" else "TEMPLATE_INVALID"
            assert (execution.workflow.status, error.code) == (Status.FAILED, code)
            assert error.message.startswith(f"task 'first': {place}: no \"nobody\" in .input\n  {MISSING}\n")
            assert error.message.splitlines()[2].startswith(f"{' ' * 12}^ (")
            assert [task.task_id for task in execution.tasks] == ["first"]


async def test_an_expression_that_cannot_be_evaluated_is_told_with_its_task_and_its_key(program):
    router = {"id": "r", "type": "router", "router": {"expression": "input.nobody > 1", "routes": {"true": "t"}}}
    for task in (router, echo("r", condition="input.nobody > 1")):
        execution = await program.run([task, echo()])

        error = execution.workflow.error
        assert error.code == "EXPRESSION_INVALID"
        assert error.message.startswith("task 'r': condition: ")
        assert "\n  input.nobody > 1\n" in error.message


async def test_the_routes_of_a_router_tell_what_they_could_not_give(program):
    router = {"expression": "'x'", "routes": {"x": "second"}}
    tasks = [{"id": "r", "type": "router", "router": router, "on_success": {"with": {"n": MISSING}}}, echo("second")]

    execution = await program.run(tasks)

    assert execution.workflow.error.message.startswith("task 'r': on_success.with.n: no \"nobody\" in .input\n")


async def test_attempts_of_a_tool_are_one_row_and_those_of_a_container_have_rows_of_their_own(program):
    tool = await program.run(CASES["retried"][0]["tasks"])
    container = await program.run(CASES["composite-retried"][0]["tasks"])

    assert [(task.task_id, task.attempt) for task in tool.tasks] == [("t", 3)]
    assert sorted((task.task_id, task.attempt, task.status) for task in container.tasks) == [
        ("a", 1, Status.FAILED),
        ("a", 1, Status.FAILED),
        ("all", 2, Status.FAILED),
        ("b", 1, Status.CANCELED),
        ("b", 1, Status.CANCELED),
    ]


async def test_containers_nest_twenty_deep(program):
    tasks = [echo("leaf", **{"with": {"n": 1}})]
    for depth in range(19, -1, -1):
        tasks = [{"id": f"c{depth}", "type": ("parallel", "composite")[depth % 2], "tasks": tasks}]
    path = ".tasks." + ".children.".join(f"c{depth}" for depth in range(20)) + ".children.leaf.output.n"

    execution = await program.run(tasks, outputs={"n": f"{{{{ {path} }}}}"})

    assert execution.workflow.output == {"n": 1}, execution.workflow.error
    assert len(execution.tasks) == 21
