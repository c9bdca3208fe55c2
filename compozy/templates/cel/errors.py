"""What an expression is told when it is wrong: the problem, the place under a caret, and the way out."""

import attrs

from compozy.domain.errors import InvalidError
from compozy.templates.errors import template_error


class ExpressionError(InvalidError):
    """An expression cannot be read, or has no answer for what is there.

    Each problem's message ends with the line of the expression and a caret under the offending character; its ``key``
    is empty until somebody says where the expression stands.
    """

    def within(self, key: str) -> "ExpressionError":
        """Return the same error for an expression that sits at ``key`` of a larger value."""
        return ExpressionError(attrs.evolve(problem, key=key) for problem in self.problems)


def expression_error(text: str, at: int, message: str, hint: str | None = None) -> ExpressionError:
    """Return the error for character ``at`` of the expression ``text``."""
    return ExpressionError(template_error(text, at, message, hint).problems)
