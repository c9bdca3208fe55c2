"""What is not wanted any more dies with all it has started: from the workflow through the worker to its processes."""

import os
import textwrap

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

# Short work is canceled with the step that it holds up, and without the four seconds that such a step can last.
AT_ONCE_S = 3

# The process of the tool and the one that it starts hold the lifeline, so that it ends with the last of the two.
TOOLS = """
    import subprocess

    STAY = 'exec 3>"$0"; echo up >&3; while :; do sleep 1000; done'

    def breed(input):
        with open(input["lifeline"], "w"):
            subprocess.Popen(["/bin/sh", "-c", STAY, input["lifeline"]]).wait()

    def win(input):
        with open(input["gate"]) as gate:
            return {"said": gate.read()}
    """

WORKFLOWS = """
    id: contest
    tasks:
      - id: both
        type: parallel
        strategy: race
        tasks:
          - {id: loser, tool: breed, with: {lifeline: "{{ .workflow.input.lifeline }}"}}
          - {id: winner, tool: win, with: {gate: "{{ .workflow.input.gate }}"}}
    outputs: {said: "{{ .tasks.both.output.winner.output.said }}"}
    ---
    id: alone
    tasks: [{id: loser, tool: breed, with: {lifeline: "{{ .workflow.input.lifeline }}"}}]
    """


@pytest.fixture
def project(tmp_path):
    """Return a folder with the tools, each in a process of its own, and the workflows."""
    (tmp_path / "tools.py").write_text(textwrap.dedent(TOOLS))
    for number, workflow in enumerate(textwrap.dedent(WORKFLOWS).split("---\n")):
        (tmp_path / f"w{number}.yaml").write_text(workflow)
    (tmp_path / "compozy.yaml").write_text(
        "name: test\nmode: standalone\nruntime: {entrypoint: tools.py, isolation: process}\n"
        "tools: [{id: breed}, {id: win}]\nworkflows: [{source: 'w*.yaml'}]\n"
    )
    return tmp_path


async def test_the_processes_of_losers_and_of_canceled_executions_are_killed(project, new_lifeline):
    gate, raced, canceled = project / "gate", new_lifeline("raced"), new_lifeline("canceled")
    os.mkfifo(gate)
    async with open_runtime(Options(path=project, environ={})) as app, trio.open_nursery() as nursery:
        contest = await begin(app, "contest", raced, gate=str(gate))
        alone = await begin(app, "alone", canceled)
        nursery.start_soon(trio.Path(gate).write_text, "won")
        with trio.fail_after(AT_ONCE_S):
            await raced.wait_dead()
        with trio.fail_after(AT_ONCE_S):
            await app.steering.cancel(alone)
            await canceled.wait_dead()
        contest, alone = [await until_ended(app.executions, exec_id) for exec_id in (contest, alone)]

    assert {task.task_id: task.status for task in contest.tasks} == {
        "both": Status.SUCCESS,
        "loser": Status.CANCELED,
        "winner": Status.SUCCESS,
    }
    assert contest.workflow.output == {"said": "won"}
    assert [task.status for task in (*alone.tasks, alone.workflow)] == [Status.CANCELED, Status.CANCELED]


async def begin(app, workflow, lifeline, **input_):
    """Start an execution; return its id when the process is there that its tool has started."""
    exec_id = new_exec_id()
    await app.executions.start(workflow, {"lifeline": str(lifeline.path), **input_}, exec_id=exec_id)
    with trio.fail_after(20):
        await lifeline.wait_up()
    return exec_id


async def until_ended(executions, exec_id):
    """Return the execution when it has ended."""
    async with executions.watch(exec_id) as changes:
        state = await executions.state_of(exec_id)
        if not state.status.is_terminal:
            async for change in changes:
                if change.ends_execution:
                    break
    return await executions.get(exec_id)
