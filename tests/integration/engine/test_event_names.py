"""The names of events come out of templates as text; what comes to no name is told with the key it stands at."""

import pytest

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

NAME = "{{ .workflow.input.order }}"
WAITS = {"id": "waits", "type": "wait", "wait": {"name": NAME}, "timeout": 5.0}
TELLS = {"id": "tells", "type": "signal", "signal": {"name": NAME, "payload": {"n": 1}}}


@pytest.mark.parametrize(("order", "name"), [(5, "5"), (2.0, "2"), (True, "true"), ("a b", "a b")])
async def test_a_wait_takes_the_event_whose_name_came_to_the_same_text(program, order, name):
    execution = await program.run([{"id": "both", "type": "parallel", "tasks": [WAITS, TELLS]}], {"order": order})

    assert execution.workflow.status is Status.SUCCESS, execution.workflow.error
    output = execution.tasks[0].output["outputs"]["waits"]
    assert (output["signal"]["metadata"]["name"], output["signal"]["payload"]) == (name, {"n": 1})
    await program.replay(execution.workflow.exec_id)


@pytest.mark.parametrize(("task", "key"), [(WAITS, "wait_for"), (TELLS, "signal.id")])
@pytest.mark.parametrize("order", [None, "", " \n", "x" * 256])
async def test_what_comes_to_no_name_is_refused_with_its_key(program, order, task, key):
    execution = await program.run([task], {"order": order})

    error = execution.workflow.error
    assert error.code == "INVALID"
    assert error.message.startswith(f"task '{task['id']}': {key}: ")
    assert "name" in error.message
