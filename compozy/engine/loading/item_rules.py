"""Collections and the ids of what is in containers: templates where there is an item for them, and nowhere else."""

from collections.abc import Iterator
from typing import Final

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.key_paths import KeyPath
from compozy.engine.loading.places import TEMPLATE_MARK
from compozy.engine.loading.templating import ROOTS
from compozy.engine.rules.ranges import find_range
from compozy.templates.cel.names import RESERVED, WORDS

_OWN: Final = frozenset({"item", "index"})


def collection_problems(document: Document, path: KeyPath, task: TaskEntry) -> Iterator[Problem]:
    """Yield what is wrong with the names that a collection gives: to its items, and to the task it runs for them."""
    for key in ("item_var", "index_var"):
        name = getattr(task, key)
        if name is not None and name in (ROOTS - _OWN) | WORDS | RESERVED:
            yield document.problem((*path, key), f"{name!r} means something else", hint="choose another name")
    if task.item_var is not None and task.item_var == (task.index_var or "index"):
        message = f"{task.item_var!r} is the name of the item's number already"
        yield document.problem((*path, "item_var"), message, hint="choose another name")
    yield from _range_problems(document, path, task)
    if task.task is not None and TEMPLATE_MARK not in task.task.id:
        hint = f'write for example "{task.task.id}-{{{{ .index }}}}"'
        message = f"{task.task.id!r} would be the id of every item"
        yield document.problem((*path, "task", "id"), message, hint=hint)


def _range_problems(document: Document, path: KeyPath, task: TaskEntry) -> Iterator[Problem]:
    """Yield why a range that is written down cannot be counted; what a template comes to, nobody knows yet."""
    if isinstance(task.items, str) and TEMPLATE_MARK not in task.items:
        try:
            find_range(task.items)
        except InvalidError as error:
            for problem in error.problems:
                yield document.problem((*path, "items"), problem.message, hint=problem.hint)


def plain_id_problems(document: Document, path: KeyPath, task: TaskEntry) -> Iterator[Problem]:
    """Yield a template where no collection gives it a value."""
    if TEMPLATE_MARK in task.id:
        hint = "only the task of a collection has a template as its id"
        yield document.problem((*path, "id"), f"{task.id!r} is a template, and there is no item for it", hint=hint)
