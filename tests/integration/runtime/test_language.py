"""What workflows do, construct by construct, on a real Temporal server."""

import json
import textwrap

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import InvalidError, NotFoundError
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

TOOLS = """
    import trio

    async def echo(input, config):
        await trio.lowlevel.checkpoint()
        return input

    def fail(input, config):
        raise ValueError(input.get("why", "no reason"))

    def refuse(input, config):
        return {"success": False, "message": "not today"}

    def configured(input, config):
        return {"input": input, "config": config}

    def interrupt(input, config):
        raise KeyboardInterrupt

    def nest(input, config):
        value = 1
        for _ in range(input["levels"]):
            value = [value]
        return {"deep": value}

    async def sleep(input, config):
        await trio.sleep(input["seconds"])

    arrived = 0

    async def meet(input, config):
        '''Return how many are here once `wanted` are, which needs them all to run at once.'''
        global arrived
        arrived += 1
        with trio.fail_after(20):
            while arrived < input["wanted"]:
                await trio.sleep(0.01)
        return arrived
"""

# Each: the workflow, its input, and the status, output and error code that must come of it.
CASES = {
    "native": (
        """
        config:
          input:
            type: object
            required: [items]
            properties: {items: {type: array}, limit: {type: integer, default: 3}, on: {type: boolean, default: true}}
        tools: [{id: echo}]
        tasks:
          - id: only
            tool: echo
            with: {items: "{{ .workflow.input.items }}", limit: "{{ .workflow.input.limit }}", on: "{{ .input.on }}",
                   text: "n={{ .workflow.input.limit }}"}
        outputs: {got: "{{ .tasks.only.output }}", status: "{{ .status }}", id: "{{ .workflow_id }}"}
        """,
        {"items": [1, {"a": None}]},
        (
            Status.SUCCESS,
            {
                "got": {"items": [1, {"a": None}], "limit": 3, "on": True, "text": "n=3"},
                "status": "SUCCESS",
                "id": "native",
            },
            None,
        ),
    ),
    "default-output": (
        """
        tools: [{id: echo}]
        tasks:
          - {id: first, tool: echo, with: {n: 1}, on_success: {next: second, with: {n: "{{ .output.n }}", m: 2}}}
          - {id: second, tool: echo, with: {n: 9, k: 3}, outputs: {sum: "{{ add .output.n .output.m .input.k }}"}}
        """,
        {},
        (Status.SUCCESS, {"first": {"output": {"n": 1}}, "second": {"output": {"sum": 6}}}, None),
    ),
    "handled": (
        """
        tools: [{id: fail}, {id: echo}]
        tasks:
          - {id: broken, tool: fail, with: {why: because}, on_error: {next: mended}}
          - id: mended
            tool: echo
            with: {said: "{{ .tasks.broken.error.message }}", code: "{{ .tasks.broken.error.code }}"}
        outputs: {said: "{{ .tasks.mended.output.said }}", code: "{{ .tasks.mended.output.code }}"}
        """,
        {},
        (Status.SUCCESS, {"said": "tool 'fail' raised ValueError: because", "code": "TOOL_FAILED"}, None),
    ),
    "unhandled": (
        "tools: [{id: fail}]\ntasks: [{id: broken, tool: fail}]",
        {},
        (Status.FAILED, None, ("TOOL_FAILED", "task 'broken': tool 'fail' raised ValueError: no reason")),
    ),
    "reported": (
        "tools: [{id: refuse}]\ntasks: [{id: polite, tool: refuse}]",
        {},
        (Status.FAILED, None, ("TOOL_FAILED", "task 'polite': not today")),
    ),
    "timed-out": (
        "tools: [{id: sleep}]\ntasks: [{id: slow, tool: sleep, timeout: 50ms, with: {seconds: 20}}]",
        {},
        (Status.TIMED_OUT, None, ("TIMED_OUT", "task 'slow': tool 'sleep' did not end within 50ms")),
    ),
    "queued": (
        "tools: [{id: echo}]\ntasks: [{id: long, tool: echo, timeout: 11s, with: {n: 1}}]",
        {},
        (Status.SUCCESS, {"long": {"output": {"n": 1}}}, None),
    ),
    "configured": (
        """
        tools: [{id: configured, config: {unit: m}, with: {a: 1, b: 1}}]
        tasks: [{id: t, tool: configured, with: {b: 2}}]
        outputs: {all: "{{ .tasks.t.output }}"}
        """,
        {},
        (Status.SUCCESS, {"all": {"input": {"a": 1, "b": 2}, "config": {"unit": "m"}}}, None),
    ),
    "parallel": (
        """
        tools: [{id: meet}, {id: echo}]
        tasks:
          - id: all
            type: parallel
            tasks:
              - {id: a, tool: meet, with: {wanted: 3}}
              - {id: b, tool: meet, with: {wanted: 3}}
              - {id: c-c, tool: meet, with: {wanted: 3}, outputs: {here: "{{ .output.value }}"}}
            outputs: {count: "{{ len .children }}"}
            on_success: {next: then}
          - id: then
            tool: echo
            with:
              c: "{{ .tasks.all.output.c-c.output.here }}"
              a: "{{ .tasks.all.children.a.status }}"
              own: "{{ .tasks.all.output.output.count }}"
        outputs: {seen: "{{ .tasks.then.output }}"}
        """,
        {},
        (Status.SUCCESS, {"seen": {"c": 3, "a": "SUCCESS", "own": 3}}, None),
    ),
    "parallel-failed": (
        """
        tools: [{id: fail}, {id: echo}]
        tasks:
          - id: all
            type: parallel
            max_workers: 1
            tasks: [{id: bad, tool: fail}, {id: good, tool: echo}]
        """,
        {},
        (
            Status.FAILED,
            None,
            ("CHILD_FAILED", "task 'all': 1 of 2 tasks did not succeed: bad: tool 'fail' raised ValueError: no reason"),
        ),
    ),
    "missing": (
        """
        tools: [{id: echo}]
        tasks: [{id: t, tool: echo, with: {x: "{{ .workflow.input.nmae }}"}}]
        """,
        {"name": "Ada"},
        (Status.FAILED, None, ("TEMPLATE_INVALID", "nmae")),
    ),
    "tool-schema": (
        """
        tools: [{id: echo, output: {type: object, required: [n], properties: {n: {type: integer}}}}]
        tasks:
          - {id: good, tool: echo, with: {n: 1}, on_success: {next: bad}}
          - {id: bad, tool: echo, with: {n: many}}
        """,
        {},
        (Status.FAILED, None, ("OUTPUT_INVALID", 'task \'bad\': output.n: "many" is not of type "integer"')),
    ),
    "interrupted": (
        "tools: [{id: interrupt}]\ntasks: [{id: rude, tool: interrupt}]",
        {},
        (Status.FAILED, None, ("TOOL_FAILED", "task 'rude': tool 'interrupt' raised KeyboardInterrupt")),
    ),
    "too-deep-to-end": (
        "tools: [{id: nest}]\ntasks: [{id: deep, tool: nest, with: {levels: 254}}]",
        {},
        (Status.FAILED, None, ("NOT_RECORDED", "nested deeper than 256 levels")),
    ),
    "too-deep-inside": (
        """
        tools: [{id: nest}, {id: echo}]
        tasks:
          - {id: box, type: parallel, tasks: [{id: deep, tool: nest, with: {levels: 254}}], on_success: {next: sum}}
          - {id: sum, type: aggregate, outputs: {all: ["{{ .tasks.box.output }}"]}, on_success: {next: again}}
          - {id: again, tool: echo, with: {all: "{{ .tasks.sum.output }}"}, on_error: {next: then}}
          - {id: then, tool: echo, with: {code: "{{ .tasks.again.error.code }}", sum: "{{ .tasks.sum.status }}"}}
        outputs: {then: "{{ .tasks.then.output }}"}
        """,
        {},
        (Status.SUCCESS, {"then": {"code": "NOT_RECORDED", "sum": "SUCCESS"}}, None),
    ),
    "id-with-nul": (
        """
        tools: [{id: echo}]
        tasks: [{id: all, type: collection, items: ["a\\0b"], task: {id: "one-{{ .item }}", tool: echo}}]
        """,
        {},
        (Status.FAILED, None, ("ITEMS_INVALID", "holds NUL or half a character")),
    ),
}


