"""Rendering and checking of whole values: what tasks, transitions and outputs say in YAML."""

from collections.abc import Iterator

from compozy.domain.errors import Problem
from compozy.domain.json import Json, JsonObject
from compozy.templates.errors import TemplateError
from compozy.templates.evaluator import evaluate
from compozy.templates.limits import MAX_DEPTH
from compozy.templates.numerals import typed
from compozy.templates.parser import parse
from compozy.templates.run import Sources
from compozy.templates.values import to_text

_OPENING = "{{"


def render(value: Json, scope: JsonObject, *, sources: Sources) -> Json:
    """Return the value with every template in it rendered.

    Objects and lists are walked (keys are not rendered), other scalars are kept. Text without ``{{`` is kept as it is.
    Text that is exactly one ``{{ expression }}`` becomes the expression's value with its own type; the result shares
    it with the scope, so neither may be changed afterwards. Any other template becomes text, which is then typed by
    its looks: a JSON object or list is parsed, a number becomes one unless that would lose precision, and ``true`` and
    ``false`` stay text.

    The same value, scope and answers of the sources give the same result, in every process.

    Example::

        render({"city": "{{ .input.city | upper }}"}, {"input": {"city": "Faro"}}, sources=sources)  # {"city": "FARO"}

    Args:
        value: JSON value with templates.
        scope: What paths see: ``{"workflow": …, "tasks": …, "input": …}``; JSON values only.
        sources: Where ``now`` and ``uuidv4`` come from.

    Raises:
        TemplateError: The first template that cannot be rendered, with its place in the value.
    """
    return _render(value, scope, sources, ())


def render_text(text: str, scope: JsonObject, *, sources: Sources) -> str:
    """Return the text that a template writes, whatever it looks like: JSON stays as it is spelled.

    Args:
        text: A text with templates.
        scope: As for :func:`render`.
        sources: As for :func:`render`.

    Raises:
        TemplateError: A template in it cannot be rendered.
    """
    return to_text(evaluate(parse(text), scope, sources)) if _OPENING in text else text


def check(value: Json) -> None:
    """Check the syntax of every template in the value, without a scope.

    Raises:
        TemplateError: With all the problems, in order.
    """
    problems: list[Problem] = []
    for key, text in templates_in(value):
        try:
            parse(text)
        except TemplateError as error:
            problems.extend(error.within(key).problems)
    if problems:
        raise TemplateError(problems)


def templates_in(value: Json) -> Iterator[tuple[str, str]]:
    """Yield the place (``items[0].name``) and the text of every template in the value.

    Raises:
        TemplateError: The value nests more than 20 deep.
    """
    for path, text in _texts(value, ()):
        if _OPENING in text:
            yield _spelled(path), text


def _render(value: Json, scope: JsonObject, sources: Sources, path: tuple[str | int, ...]) -> Json:
    if isinstance(value, str):
        return _render_text(value, scope, sources, path) if _OPENING in value else value
    if isinstance(value, dict):
        _check_depth(path)
        return {key: _render(item, scope, sources, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        _check_depth(path)
        return [_render(item, scope, sources, (*path, index)) for index, item in enumerate(value)]
    return value


def _render_text(text: str, scope: JsonObject, sources: Sources, path: tuple[str | int, ...]) -> Json:
    try:
        template = parse(text)
        result = evaluate(template, scope, sources)
    except TemplateError as error:
        raise error.within(_spelled(path)) from error
    return typed(result) if template.single is None else result


def _texts(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        _check_depth(path)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, (*path, key))


def _check_depth(path: tuple[str | int, ...]) -> None:
    if len(path) >= MAX_DEPTH:
        raise TemplateError(Problem(message=f"the value nests more than {MAX_DEPTH} deep", key=_spelled(path)))


def _spelled(path: tuple[str | int, ...]) -> str:
    """Return the path as the user would write it: ``items[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
