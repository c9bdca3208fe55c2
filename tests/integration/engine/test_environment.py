"""Environment variables go from a container to what runs in it, and into the tools there, as text."""

import pytest

from compozy.domain.definitions import ToolDefinition
from compozy.worker.interpreter.chunks import MOST_RUNS

pytestmark = pytest.mark.slow

SEEN = {"type": "aggregate", "outputs": {"who": "{{ .env.WHO }}", "of": '{{ .env.OF | default "none" }}'}}


async def test_a_child_sees_the_variables_of_all_containers_around_it_under_its_own(program):
    leaf = {"id": "leaf", **SEEN, "env": {"WHO": "{{ .env.WHO }}'s"}}
    other = {"id": "other", **SEEN}
    inner = {"id": "inner", "type": "composite", "env": {"OF": "{{ .env.WHO }}-of"}, "tasks": [leaf, other]}
    each = {
        "id": "each",
        "type": "collection",
        "collection": {"items": [1]},
        "env": {"WHO": "{{ .env.WHO }}2"},
        "tasks": [{"id": "c", **SEEN}],
    }
    outer = {"id": "outer", "type": "parallel", "env": {"WHO": "ada"}, "tasks": [inner, each]}
    outside = {"id": "outside", **SEEN}

    execution = await program.run([{**outer, "on_success": {"next": "outside"}}, outside], env={"WHO": "nobody"})

    outputs = {task.task_id: task.output for task in execution.tasks}
    assert outputs["leaf"] == {"who": "ada's", "of": "ada-of"}
    assert outputs["other"] == {"who": "ada", "of": "ada-of"}
    assert outputs["c"] == {"who": "ada2", "of": "none"}
    assert outputs["outside"] == {"who": "nobody", "of": "none"}


@pytest.mark.parametrize("count", [1, MOST_RUNS + 1], ids=["small", "in-parts"])
async def test_a_tool_is_given_its_own_variables_under_those_of_containers_under_those_of_its_task(open_program, count):
    given = []

    async def tell(input, config, *, env):  # noqa: A002, ASYNC124 - what tools are given; a tool is async here
        if input["index"] == count - 1:
            given.append(env)

    tool = ToolDefinition(id="tell", env={"A": "tool", "B": "tool", "C": "tool", "SEES": "{{ .env.B }} {{ .env.C }}"})
    each = {
        "id": "each",
        "type": "collection",
        "env": {"B": "container", "C": "container"},
        "collection": {"items": f"1..{count}"},
        "tasks": [
            {
                "id": "t{{ .index }}",
                "tool": "tell",
                "env": {"C": "{{ .env.C }}-task"},
                "condition": f"index == {count - 1}",
                "with": {"index": "{{ .index }}"},
            }
        ],
    }
    async with open_program(tell) as program:
        await program.run([each], tools={"tell": tool}, env={"KEPT": "from the workflow"})

    # What the workflow has is for templates; a tool is given what it is told to be given.
    assert given == [{"A": "tool", "B": "container", "C": "container-task", "SEES": "container container-task"}]


async def test_variables_are_text_whatever_templates_come_to(open_program):
    given = []

    async def tell(input, config, *, env):  # noqa: A002, ASYNC124 - as above
        given.append(env)
        return input

    env = {name: f"{{{{ .workflow.input.{name} }}}}" for name in ("YES", "NO", "NIL", "N", "LIST")}
    seen = {"n": "{{ .env.N }}", "yes": "{{ .env.YES }}", "list": "{{ .env.LIST }}"}
    task = {"id": "t", "tool": "tell", "env": env, "with": seen}
    input_ = {"YES": True, "NO": False, "NIL": None, "N": 2.0, "LIST": [1, "a"]}
    async with open_program(tell) as program:
        execution = await program.run([task], input_)

    assert given == [{"YES": "true", "NO": "false", "NIL": "", "N": "2", "LIST": '[1,"a"]'}]
    assert execution.tasks[0].output == {"n": "2", "yes": "true", "list": '[1,"a"]'}


async def test_what_shapes_an_output_sees_the_variables_of_its_task(program):
    shaped = {"id": "t", "tool": "echo", "env": {"WHO": "ada"}, "outputs": {"who": "{{ .env.WHO }}"}}

    execution = await program.run([shaped])

    assert execution.workflow.output == {"t": {"output": {"who": "ada"}}}, execution.workflow.error
