"""What conditions ask: is it true? Of an expression, of a template, and of what either comes to."""

from typing import Final

from compozy.domain.errors import Problem
from compozy.domain.json import Json, JsonObject
from compozy.templates.cel.errors import ExpressionError, expression_error
from compozy.templates.cel.expression import evaluate_expression
from compozy.templates.rendering import render
from compozy.templates.run import Sources
from compozy.templates.values import kind

_TRUTH: Final = {
    "true": True,
    "yes": True,
    "1": True,
    "on": True,
    "false": False,
    "no": False,
    "0": False,
    "off": False,
    "": False,
}
_TEMPLATE: Final = "{{"
_SHOWN: Final = 40


def truth_of(value: Json) -> bool:
    """Return whether what a template came to says yes: true, yes, 1, on; or no: false, no, 0, off, nothing. Any case.

    Raises:
        ExpressionError: It says neither.
    """
    truth: bool | None = None
    if type(value) is str:
        truth = _TRUTH.get(value.strip().lower())
    elif value is None or (type(value) in {bool, int} and value in {0, 1}):
        truth = bool(value)
    if truth is None:
        shown = f'"{value:.{_SHOWN}}"' if isinstance(value, str) else kind(value)
        raise ExpressionError(
            Problem(
                message=f"the result is {shown}, which is neither true nor false", hint="true yes 1 on, false no 0 off"
            )
        )
    return truth


def is_true(text: str, scope: JsonObject, *, sources: Sources) -> bool:
    """Return whether a condition holds; a blank one does.

    Args:
        text: CEL, which must come to true or false; or a template, when there is ``{{`` in it, for :func:`truth_of`.
        scope: The variables; JSON values only.
        sources: Where ``now`` and ``uuidv4`` of a template come from.

    Raises:
        ExpressionError: It cannot be read or evaluated, or says neither true nor false.
        TemplateError: The same, of a template.
    """
    if not text.strip():
        return True
    if _TEMPLATE in text:
        return truth_of(render(text, scope, sources=sources))
    value = evaluate_expression(text, scope)
    if isinstance(value, bool):
        return value
    message = f"the result is {kind(value)}, and a condition is true or false"
    raise expression_error(text, 0, message, "compare it: value == 3, size(value) > 0")


def value_of(text: str, scope: JsonObject, *, sources: Sources) -> Json:
    """Return what an expression comes to, or a template when there is ``{{`` in it: what routers ask.

    Raises:
        ExpressionError: It cannot be read or evaluated.
        TemplateError: The same, of a template.
    """
    return render(text, scope, sources=sources) if _TEMPLATE in text else evaluate_expression(text, scope)
