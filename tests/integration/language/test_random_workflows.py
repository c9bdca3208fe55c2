"""Random workflows come to what a second, much simpler interpreter says they must."""

import os
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compozy.domain.definitions import Project
from compozy.templates import Sources

from .generating import workflows
from .reference import Prediction, Reference

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
"""How many there are; `make fuzz` asks for more of them."""


def _fail(_input: dict[str, Any]) -> None:
    raise ValueError


REFERENCE = Reference(
    tools={
        "give": lambda given: given,
        "number": lambda _: 4,
        "nothing": lambda _: None,
        "refuse": lambda _: {"success": False, "n": 1},
        "fail": _fail,
    },
    sources=Sources(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), uuid4=lambda: "none"),
)


def _seen(execution):
    """Return of an execution what the reference predicts."""
    by_id = {task.task_exec_id: task for task in execution.tasks}

    def path(task):
        above = by_id.get(task.parent_id)
        return task.task_id if above is None else f"{path(above)}/{task.task_id}"

    workflow = execution.workflow
    rows = {path(task): task.status.value for task in execution.tasks}
    code = None if workflow.error is None else workflow.error.code
    return Prediction(status=workflow.status.value, output=workflow.output, code=code, rows=rows)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(definition=workflows(), n=st.integers(-1, 2))
def test_a_random_workflow_ends_as_the_reference_says(portal, runtime, definition, n):
    input_ = {"n": n, "words": ["ada", "bob"]}
    project = Project(name="test", root=runtime.project.root, workflows={definition.id: definition})
    executions = attrs.evolve(runtime.executions, project=project)

    execution = portal.call(executions.run, definition.id, input_)

    assert _seen(execution) == REFERENCE.predict(definition, input_)
