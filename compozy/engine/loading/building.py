"""Checked files to the definitions that executions run."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from compozy.config.project_file import ToolEntry
from compozy.config.workflow_file import TaskEntry, TransitionEntry, WorkflowFile
from compozy.domain.definitions import (
    Strategy,
    TaskDefinition,
    TaskType,
    ToolDefinition,
    Transition,
    WorkflowDefinition,
)
from compozy.domain.json import Json
from compozy.engine.loading.templating import variables_named


def build_workflow(
    workflow: WorkflowFile, project_tools: Sequence[ToolEntry], env: Mapping[str, str]
) -> WorkflowDefinition:
    """Return the definition of a workflow in which no check found anything wrong.

    Args:
        workflow: The file.
        project_tools: The tools that every workflow may name; the workflow's own replace those of the same id.
        env: The variables of the project; those that the workflow's templates name go into the definition, under
            its own ``config.env``.
    """
    tools = {tool.id: tool for tool in (*project_tools, *(workflow.tools or []))}
    named = {tool_id: build_tool(tools[tool_id]) for tool_id in sorted(_tools_named(workflow.tasks))}
    tasks = tuple(map(_build_task, workflow.tasks))
    definition = WorkflowDefinition(
        id=workflow.id,
        description=workflow.description or "",
        version=workflow.version,
        input_schema=workflow.config.input if workflow.config else None,
        tasks=tasks,
        outputs=workflow.outputs,
        tools=named,
    )
    own = (workflow.config.env if workflow.config else None) or {}
    needed = variables_named(list(_rendered(definition)), env)
    return attrs.evolve(definition, env={**needed, **own})


def build_tool(tool: ToolEntry) -> ToolDefinition:
    """Return the definition of a tool."""
    definition = ToolDefinition(
        id=tool.id, description=tool.description or "", config=tool.config or {}, with_=tool.with_ or {}
    )
    return definition if tool.timeout is None else attrs.evolve(definition, timeout=tool.timeout)


def _build_task(task: TaskEntry) -> TaskDefinition:
    """Return the definition of a task and of those inside it."""
    return TaskDefinition(
        id=task.id,
        type=TaskType(task.type),
        tool=task.tool,
        with_=task.with_ or {},
        outputs=task.outputs,
        on_success=_build_transition(task.on_success),
        on_error=_build_transition(task.on_error),
        timeout=task.timeout,
        tasks=tuple(map(_build_task, task.tasks or [])),
        strategy=Strategy(task.strategy or Strategy.WAIT_ALL),
        max_workers=task.max_workers,
    )


def _build_transition(transition: TransitionEntry | None) -> Transition | None:
    """Return what follows; a transition that names nothing is none."""
    if transition is None or transition.next is None:
        return None
    return Transition(next=transition.next, with_=transition.with_ or {})


def _tools_named(tasks: Sequence[TaskEntry]) -> set[str]:
    """Return the tools that the tasks name, at any depth."""
    named = {task.tool for task in tasks if task.tool is not None}
    return named.union(*(_tools_named(task.tasks or []) for task in tasks))


def _rendered(definition: WorkflowDefinition) -> Iterator[Json]:
    """Yield the values of a workflow whose templates are rendered."""
    yield definition.outputs
    yield from (tool.with_ for tool in definition.tools.values())
    yield from _rendered_by_tasks(definition.tasks)


def _rendered_by_tasks(tasks: Sequence[TaskDefinition]) -> Iterator[Json]:
    """Yield the values of tasks whose templates are rendered, at any depth."""
    for task in tasks:
        yield task.with_
        yield task.outputs
        yield from (transition.with_ for transition in (task.on_success, task.on_error) if transition is not None)
        yield from _rendered_by_tasks(task.tasks)
