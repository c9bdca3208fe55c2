"""Inputs of executions: the schema's defaults filled in, then checked against it."""

from compozy.domain.definitions import WorkflowDefinition
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json, JsonObject
from compozy.engine.schemas import conformed


def validate_input(workflow: WorkflowDefinition, given: Json) -> JsonObject:
    """Return the input with the schema's defaults filled in, once it satisfies the schema.

    Args:
        workflow: The workflow to run; without a schema it takes any object.
        given: The input; it is not changed.

    Raises:
        InvalidError: With every fault, each at its path below ``input``.
    """
    if not isinstance(given, dict):
        raise InvalidError(Problem(key="input", message="must be an object", hint='write for example {"name": "Ada"}'))
    if workflow.input_schema is None:
        return given
    filled: JsonObject = conformed(given, workflow.input_schema, called="input")
    return filled
