"""Checked files to the definitions that executions run."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from compozy.config.documents import Document
from compozy.config.resource_entries import ToolEntry
from compozy.config.task_entry import TaskEntry, TransitionEntry
from compozy.config.workflow_file import ScheduleEntry, TriggerEntry, WorkflowFile
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import (
    CollectionDefinition,
    CollectionMode,
    MemoryCall,
    MemoryOperation,
    OverlapPolicy,
    RouterDefinition,
    ScheduleDefinition,
    SignalDefinition,
    Strategy,
    TaskDefinition,
    TaskType,
    ToolDefinition,
    ToolIsolation,
    Transition,
    TriggerDefinition,
    TriggerType,
    WaitDefinition,
    WorkflowDefinition,
)
from compozy.engine.loading.asking import Askers, build_memories
from compozy.engine.loading.declarations import workflow_declarations
from compozy.engine.loading.rendered import all_tasks, expressions_in, templates_in
from compozy.engine.loading.resources import Resources, options_of
from compozy.engine.loading.starting import name_of
from compozy.engine.loading.templating import variables_named
from compozy.engine.rules.options import TaskOptions, merged

_WORK: Final = frozenset({TaskType.BASIC, TaskType.MEMORY, TaskType.SIGNAL})
"""The types whose tasks are one piece of work each, which the options of a workflow and a project are for."""


def build_workflow(
    document: Document, workflow: WorkflowFile, project: Resources, env: Mapping[str, str]
) -> WorkflowDefinition:
    """Return the definition of a workflow in which no check found anything wrong.

    Args:
        document: The file.
        workflow: The same in its shape.
        project: What the project gives to all its workflows.
        env: The variables of the project; those that the workflow's templates name go into the definition, under
            its own ``config.env``.
    """
    resources = project.with_declarations([workflow_declarations(document, workflow)])
    askers = Askers(resources)
    builder = _Builder(resources, askers, merged(project.options, options_of(workflow.config)))
    tasks = tuple(builder.top(workflow.tasks))
    inner = list(all_tasks(tasks))
    definition = WorkflowDefinition(
        id=workflow.id,
        description=workflow.description or "",
        version=workflow.version,
        input_schema=resources.schema_of(workflow.config.input) if workflow.config else None,
        tasks=tasks,
        outputs=workflow.outputs,
        tools=_tools_named(inner, askers, resources),
        agents=dict(sorted(askers.agents.items())),
        memories=build_memories(resources.memories, _memories_named(inner, askers)),
        triggers=tuple(_build_trigger(trigger, resources) for trigger in workflow.triggers or []),
        schedule=None if workflow.schedule is None else build_schedule(workflow.schedule),
    )
    own = (workflow.config.env if workflow.config else None) or {}
    needed = variables_named(list(templates_in(definition)), list(expressions_in(definition)), env)
    return attrs.evolve(definition, env={**needed, **own})


def build_tool(tool: ToolEntry, resources: Resources) -> ToolDefinition:
    """Return the definition of a tool; what it does not say, the runtime of the project does."""
    isolation = ToolIsolation.NONE if tool.id in BUILTINS else resources.runtime.isolation
    return ToolDefinition(
        id=tool.id,
        description=tool.description or "",
        config=tool.config or {},
        with_=tool.with_ or {},
        timeout=tool.timeout or resources.runtime.tool_timeout,
        input_schema=resources.schema_of(tool.input),
        output_schema=resources.schema_of(tool.output),
        env=tool.env or {},
        isolation=ToolIsolation(tool.isolation or isolation),
    )


@attrs.define
class _Builder:
    """Builds the tasks of one workflow.

    Attributes:
        resources: What they may name.
        askers: Who answers their questions.
        options: The options that they have in common.
    """

    resources: Resources
    askers: Askers
    options: TaskOptions

    def top(self, entries: Iterable[TaskEntry]) -> Iterator[TaskDefinition]:
        """Yield the definitions of tasks at the top, those after them that are written down where a route leads."""
        for entry in entries:
            yield self.task(entry, entry.id)
            yield from self.top(route for _, route in entry.inline_routes)

    def task(self, entry: TaskEntry, path: str) -> TaskDefinition:
        """Return the definition of a task and of those inside it; ``path`` is its id under those around it."""
        type_ = TaskType(entry.type)
        options = self._options(entry, type_)
        children = [*(entry.tasks or []), *([entry.task] if entry.task is not None else [])]
        default = Strategy.FAIL_FAST if type_ is TaskType.COMPOSITE else Strategy.WAIT_ALL
        takes_condition = type_ not in {TaskType.ROUTER, TaskType.WAIT}
        return TaskDefinition(
            id=entry.id,
            type=type_,
            tool=entry.tool,
            ask=self.askers.ask(entry, path),
            with_=entry.with_ or {},
            input_schema=self.resources.schema_of(entry.input),
            output_schema=self.resources.schema_of(entry.output),
            outputs=entry.outputs,
            env=entry.env or {},
            condition=(entry.condition or None) if takes_condition else None,
            on_success=_build_transition(entry.on_success),
            on_error=_build_transition(entry.on_error),
            final=bool(entry.final),
            sleep=entry.sleep or None,
            timeout=entry.timeout,
            retry=options.retry_policy(),
            limits=options.limits,
            tasks=tuple(self.task(child, f"{path}/{child.id}") for child in children),
            strategy=Strategy(entry.strategy or default),
            max_workers=entry.max_workers,
            collection=_collection(entry),
            router=_router(entry),
            signal=_signal(entry),
            wait=self._wait(entry, path),
            memory=_memory(entry),
        )

    def _options(self, entry: TaskEntry, type_: TaskType) -> TaskOptions:
        """Return the options of a task.

        Those of the workflow and the project are meant for work. A container would be tried again with all that is in
        it and has been tried already, and end when one attempt in it may take no longer; a wait that got no signal in
        time would wait anew. Such a task has a limit only where it says so itself, and is tried again only there.
        """
        own = options_of(entry.config, retries=entry.retries)
        if type_ in _WORK:
            return merged(self.options, own)
        is_asked = own.retry is not None or own.retries is not None
        return merged(TaskOptions(retry=self.options.retry if is_asked else None), own)

    def _wait(self, entry: TaskEntry, path: str) -> WaitDefinition | None:
        if entry.wait_for is None:
            return None
        processor = entry.processor
        return WaitDefinition(
            name=entry.wait_for,
            condition=entry.condition or None,
            processor=None if processor is None else self.task(processor, f"{path}/{processor.id}"),
            on_timeout=entry.on_timeout,
        )


def _tools_named(tasks: Iterable[TaskDefinition], askers: Askers, resources: Resources) -> dict[str, ToolDefinition]:
    """Return the tools that tasks and agents name."""
    named = {task.tool for task in tasks if task.tool is not None}
    named.update(tool for agent in askers.agents.values() for tool in agent.tools)
    return {tool_id: build_tool(resources.tools[tool_id], resources) for tool_id in sorted(named)}


def _memories_named(tasks: Iterable[TaskDefinition], askers: Askers) -> set[str]:
    """Return the memories that tasks and agents name."""
    named = {task.memory.memory for task in tasks if task.memory is not None}
    return named.union(memory.memory for agent in askers.agents.values() for memory in agent.memory)


def _collection(entry: TaskEntry) -> CollectionDefinition | None:
    if TaskType(entry.type) is not TaskType.COLLECTION:
        return None
    return CollectionDefinition(
        items=entry.items,
        filter=entry.filter or None,
        item_var=entry.item_var or "item",
        index_var=entry.index_var or "index",
        mode=CollectionMode(entry.mode or CollectionMode.PARALLEL),
        batch=entry.batch,
    )


def _router(entry: TaskEntry) -> RouterDefinition | None:
    if entry.routes is None or entry.condition is None:
        return None
    routes = {key: route if isinstance(route, str) else route.id for key, route in entry.routes.items()}
    return RouterDefinition(expression=entry.condition, routes=routes)


def _signal(entry: TaskEntry) -> SignalDefinition | None:
    return None if entry.signal is None else SignalDefinition(name=entry.signal.id, payload=entry.signal.payload or {})


def _memory(entry: TaskEntry) -> MemoryCall | None:
    if entry.operation is None or entry.memory_ref is None or entry.key_template is None:
        return None
    return MemoryCall(
        operation=MemoryOperation(entry.operation),
        memory=entry.memory_ref,
        key=entry.key_template,
        payload=entry.payload,
        limit=entry.limit,
        offset=entry.offset or 0,
    )


def _build_trigger(entry: TriggerEntry, resources: Resources) -> TriggerDefinition:
    return TriggerDefinition(
        type=TriggerType(entry.type),
        name=name_of(entry),
        schema=resources.schema_of(entry.schema_),
        webhook=entry.webhook or {},
    )


def build_schedule(entry: ScheduleEntry) -> ScheduleDefinition:
    """Return the definition of a schedule; it is on and in UTC when it does not say otherwise."""
    return ScheduleDefinition(
        cron=entry.cron,
        timezone=entry.timezone or "UTC",
        enabled=entry.enabled is not False,
        jitter=entry.jitter,
        overlap_policy=OverlapPolicy(entry.overlap_policy or OverlapPolicy.SKIP),
        start_at=entry.start_at,
        end_at=entry.end_at,
        input=entry.input or {},
    )


def _build_transition(transition: TransitionEntry | None) -> Transition | None:
    """Return what follows; a transition that says nothing is none. A router's says only what its route is given."""
    if transition is None or (transition.next is None and not transition.with_):
        return None
    return Transition(next=transition.next, with_=transition.with_ or {})
