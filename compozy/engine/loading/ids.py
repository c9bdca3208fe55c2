"""Ids that are given twice."""

from collections.abc import Iterable, Iterator, Sequence

from compozy.config.documents import Document, KeyPath
from compozy.config.project_file import ToolEntry
from compozy.config.workflow_file import TaskEntry, WorkflowFile
from compozy.domain.errors import Problem


def duplicate_tools(document: Document, tools: Sequence[ToolEntry]) -> Iterator[Problem]:
    """Yield the tools of one file whose id an earlier one has. A workflow's tool may replace the project's."""
    yield from _duplicates(document, (), "tools", "tool", [tool.id for tool in tools])


def duplicate_tasks(document: Document, tasks: Sequence[TaskEntry], *, parent: KeyPath = ()) -> Iterator[Problem]:
    """Yield the tasks whose id an earlier sibling has, at any depth."""
    yield from _duplicates(document, parent, "tasks", "task", [task.id for task in tasks])
    for index, task in enumerate(tasks):
        yield from duplicate_tasks(document, task.tasks or [], parent=(*parent, "tasks", index))


def duplicate_workflows(workflows: Iterable[tuple[Document, WorkflowFile]]) -> Iterator[Problem]:
    """Yield the workflows whose id an earlier file has."""
    first: dict[str, Document] = {}
    for document, workflow in workflows:
        earlier = first.setdefault(workflow.id, document)
        if earlier is not document:
            place = f"{earlier.file}:{earlier.find_line(('id',))}"
            message = f"the workflow id {workflow.id!r} is taken"
            yield document.problem(("id",), message, hint=f"the other one is at {place}")


def _duplicates(document: Document, parent: KeyPath, key: str, noun: str, ids: Sequence[str]) -> Iterator[Problem]:
    """Yield the entries of one list whose id an earlier entry has."""
    first: dict[str, int] = {}
    for index, entry_id in enumerate(ids):
        earlier = first.setdefault(entry_id, index)
        if earlier != index:
            line = document.find_line((*parent, key, earlier, "id"))
            message = f"the {noun} id {entry_id!r} is taken"
            yield document.problem((*parent, key, index, "id"), message, hint=f"the other one is in line {line}")
