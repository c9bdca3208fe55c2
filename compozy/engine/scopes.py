"""What templates see while an execution runs; pure, so that a replay sees the same."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs

from compozy.domain.definitions import TaskDefinition, ToolDefinition, Transition
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import ExecutionRequest, TaskOutcome
from compozy.templates import Sources, TemplateError, render
from compozy.templates.cel import ExpressionError, expression_references, is_true


def execution_scope(request: ExecutionRequest, tasks: Mapping[str, TaskView]) -> JsonObject:
    """Return what every template of the execution sees, after the tasks that have ended."""
    return {
        "workflow": {
            "id": request.definition.id,
            "exec_id": request.exec_id,
            "version": request.definition.version,
            "input": request.input,
            "output": None,
            "status": Status.RUNNING.value,
        },
        "input": request.input,
        "tasks": {task_id: view.as_json() for task_id, view in tasks.items()},
        "project": {"id": request.project.get("name"), **request.project},
        "env": request.env,
        "trigger": request.trigger,
    }


def holds(sources: Sources, condition: str, scope: JsonObject) -> bool:
    """Tell whether a condition is true: an expression, or a template of one of the words for true and false.

    Raises:
        InvalidError: It cannot be evaluated, or is neither true nor false.
    """
    return is_true(condition, scope, sources=sources)


def names_input(condition: str | None) -> bool:
    """Tell whether a condition asks for the task's own input, as ``with``."""
    return condition is not None and any(path[0] == "with" for path in expression_references(condition))


def task_input(
    sources: Sources, task: TaskDefinition, tool: ToolDefinition | None, carried: JsonObject, scope: JsonObject
) -> JsonObject:
    """Return the input of a task: the tool's defaults, under the task's ``with``, under what the transition gave.

    Raises:
        TemplateError: A template of the first two cannot be rendered; ``carried`` has been rendered already.
    """
    defaults = tool.with_ if tool is not None else {}
    with placed("with"):
        rendered: JsonObject = render({**defaults, **task.with_}, scope, sources=sources)
    return {**rendered, **carried}


def after_siblings(scope: JsonObject, siblings: Mapping[str, TaskView]) -> JsonObject:
    """Return what is seen after tasks of a composite that have ended: as ``.tasks.ID``, before others of that id."""
    return {**scope, "tasks": {**scope["tasks"], **{task_id: view.as_json() for task_id, view in siblings.items()}}}


def task_output(sources: Sources, outputs: JsonObject, view: TaskView, outcome: TaskOutcome, scope: JsonObject) -> Json:
    """Return what later tasks see as a task's output: its ``outputs``, rendered.

    They see the raw output as ``.output``, the task's own input as ``.input``, and a container's ``.children``.

    Raises:
        TemplateError: A template of ``outputs`` cannot be rendered.
    """
    seen: JsonObject = {"input": view.input, "output": outcome.output}
    if view.children is not None:
        seen["children"] = {child_id: child.as_json() for child_id, child in view.children.items()}
    with placed("outputs"):
        return render(outputs, {**scope, **seen}, sources=sources)


def carried_input(sources: Sources, transition: Transition, view: TaskView, scope: JsonObject) -> JsonObject:
    """Return what a transition gives to the next task; ``.output`` and ``.error`` are those of the task that ended.

    Raises:
        TemplateError: A template of the transition's ``with`` cannot be rendered.
    """
    seen = view.as_json()
    with placed("on_success.with" if view.status is Status.SUCCESS else "on_error.with"):
        rendered: JsonObject = render(
            transition.with_, {**scope, "output": seen["output"], "error": seen.get("error")}, sources=sources
        )
    return rendered


def execution_output(
    sources: Sources, request: ExecutionRequest, tasks: Mapping[str, TaskView], status: Status
) -> Json:
    """Return the output of an execution: its ``outputs`` rendered, else each task's output by id.

    Raises:
        TemplateError: A template of ``outputs`` cannot be rendered.
    """
    views = {task_id: view.as_json() for task_id, view in tasks.items()}
    if request.definition.outputs is None:
        return {task_id: {"output": view["output"]} for task_id, view in views.items()}
    scope = execution_scope(request, tasks)
    scope["workflow"]["status"] = status.value
    extra = {"workflow_id": request.definition.id, "workflow_exec_id": request.exec_id, "status": status.value}
    with placed("outputs"):
        return render(request.definition.outputs, {**scope, **extra}, sources=sources)


@contextmanager
def placed(key: str) -> Iterator[None]:
    """Have what is wrong with templates and expressions told with the key of the task in front that they stand at.

    Example::

        with placed("with"):
            render({"n": "{{ .input.nobody }}"}, scope, sources=sources)  # raises "with.n: no "nobody" in .input …"
    """
    try:
        yield
    except (TemplateError, ExpressionError) as error:
        raise type(error)(attrs.evolve(each, key=_below(key, each.key)) for each in error.problems) from error


def _below(key: str, inner: str) -> str:
    return f"{key}.{inner}" if inner and not inner.startswith("[") else f"{key}{inner}"
