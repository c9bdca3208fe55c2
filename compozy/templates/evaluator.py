"""The evaluator: a parsed template and a scope make a value or a text.

One table maps each kind of node to the function that evaluates it; a :class:`Run` holds what changes meanwhile. Only
exact JSON types are looked into (``lookup``), so there is no way from a template to a Python object.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from compozy.domain.json import Json, JsonObject
from compozy.templates.errors import ArgumentError, MissingError
from compozy.templates.functions import FUNCTIONS
from compozy.templates.functions.dates import rfc3339
from compozy.templates.limits import MAX_ITEMS, weigh
from compozy.templates.lookup import look_up
from compozy.templates.nodes import (
    Assign,
    Body,
    Branch,
    Call,
    Chain,
    Expression,
    If,
    Literal,
    Output,
    Path,
    Range,
    Template,
    Text,
    Variable,
    With,
)
from compozy.templates.run import Run, Sources
from compozy.templates.values import PLAIN, is_truthy, kind, to_text

_CHARGED: Final = 64
"""How many characters or items of a result cost a step."""

_LOOKED_THROUGH: Final = 256
"""How many characters of arguments cost a step: what looks through a list of 10 000 takes a while each time."""

_ITEM: Final = 64
"""How many characters an item of an argument counts as, at whatever depth."""

_GLANCING: Final = frozenset(
    {"coalesce", "default", "empty", "first", "get", "hasKey", "index", "last", "len", "not", "ternary"}
)
"""The functions that do not look through their arguments, and take as long for large ones as for small ones."""

_ORDERING: Final = frozenset({"keys", "values"})
"""The functions that go over the keys of objects."""

_NOWHERE: Final = object()


def evaluate(template: Template, scope: JsonObject, sources: Sources) -> Json:
    """Return the value of a single expression, or the text of anything else.

    Raises:
        TemplateError: Something is missing, of the wrong type, or beyond the limits.
    """
    if type(template.single) is Path and (found := _at(scope, template.single.names)) is not _NOWHERE:
        return found  # most templates are this, and need nothing else
    run = Run(template.source, scope, sources, scope)
    try:
        if template.single is not None:
            return _value(template.single, run)
        _execute(template.body, run)
    except RecursionError as error:
        raise run.error(0, "the values nest too deeply") from error
    return "".join(run.parts)


def _at(value: Json, names: tuple[str, ...]) -> Json:
    """Return what names of objects lead to, or ``_NOWHERE`` for whatever has to be looked at more closely."""
    for name in names:
        if type(value) is not dict or name not in value:
            return _NOWHERE
        value = value[name]
    return value if type(value) in PLAIN else _NOWHERE


def _value(node: Expression, run: Run) -> Json:
    run.steps += 1
    return _EXPRESSIONS[type(node)](node, run)


def _literal(node: Literal, _: Run) -> Json:
    return node.value


def _path(node: Path, run: Run) -> Json:
    return look_up(run.dot, node, run)


def _variable(node: Variable, run: Run) -> Json:
    if node.name == "$":
        return look_up(run.scope, node, run)
    for name, value in reversed(run.variables):
        if name == node.name:
            return look_up(value, node, run)
    raise AssertionError(node.name)  # the parser refuses what is not declared


def _chain(node: Chain, run: Run) -> Json:
    return look_up(_value(node.base, run), node, run)


def _call(node: Call, run: Run) -> Json:
    run.spend(1, node.at)
    if special := _SPECIAL.get(node.function):
        return special(node, run)
    arguments = [_value(argument, run) for argument in node.arguments]
    if node.function not in _GLANCING:
        run.spend(_effort(arguments), node.at)
    call = FUNCTIONS[node.function].call
    assert call is not None, node.function  # noqa: S101 - the functions without one are all in _SPECIAL
    try:
        ordering = {"order": run.sources.in_order} if node.function in _ORDERING else {}
        result = call(*arguments, **ordering)
    except ArgumentError as error:
        missing = isinstance(error, MissingError) or any(argument is None for argument in arguments)
        if node.optional and missing:
            return None
        raise run.error(node.at, f"{node.function}: {error}") from error
    if type(result) not in PLAIN:
        raise run.error(node.at, f"{node.function}: found {kind(result)}, which templates cannot touch")
    if isinstance(result, str | list | dict):
        run.spend(len(result) // _CHARGED, node.at)
    return result


def _effort(arguments: list[Json]) -> int:
    """Return how many steps it is worth to look through the arguments."""
    size = 0
    for argument in arguments:
        if type(argument) is str:
            size += len(argument)
        elif type(argument) is list or type(argument) is dict:
            size += weigh(argument, item=_ITEM)
    return size // _LOOKED_THROUGH


def _and(node: Call, run: Run) -> Json:
    """Return the first argument that is not truthy, or the last; the rest is not evaluated."""
    value: Json = None
    for argument in node.arguments:
        value = _value(argument, run)
        if not is_truthy(value):
            break
    return value


def _or(node: Call, run: Run) -> Json:
    """Return the first argument that is truthy, or the last; the rest is not evaluated."""
    value: Json = None
    for argument in node.arguments:
        value = _value(argument, run)
        if is_truthy(value):
            break
    return value


_SPECIAL: Final[dict[str, Callable[[Call, Run], Json]]] = {
    "and": _and,
    "or": _or,
    "now": lambda _, run: rfc3339(run.sources.now()),
    "uuidv4": lambda _, run: run.sources.uuid4(),
}

_EXPRESSIONS: Final[dict[type, Callable[[Any, Run], Json]]] = {
    Literal: _literal,
    Path: _path,
    Variable: _variable,
    Chain: _chain,
    Call: _call,
}


def _execute(body: Body, run: Run) -> None:
    """Run statements in order; what they declare ends with the body."""
    declared = len(run.variables)
    for statement in body:
        _STATEMENTS[type(statement)](statement, run)
    del run.variables[declared:]


def _text(node: Text, run: Run) -> None:
    run.write(node.text, 0)


def _output(node: Output, run: Run) -> None:
    run.spend(1, node.at)
    value = _value(node.expression, run)
    if type(value) is not str:
        try:
            value = to_text(value)
        except ArgumentError as error:
            raise run.error(node.at, str(error)) from error
    run.write(value, node.at)


def _assign(node: Assign, run: Run) -> None:
    run.spend(1, node.at)
    value = _value(node.expression, run)
    if node.declares:
        run.variables.append((node.name, value))
        return
    where = max(index for index, (name, _) in enumerate(run.variables) if name == node.name)
    run.variables[where] = (node.name, value)


def _if(node: If, run: Run) -> None:
    declared = len(run.variables)
    for branch in node.branches:
        if is_truthy(_condition(branch, run)):
            _execute(branch.body, run)
            break
    else:
        _execute(node.otherwise, run)
    del run.variables[declared:]


def _with(node: With, run: Run) -> None:
    declared, outer = len(run.variables), run.dot
    for branch in node.branches:
        value = _condition(branch, run)
        if is_truthy(value):
            run.dot = value
            _execute(branch.body, run)
            break
    else:
        _execute(node.otherwise, run)
    run.dot = outer
    del run.variables[declared:]


def _condition(branch: Branch, run: Run) -> Json:
    run.spend(1, branch.at)
    value = _value(branch.condition, run)
    if branch.variable:
        run.variables.append((branch.variable, value))
    return value


def _range(node: Range, run: Run) -> None:
    run.spend(1, node.at)
    value = _value(node.expression, run)
    declared, outer, empty = len(run.variables), run.dot, True
    for key, item in _items(value, node, run):
        empty = False
        run.spend(1, node.at)
        run.dot = item
        if node.key:
            run.variables.append((node.key, key))
        if node.value:
            run.variables.append((node.value, item))
        _execute(node.body, run)
        del run.variables[declared:]
    run.dot = outer
    if empty:
        _execute(node.otherwise, run)


def _items(value: Json, node: Range, run: Run) -> Iterator[tuple[Json, Json]]:
    """Return the keys and items that ``range`` goes over: lists in order, objects by key, an integer from 0."""
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, dict):
        return ((key, value[key]) for key in run.sources.in_order(value))
    if value is None:
        return iter(())
    if isinstance(value, int) and not isinstance(value, bool):
        if value > MAX_ITEMS:
            raise run.error(node.at, f"a range over {value} is longer than {MAX_ITEMS}, which is the limit")
        return ((number, number) for number in range(value))
    raise run.error(node.at, f"range wants a list, an object or an integer, got {kind(value)}")


_STATEMENTS: Final[dict[type, Callable[[Any, Run], None]]] = {
    Text: _text,
    Output: _output,
    Assign: _assign,
    If: _if,
    With: _with,
    Range: _range,
}
