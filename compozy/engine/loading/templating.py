"""Templates of a workflow: their syntax, the tasks they name, and the variables they need."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from compozy.config.documents import Document, KeyPath
from compozy.config.project_file import ToolEntry
from compozy.config.workflow_file import TaskEntry, WorkflowFile
from compozy.domain.errors import Problem
from compozy.domain.json import Json
from compozy.domain.suggestions import did_you_mean
from compozy.templates import TemplateError, check, references

_OPENING = "{{"


def template_problems(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    """Yield the templates of a workflow that cannot be parsed, or that name a task it does not have.

    Tasks inside containers are addressed through their container, so ``.tasks.<id>`` always names a top-level task.
    """
    known = {task.id for task in workflow.tasks}
    for path, value in (*_values_of_tasks(workflow.tasks, ()), (("outputs",), workflow.outputs)):
        yield from _value_problems(document, path, value, known)


def tool_template_problems(document: Document, tools: Sequence[ToolEntry]) -> Iterator[Problem]:
    """Yield the templates of tools' default inputs that cannot be parsed."""
    for index, tool in enumerate(tools):
        yield from _value_problems(document, ("tools", index, "with"), tool.with_, None)


def variables_named(values: Sequence[Json], env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of ``env`` that the templates name; all of them when one uses ``.env`` as a whole.

    What an execution needs becomes part of its recorded history; secrets it does not name stay out of that.
    """
    paths = [path for value in values for path in references(value) if path[0] == "env"]
    if ("env",) in paths:
        return dict(env)
    named = {path[1] for path in paths}
    return {name: value for name, value in env.items() if name in named}


def _value_problems(document: Document, path: KeyPath, value: Json, tasks: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with the templates of one value; the tasks they name are not checked where unknown."""
    try:
        references(value)
    except TemplateError as error:
        broken = [problem for place, text in _texts(value, path) for problem in _syntax(document, place, text)]
        # What no single template is to blame for is wrong with the value as a whole: it is nested too deeply.
        yield from broken or [document.problem(path, each.message, hint=each.hint) for each in error.problems]
        return
    if tasks is None:
        return
    for place, text in _texts(value, path):
        named = {names[1] for names in references(text) if names[0] == "tasks" and len(names) > 1}
        for task_id in sorted(named.difference(tasks)):
            hint = did_you_mean(task_id, tasks)
            message = f"the template names the task {task_id!r}, which does not exist"
            yield document.problem(place, message, hint=hint)


def _syntax(document: Document, path: KeyPath, text: str) -> Iterator[Problem]:
    """Yield why a template cannot be parsed."""
    try:
        check(text)
    except TemplateError as error:
        for problem in error.problems:
            yield document.problem(path, problem.message, hint=problem.hint)


def _values_of_tasks(tasks: Sequence[TaskEntry], parent: KeyPath) -> Iterator[tuple[KeyPath, Json]]:
    """Yield every value of the tasks whose templates are rendered, at any depth, with its place."""
    for index, task in enumerate(tasks):
        path = (*parent, "tasks", index)
        yield (*path, "with"), task.with_
        yield (*path, "outputs"), task.outputs
        for key, transition in (("on_success", task.on_success), ("on_error", task.on_error)):
            if transition is not None:
                yield (*path, key, "with"), transition.with_
        yield from _values_of_tasks(task.tasks or [], path)


def _texts(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield the texts within a value that hold templates; keys are not rendered."""
    if isinstance(value, str):
        if _OPENING in value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
