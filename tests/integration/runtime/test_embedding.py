"""What an embedded runtime gives to the program around it."""

import pytest

import compozy
from compozy.domain.errors import InvalidError, NotFoundError, ToolError

pytestmark = pytest.mark.slow

TOOLS = """
def double(input):
    return {"value": 2 * input["number"]}

def refuse(input):
    raise ValueError("seven is refused")
"""

DOUBLE = """
    id: double
    config:
      input:
        type: object
        properties: {number: {type: integer, default: 21}}
    tools: [{id: double}]
    tasks:
      - id: double
        tool: double
        with: {number: "{{ .workflow.input.number }}"}
    outputs: {value: "{{ .tasks.double.output.value }}"}
"""

REFUSE = """
    id: refuse
    tools: [{id: refuse}]
    tasks: [{id: ask, tool: refuse}]
"""


async def test_run_returns_the_outputs_or_raises_what_went_wrong(write_project):
    options = write_project(TOOLS, double=DOUBLE, refuse=REFUSE)

    async with compozy.open_runtime(options) as app:
        given, default = await app.run("double", {"number": 4}), await app.run("double")
        with pytest.raises(ToolError) as failed:
            await app.run("refuse")
        with pytest.raises(InvalidError, match="number"):
            await app.run("double", {"number": "four"})
        with pytest.raises(NotFoundError, match="double"):
            await app.run("duoble")
        failed_execution = await app.executions.get(failed.value.details["exec_id"])

    assert (given, default) == ({"value": 8}, {"value": 42})
    assert "workflow 'refuse' ended FAILED: task 'ask':" in str(failed.value)
    assert "seven is refused" in str(failed.value)
    assert failed.value.error_code == "TOOL_FAILED"
    assert failed.value.details["status"] == failed_execution.workflow.status == "FAILED"


async def test_project_is_given_by_its_path_alone(write_project, monkeypatch):
    folder = write_project(TOOLS, double=DOUBLE).path
    monkeypatch.chdir(folder)

    async with compozy.open_runtime(".") as app:
        outputs = await app.run("double")

    assert outputs == {"value": 42}