async def test_each_construct_gives_what_the_language_says(open_project, subtests):
    workflows = {name.replace("-", "_"): f"id: {name}\n{_dedented(text)}" for name, (text, _, _) in CASES.items()}
    async with open_project(TOOLS, **workflows) as runtime:
        for name, (_, input_, (status, output, error)) in CASES.items():
            with subtests.test(name):
                execution = await runtime.executions.run(name, input_)

                state = execution.workflow
                assert (state.status, state.output) == (status, output), state.error
                if error is not None:
                    assert state.error.code == error[0]
                    assert error[1] in state.error.message
                assert all(task.status.is_terminal for task in execution.tasks)


async def test_the_keys_of_objects_are_shown_in_the_order_in_which_tools_gave_them(open_project):
    workflow = """
        id: ordered
        tools: [{id: give}]
        tasks:
          - {id: z, tool: give, with: {d: 1, c: {f: 2, e: 3}}, on_success: {next: y}}
          - {id: y, tool: give, with: {b: "{{ .tasks.z.output }}", a: 1}}
    """
    tools = "def give(input, config):\n    return {'later': 1, 'early': 2, 'given': input}\n"
    async with open_project(tools, ordered=workflow) as runtime:
        execution = await runtime.executions.run("ordered", {})

    first = '{"later": 1, "early": 2, "given": {"d": 1, "c": {"f": 2, "e": 3}}}'
    second = f'{{"later": 1, "early": 2, "given": {{"b": {first}, "a": 1}}}}'
    assert json.dumps(execution.tasks[0].output) == first
    assert json.dumps(execution.workflow.output) == f'{{"z": {{"output": {first}}}, "y": {{"output": {second}}}}}'


