"""What a task, and its tool or its agent's action, ask of input and output."""

from collections.abc import Iterable

from compozy.domain.definitions import ActionDefinition, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.json import Json, JsonObject
from compozy.engine.schemas import conformed


def input_schemas_of(task: TaskDefinition, definition: WorkflowDefinition) -> tuple[JsonObject, ...]:
    """Return the schemas that the input of a task must satisfy: the task's, then its tool's, or its agent's action's.

    Args:
        task: The task.
        definition: Its workflow.
    """
    tool = definition.tools.get(task.tool or "")
    action = action_of(task, definition)
    given = (task.input_schema, tool.input_schema if tool else None, action.input_schema if action else None)
    return tuple(schema for schema in given if schema is not None)


def action_of(task: TaskDefinition, definition: WorkflowDefinition) -> ActionDefinition | None:
    """Return the agent's action that a task names; None when it names none."""
    ask = task.ask
    if ask is None or ask.agent is None or ask.action is None:
        return None
    return definition.agents[ask.agent].actions[ask.action]


def check_task_input(schemas: Iterable[JsonObject], input_: JsonObject) -> JsonObject:
    """Return the input of a task with the defaults of the schemas that it must satisfy, one after the other.

    Raises:
        TaskError: ``INPUT_INVALID``: it does not satisfy one of them.
    """
    for schema in schemas:
        input_ = _conformed(input_, schema, called="input", error_code="INPUT_INVALID")
    return input_


def check_output(output: Json, schema: JsonObject | None) -> None:
    """Check a raw output.

    A result that is no object stands under ``value`` in the output; a schema that asks for none is about the result.

    Raises:
        TaskError: ``OUTPUT_INVALID``: it does not satisfy the schema.
    """
    if schema is None:
        return
    if isinstance(output, dict) and output.keys() == {"value"} and _asks_for_no_object(schema):
        output = output["value"]
    _conformed(output, schema, called="output", error_code="OUTPUT_INVALID")


def _asks_for_no_object(schema: JsonObject) -> bool:
    if "type" in schema:
        types = schema["type"]
        return "object" not in (types if isinstance(types, list) else [types])
    options = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else [{}]
    return not any(isinstance(option, dict) for option in options)


def _conformed(value: Json, schema: JsonObject, *, called: str, error_code: str) -> Json:
    try:
        return conformed(value, schema, called=called)
    except InvalidError as error:
        problems = [{"path": problem.key, "message": problem.message} for problem in error.problems]
        raise TaskError(str(error), error_code=error_code, details={"problems": problems}) from error
