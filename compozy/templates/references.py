"""What a template reads: the paths it names, found without evaluating it.

The loader holds them against the tasks and inputs that exist, so that a wrong name shows before anything runs.
"""

from collections.abc import Iterator
from typing import TypeAlias

from compozy.domain.json import Json
from compozy.templates.nodes import (
    Assign,
    Body,
    Call,
    Chain,
    Expression,
    If,
    Literal,
    Output,
    Path,
    Range,
    Statement,
    Text,
    Variable,
    With,
)
from compozy.templates.parser import parse
from compozy.templates.rendering import templates_in

Names: TypeAlias = tuple[str, ...]


def references(value: Json) -> frozenset[Names]:
    """Return the paths from the scope that the templates in a value name.

    ``{{ .tasks.a.output.b }}``, ``{{ $.tasks.a.output.b }}`` and ``{{ index .tasks "a" "output" "b" }}`` all name
    ``("tasks", "a", "output", "b")``. Inside ``with`` a path continues the one that is the dot; where the dot is an
    item of a ``range`` or a computed value, what is read from it is not told.

    Raises:
        TemplateError: A template cannot be parsed.
    """
    return frozenset(filter(None, reads(value)))


def reads(value: Json) -> frozenset[Names]:
    """Return the same paths, and the empty one when a template reads the scope as a whole (``{{ toJson . }}``).

    Raises:
        TemplateError: A template cannot be parsed.
    """
    return frozenset(path for _, text in templates_in(value) for path in _of_body(parse(text).body, ()))


def _of_body(body: Body, dot: Names | None) -> Iterator[Names]:
    """Yield the paths of statements whose dot is ``dot``; None when nobody knows what it is."""
    for statement in body:
        yield from _of_statement(statement, dot)


def _of_statement(statement: Statement, dot: Names | None) -> Iterator[Names]:
    match statement:
        case Text():
            return
        case Output() | Assign():
            yield from _of_expression(statement.expression, dot)
        case If() | With():
            for branch in statement.branches:
                yield from _of_expression(branch.condition, dot)
                inner = _location(branch.condition, dot) if isinstance(statement, With) else dot
                yield from _of_body(branch.body, inner)
            yield from _of_body(statement.otherwise, dot)
        case Range():
            yield from _of_expression(statement.expression, dot)
            yield from _of_body(statement.body, None)
            yield from _of_body(statement.otherwise, dot)


def _of_expression(expression: Expression, dot: Names | None) -> Iterator[Names]:
    location = _location(expression, dot)
    if location is not None:
        yield location
    match expression:
        case Call():
            # The first argument of an index with known keys is a part of the path above.
            for argument in expression.arguments[location is not None :]:
                yield from _of_expression(argument, dot)
        case Chain() if location is None:
            yield from _of_expression(expression.base, dot)


def _location(expression: Expression, dot: Names | None) -> Names | None:
    """Return where in the scope the expression's value comes from, or None when it is computed."""
    match expression:
        case Path():
            return None if dot is None else dot + expression.names
        case Variable(name="$"):
            return expression.names
        case Chain():
            base = _location(expression.base, dot)
            return None if base is None else base + expression.names
        case Call(function="index", arguments=(container, *keys)):
            base = _location(container, dot)
            literals = tuple(str(key.value) for key in keys if isinstance(key, Literal))
            return None if base is None or len(literals) < len(keys) else base + literals
    return None
