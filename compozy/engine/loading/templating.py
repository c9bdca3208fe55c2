"""Templates and expressions: their syntax, the tasks and variables they name, and the ``.env`` variables they need."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from compozy.config.documents import Document
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.gaps import knows_sight, knows_tasks
from compozy.engine.loading.places import TEMPLATE_MARK, Kind, Place, Sight, places_in
from compozy.engine.loading.task_paths import stray_paths
from compozy.templates import TemplateError, check, references
from compozy.templates.cel import check_expression, expression_references

ROOTS: Final = frozenset(
    {
        *("workflow", "tasks", "input", "with", "output", "children", "item", "index", "parent", "env", "project"),
        *("signal", "processor", "trigger", "error", "workflow_id", "workflow_exec_id", "status"),
    }
)
"""What templates may name at the top of a path; the loop names of collections come on top."""


def workflow_template_problems(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    """Yield the templates and expressions that cannot be read, or that name what is not there."""
    for place in places_in(workflow):
        if not knows_sight(document, place.path):
            continue
        if place.kind is Kind.TEMPLATES:
            yield from template_problems(document, place.path, place.value, place.sight)
        else:
            yield from _expression_problems(document, place)


def template_problems(document: Document, path: KeyPath, value: Json, sight: Sight | None) -> Iterator[Problem]:
    """Yield what is wrong with the templates of one value.

    Args:
        document: The file.
        path: Where the value is.
        value: The value.
        sight: What it sees; None when that depends on who uses it, as with tools and agents.
    """
    try:
        references(value)
    except TemplateError as error:
        broken = [problem for place, text in texts_in(value, path) for problem in _syntax(document, place, text)]
        # What no single template is to blame for is wrong with the value as a whole: it is nested too deeply.
        yield from broken or [document.problem(path, each.message, hint=each.hint) for each in error.problems]
        return
    if sight is not None:
        for place, text in texts_in(value, path):
            named = references(text)
            roots = ROOTS | sight.variables
            for root in sorted({names[0] for names in named} - roots):
                yield document.problem(place, f"there is no variable {root!r}", hint=did_you_mean(root, roots))
            yield from _task_problems(document, place, named, sight, noun="template")


def variables_named(values: Sequence[Json], expressions: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of ``env`` that templates and expressions name; all when one uses ``.env`` as a whole.

    What an execution needs becomes part of its recorded history; secrets it does not name stay out of that.
    """
    paths = [path for value in values for path in references(value) if path[0] == "env"]
    paths += [path for text in expressions for path in expression_references(text) if path[0] == "env"]
    if ("env",) in paths:
        return dict(env)
    named = {path[1] for path in paths}
    return {name: value for name, value in env.items() if name in named}


def _expression_problems(document: Document, place: Place) -> Iterator[Problem]:
    """Yield what is wrong with an expression."""
    if place.kind is Kind.EXPRESSION and not place.value.strip():
        yield document.problem(place.path, "must not be empty", hint='write for example input.kind == "a"')
        return
    try:
        is_condition = place.kind is Kind.CONDITION
        check_expression(place.value, expects="bool" if is_condition else "any", names=place.sight.variables)
    except InvalidError as error:
        for problem in error.problems:
            yield document.problem(place.path, problem.message, hint=problem.hint)
        return
    named = expression_references(place.value)
    yield from _task_problems(document, place.path, named, place.sight, noun="expression")


def _task_problems(
    document: Document, path: KeyPath, named: frozenset[tuple[str, ...]], sight: Sight, *, noun: str
) -> Iterator[Problem]:
    """Yield what a template or an expression reads of tasks that cannot be there."""
    for stray in stray_paths(named, sight) if knows_tasks(document) else ():
        yield document.problem(path, f"the {noun} {stray.message}", hint=stray.hint)


def _syntax(document: Document, path: KeyPath, text: str) -> Iterator[Problem]:
    """Yield why a template cannot be parsed."""
    try:
        check(text)
    except TemplateError as error:
        for problem in error.problems:
            yield document.problem(path, problem.message, hint=problem.hint)


def named_in(place: Place) -> Iterator[tuple[KeyPath, frozenset[tuple[str, ...]]]]:
    """Yield where each text of a place is, and the paths that it reads.

    Raises:
        InvalidError: A template or an expression cannot be read.
    """
    if place.kind is not Kind.TEMPLATES:
        yield place.path, expression_references(place.value)
        return
    for path, text in texts_in(place.value, place.path):
        yield path, references(text)


def texts_in(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield the texts within a value that hold templates; keys are not rendered."""
    if isinstance(value, str):
        if TEMPLATE_MARK in value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_in(item, (*path, index))
