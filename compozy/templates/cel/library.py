"""The one place that meets cel-expr-python; imported when the first expression is used, for it is large.

The library raises some of its errors and returns others; here all are raised, with its words.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import attrs
from cel_expr_python import cel  # type: ignore[import-untyped]  # it has stubs, but no py.typed
from cel_expr_python.ext import ext_math, ext_strings  # type: ignore[import-untyped]  # same
from typing_extensions import override

from compozy.templates.cel.answers import Answer, Compiled, FailedError, RefusedError

_ERROR: Final = "ERROR"


@attrs.frozen
class _CompiledText(Compiled):
    _result: str
    _expression: cel.Expression

    @property
    @override
    def result(self) -> str:
        return self._result

    @override
    def evaluate(self, variables: Mapping[str, Any]) -> Answer:
        try:
            value: Answer = self._expression.eval(data=variables)
        except RuntimeError as error:
            raise FailedError(str(error)) from error
        if value.type().name() == _ERROR:
            raise FailedError(str(value.value()))
        return value


def compile_text(text: str, names: frozenset[str]) -> Compiled:
    """Return the expression, compiled for variables of these names.

    Raises:
        RefusedError: The library cannot read it.
    """
    try:
        expression = _environment(names).compile(text)
    except RuntimeError as error:
        raise RefusedError(str(error)) from error
    return _CompiledText(expression.return_type().name(), expression)


@lru_cache(maxsize=64)
def _environment(names: frozenset[str]) -> cel.Env:
    return cel.NewEnv(
        variables=dict.fromkeys(sorted(names), cel.Type.DYN),
        extensions=[ext_strings.ExtStrings(), ext_math.ExtMath()],
    )