async def test_children_are_recorded_under_their_container(open_project):
    workflow = f"id: parallel\n{_dedented(CASES['parallel'][0])}"
    async with open_project(TOOLS, parallel=workflow) as runtime:
        execution = await runtime.executions.run("parallel", {})

    container, *children, last = execution.tasks
    assert [container.task_id, *sorted(child.task_id for child in children), last.task_id] == [
        "all",
        "a",
        "b",
        "c-c",
        "then",
    ]
    assert {child.parent_id for child in children} == {container.task_exec_id}
    assert container.output["progress_info"]["success_count"] == 3
    assert container.output["outputs"]["c-c"] == {"here": 3}


async def test_wrong_input_and_unknown_workflows_are_refused_before_anything_is_recorded(open_project):
    workflow = f"id: native\n{_dedented(CASES['native'][0])}"
    async with open_project(TOOLS, native=workflow) as runtime:
        with pytest.raises(InvalidError, match="items"):
            await runtime.executions.start("native", {})
        with pytest.raises(NotFoundError, match="did you mean 'native'"):
            await runtime.executions.start("natve", {})

        with pytest.raises(InvalidError, match="more than 16777216"):
            await runtime.executions.start("native", {"items": ["x" * 2**24]})

        assert (await runtime.executions.list(WorkflowFilter())).items == ()


async def test_an_execution_that_temporal_refuses_fails_and_does_not_stand_in_the_way_of_others(open_project):
    huge = "id: huge\ntools: [{id: echo}]\ntasks: [{id: t, tool: echo, with: {x: '{{ .workflow.input.x }}'}}]"
    async with open_project(TOOLS, huge=huge) as runtime:
        executions = runtime.executions
        state = WorkflowState(
            exec_id="E" * 1001,  # longer than Temporal takes, as one recorded by another version might be
            workflow_id="huge",
            status=Status.PENDING,
            input={"x": 1},
            created_at=executions.clock(),
            updated_at=executions.clock(),
        )

        async def record(repos):
            return await repos.workflows.upsert(state)

        await executions.store.transaction(record)

        assert await executions.resume_pending() == 0
        refused = (await executions.get(state.exec_id)).workflow
        assert (refused.status, refused.error.code) == (Status.FAILED, "INVALID")
        assert (await executions.run("huge", {"x": 1})).workflow.status is Status.SUCCESS


def _dedented(text: str) -> str:
    return textwrap.dedent(text)
