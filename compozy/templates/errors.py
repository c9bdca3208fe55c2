"""What a template is told when it is wrong: the problem, the place under a caret, and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, Problem

_EXCERPT: Final = 100
_LISTED: Final = 10


class TemplateError(InvalidError):
    """A template cannot be read, or cannot be rendered with what is there.

    Each problem's message ends with the line of the template and a caret under the offending character; its ``key`` is
    the place of the template in the rendered value (``items[0].name``), empty for a template that is the whole value.
    """

    def within(self, key: str) -> "TemplateError":
        """Return the same error for a template that sits at ``key`` of a larger value."""
        return TemplateError(attrs.evolve(problem, key=key) for problem in self.problems)


class ArgumentError(ValueError):
    """A function of the language refused its arguments; the evaluator turns it into a :class:`TemplateError`."""


class MissingError(ArgumentError):
    """A function looked for something that is not there; tolerated where a missing path is."""


def template_error(source: str, at: int, message: str, hint: str | None = None) -> TemplateError:
    """Return the error for character ``at`` of the template ``source``."""
    return TemplateError(Problem(message=f"{message}\n{_excerpt(source, at)}", hint=hint))


def did_you_mean(name: str, known: Iterable[str], *, listing: str = "there is") -> str:
    """Return the hint for a name that is not among ``known``: the nearest ones, then the first few of all."""
    names = sorted(known)
    if not names:
        return f"{listing} nothing"
    shown = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    close = get_close_matches(name, names, n=1)
    return f'did you mean "{close[0]}"? {listing}: {shown}' if close else f"{listing}: {shown}"


def _excerpt(source: str, at: int) -> str:
    """Return the line that holds character ``at``, cut to a readable width, with a caret below the character."""
    start = source.rfind("\n", 0, at) + 1
    end = source.find("\n", at)
    end = len(source) if end < 0 else end
    left = max(start, at - _EXCERPT // 2)
    right = min(end, left + _EXCERPT)
    line = source[left:right].replace("\t", " ").replace("\r", " ")
    return f"  {line}\n  {' ' * (at - left)}^"
