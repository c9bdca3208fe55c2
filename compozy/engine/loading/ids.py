"""Ids that are given twice."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.engine.loading.declarations import Declarations
from compozy.engine.loading.transitions import tasks_at_top

_Place: TypeAlias = tuple[Document, KeyPath, str]
"""An id with its place."""


def duplicate_declarations(declared: Sequence[Declarations]) -> Iterator[Problem]:
    """Yield what is declared under an id that an earlier one of its kind has.

    Args:
        declared: The files of one level, in order. What a workflow declares may replace what the project does.
    """
    ids: dict[str, list[_Place]] = {"tool": [], "agent": [], "model": [], "memory": [], "schema": []}
    for each in declared:
        ids["tool"] += [(each.document, (*path, "id"), tool.id) for path, tool in each.tools]
        ids["agent"] += [(each.document, (*path, "id"), agent.id) for path, agent in each.agents]
        ids["model"] += [(each.document, (*path, "id"), model.id) for path, model in each.models if model.id]
        ids["memory"] += [(each.document, (*path, "id"), memory.id) for path, memory in each.memories]
        ids["schema"] += [
            (each.document, (*path, "id"), str(schema["id"])) for path, schema in each.schemas if "id" in schema
        ]
    for noun, places in ids.items():
        yield from _duplicates(noun, places)


def duplicate_tasks(document: Document, tasks: Sequence[TaskEntry]) -> Iterator[Problem]:
    """Yield the tasks whose id an earlier sibling has, at any depth; where a route leads is the top."""
    top = tasks_at_top(tasks)
    yield from _duplicates("task", [(document, (*place, "id"), task.id) for place, task in top])
    for place, task in top:
        yield from _duplicates_inside(document, task, place)


def _duplicates_inside(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    siblings = [(document, (*path, "tasks", index, "id"), child.id) for index, child in enumerate(task.tasks or [])]
    yield from _duplicates("task", siblings)
    routes = [below for below, _ in task.inline_routes]
    for below, child in task.children:
        if below not in routes:
            yield from _duplicates_inside(document, child, (*path, *below))


def duplicate_workflows(workflows: Iterable[tuple[Document, WorkflowFile]]) -> Iterator[Problem]:
    """Yield the workflows whose id an earlier file has."""
    yield from _duplicates("workflow", [(document, ("id",), workflow.id) for document, workflow in workflows])


def _duplicates(noun: str, ids: Sequence[_Place]) -> Iterator[Problem]:
    """Yield the ids that an earlier one of the same has."""
    first: dict[str, _Place] = {}
    for document, path, entry_id in ids:
        earlier, place, _ = first.setdefault(entry_id, (document, path, entry_id))
        if earlier is document and place == path:
            continue
        line = earlier.find_line(place)
        where = f"in line {line}" if earlier is document else f"at {earlier.file}:{line}"
        yield document.problem(path, f"the {noun} id {entry_id!r} is taken", hint=f"the other one is {where}")
