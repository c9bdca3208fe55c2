"""The tree of a parsed template: frozen, without behaviour.

A pipe has no node: ``a | f x`` is the call ``f x a``. Every node knows where it begins, for the caret of an error.
"""

from typing import TypeAlias

import attrs

from compozy.domain.json import Json


@attrs.frozen
class Literal:
    """A constant."""

    value: Json
    at: int


@attrs.frozen
class Path:
    """``.a.b`` from the dot; no names means the dot itself. ``optional``: what is missing is nil."""

    names: tuple[str, ...]
    at: int
    optional: bool = False


@attrs.frozen
class Variable:
    """``$name.a.b``; the name ``$`` is the whole scope. ``optional`` as in :class:`Path`."""

    name: str
    names: tuple[str, ...]
    at: int
    optional: bool = False


@attrs.frozen
class Chain:
    """``(expression).a.b``. ``optional`` as in :class:`Path`."""

    base: "Expression"
    names: tuple[str, ...]
    at: int
    optional: bool = False


@attrs.frozen
class Call:
    """``function argument argument``.

    ``optional``: what the function looks up and does not find is nil, and so is what it cannot make of a nil.
    """

    function: str
    arguments: tuple["Expression", ...]
    at: int
    optional: bool = False


Expression: TypeAlias = Literal | Path | Variable | Chain | Call


@attrs.frozen
class Text:
    """Text between actions."""

    text: str


@attrs.frozen
class Output:
    """``{{ expression }}``: writes the value's text."""

    expression: Expression
    at: int


@attrs.frozen
class Assign:
    """``{{ $name := expression }}``, or with ``=`` when it does not declare."""

    name: str
    expression: Expression
    at: int
    declares: bool


@attrs.frozen
class Branch:
    """One arm of an ``if`` or ``with``: the condition, the variable that takes its value, and what follows."""

    condition: Expression
    variable: str | None
    body: tuple["Statement", ...]
    at: int


@attrs.frozen
class If:
    """``{{ if }} … {{ else if }} … {{ else }} … {{ end }}``."""

    branches: tuple[Branch, ...]
    otherwise: tuple["Statement", ...]


@attrs.frozen
class With:
    """``{{ with }} … {{ else }} … {{ end }}``: the body of the arm that is taken sees its value as the dot."""

    branches: tuple[Branch, ...]
    otherwise: tuple["Statement", ...]


@attrs.frozen
class Range:
    """``{{ range $key, $value := expression }} … {{ else }} … {{ end }}``; unnamed variables are None."""

    key: str | None
    value: str | None
    expression: Expression
    body: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]
    at: int


Statement: TypeAlias = Text | Output | Assign | If | With | Range
Body: TypeAlias = tuple[Statement, ...]


@attrs.frozen
class Template:
    """A parsed template.

    Attributes:
        source: The text that was parsed.
        body: Its statements.
        single: The expression when the template is exactly one ``{{ expression }}``, which keeps its type.
    """

    source: str
    body: Body
    single: Expression | None


def tolerant(expression: Expression) -> Expression:
    """Return the expression with every lookup in it made optional: what is missing is nil instead of an error."""
    match expression:
        case Path() | Variable():
            return attrs.evolve(expression, optional=True)
        case Chain():
            return attrs.evolve(expression, base=tolerant(expression.base), optional=True)
        case Call():
            return attrs.evolve(expression, arguments=tuple(map(tolerant, expression.arguments)), optional=True)
        case Literal():
            return expression
