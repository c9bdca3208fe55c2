"""Expressions from text to result: checked before anything runs, evaluated as often as wanted."""

from collections.abc import Collection
from functools import lru_cache
from typing import Final, Literal

from compozy.domain.json import Json, JsonObject
from compozy.templates.cel.answers import Compiled, FailedError, RefusedError
from compozy.templates.cel.complaints import complaint
from compozy.templates.cel.cost import MAX_LENGTH, Size, TooMuchError, check_cost
from compozy.templates.cel.errors import expression_error
from compozy.templates.cel.failures import failure
from compozy.templates.cel.kinds import described
from compozy.templates.cel.names import REFUSED, VARIABLES
from compozy.templates.cel.reading import Names, Reading, read
from compozy.templates.cel.values import ValueRefusedError, check_text, follow, pick, refusal, round_large, to_json
from compozy.templates.errors import did_you_mean
from compozy.templates.rendering import check

_BOOLEAN: Final = frozenset({"BOOL", "DYN"})


def check_expression(text: str, *, expects: Literal["bool", "any"], names: Collection[str] = ()) -> None:
    """Check what can be known of an expression before it is evaluated; a blank condition is true, and so in order.

    Args:
        text: CEL; or a template, when there is ``{{`` in it, of which only the syntax is checked.
        expects: Whether the result must be true or false.
        names: The variables there are besides :data:`VARIABLES`: the loop names of collections.

    Raises:
        ExpressionError: It cannot be read, names what does not exist, or comes to what is not expected.
        TemplateError: A template cannot be read.
    """
    if "{{" in text:
        check(text)
        return
    if expects == "bool" and not text.strip():
        return
    reading, compiled = _prepared(text, names)
    if expects == "bool" and compiled.result not in _BOOLEAN:
        message = f"the result is {described(compiled.result)}, and a condition is true or false"
        raise expression_error(text, 0, message, "compare it: value == 3, size(value) > 0")
    if why := refusal(compiled.result):
        raise expression_error(text, 0, why, "convert it: string(value)")
    _measured(text, reading, {})


def evaluate_expression(text: str, scope: JsonObject) -> Json:
    """Return what an expression comes to.

    The same text and scope give the same result, in every process and thread; there is no clock and no chance in it.

    Args:
        text: CEL; compiled once.
        scope: The variables: ``{"input": …, "tasks": …}``, and the loop names of collections; JSON values only.

    Raises:
        ExpressionError: It cannot be read, or has no result for what is there, or might take too long.
    """
    reading, compiled = _prepared(text, scope)
    picked = pick(reading.paths, scope)
    size = _measured(text, reading, picked)
    try:
        return to_json(compiled.evaluate(round_large(picked) if size.has_large else picked))
    except FailedError as error:
        raise failure(text, str(error), reading, scope) from error
    except ValueRefusedError as error:
        raise expression_error(text, 0, str(error)) from error


def _prepared(text: str, names: Collection[str]) -> tuple[Reading, Compiled]:
    """Return what an expression reads, and the expression compiled for the names of ``names`` that it uses.

    Raises:
        ExpressionError: It cannot be read, or names what does not exist.
    """
    _check_text(text)
    reading = read(text)
    for function, at in reading.calls.items():
        if function in REFUSED:
            raise expression_error(text, at, f'"{function}" is not part of this language', REFUSED[function])
    known = VARIABLES.union(names)
    roots = {each.names[0]: each.at for each in reversed(reading.reads)}
    if "google" in roots and "google" not in known:  # the library would take it for the package of its messages
        raise expression_error(text, roots["google"], 'no variable "google"', did_you_mean("google", known))
    try:
        return reading, _compiled(text, VARIABLES | (roots.keys() & known))
    except RefusedError as error:
        raise complaint(text, str(error), known) from error


@lru_cache(maxsize=2048)
def _compiled(text: str, names: frozenset[str]) -> Compiled:
    from compozy.templates.cel.library import compile_text  # noqa: PLC0415 - large, and most programs never need it

    return compile_text(text, names)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text)} characters, and {MAX_LENGTH} is the limit"
        raise expression_error(text, 0, message, "let a tool decide")
    if not text.strip():
        raise expression_error(text, 0, "the expression is empty", 'write one, such as input.kind == "a"')
    try:
        check_text(text)
    except ValueRefusedError as error:
        raise expression_error(ascii(text), 0, str(error)) from error


def _measured(text: str, reading: Reading, picked: JsonObject) -> Size:
    """Return how large all that is read is.

    Raises:
        ExpressionError: It is nothing to be read, or might take too long.
    """
    size = Size()
    weights: dict[Names, int] = {}
    try:
        for path in sorted(reading.paths):
            found = follow(path, picked)
            if found.length == len(path) or type(found.value) is not dict:
                weights[path] = size.add(found.value)
        check_cost(reading, size, weights)
    except TooMuchError as error:
        raise expression_error(text, 0, str(error), error.hint) from error
    except ValueRefusedError as error:
        raise expression_error(text, 0, str(error)) from error
    return size
