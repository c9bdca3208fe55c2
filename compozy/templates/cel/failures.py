"""What the library says when an evaluation comes to nothing, in our words: the path, and what exists there.

It names the key, not the path, and no place in the text; so the paths that the text names are followed until one ends.
"""

import re
from collections.abc import Callable
from typing import Final

import attrs

from compozy.domain.json import JsonObject
from compozy.templates.cel.errors import ExpressionError, expression_error
from compozy.templates.cel.kinds import described, operator, wants_boolean
from compozy.templates.cel.reading import Names, Read, Reading
from compozy.templates.cel.values import follow
from compozy.templates.errors import did_you_mean
from compozy.templates.values import kind

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SIGNS: Final = {"<jump_condition>": "?"}


def failure(text: str, report: str, reading: Reading, scope: JsonObject) -> ExpressionError:
    """Return the error for an evaluation that failed with ``report``."""
    code, _, message = report.partition(": ")
    for pattern, explain in _EXPLAINED:
        if match := pattern.search(message):
            return explain(_Failed(text, reading, scope), match)
    return expression_error(text, 0, message.removesuffix(f" [{code}]") or report)


@attrs.frozen
class _Failed:
    """An evaluation that failed."""

    text: str
    reading: Reading
    scope: JsonObject

    def absent(self, match: re.Match[str]) -> ExpressionError:
        """A variable is not in the scope."""
        name = match[1]
        at = next((read.at for read in self.reading.reads if read.names[0] == name), 0)
        return self._error(at, f'no "{name}" here', did_you_mean(name, self.scope, listing="there is"))

    def missing(self, match: re.Match[str]) -> ExpressionError:
        """A key is not in an object; tell which keys are, where the text says which object it is."""
        key = match[1] if match[1] is not None else match[2]
        is_escaped = "\\" in key
        for read in self.reading.reads:
            found = follow(read.names, self.scope)
            if not 0 < found.length < len(read.names) or type(found.value) is not dict:
                continue
            name = read.names[found.length]
            if name == key or is_escaped:
                parent = _spelled(read.names[: found.length])
                hint = did_you_mean(name, found.value, listing=f"{parent} has")
                return self._error(self._place(read, found.length), f'no "{name}" in {parent}', hint)
        return self._error(max(self.text.find(key), 0), f'no "{key}" in an object', "ask first: has(object.key)")

    def not_inside(self, _: re.Match[str]) -> ExpressionError:
        """A name is asked of what has none."""
        for read in self.reading.reads:
            found = follow(read.names, self.scope)
            if 0 < found.length < len(read.names) and type(found.value) is not dict:
                key, parent = read.names[found.length], _spelled(read.names[: found.length])
                return self._error(
                    self._place(read, found.length), f'no "{key}" in {parent}, which is {kind(found.value)}'
                )
        return self._error(0, "a name or an item is asked of what has none")

    def overload(self, match: re.Match[str]) -> ExpressionError:
        """An operator or function got values that it cannot take."""
        sign = _SIGNS.get(match[1], operator(match[1]))
        at = max(self.text.find(sign), 0)
        if wants_boolean(match[1]):
            return self._error(at, f"{sign} takes only true and false", "compare it: value != null, size(value) > 0")
        kinds = (match[2] or "").split(", ")
        hint = "convert one of them: string(), int(), double()" if len(kinds) > 1 else None
        return self._error(at, f"{sign} cannot take {' and '.join(map(described, kinds))}", hint)

    def outside(self, match: re.Match[str]) -> ExpressionError:
        """An item is asked that a list does not have."""
        return self._error(0, f"no item {match[1]} in a list of {match[2]}", "the first item is [0]")

    def endless(self, _: re.Match[str]) -> ExpressionError:
        """The macros go through too much."""
        return self._error(0, "its macros go through more than 10000 items in all", "let a tool decide")

    def _place(self, read: Read, number: int) -> int:
        """Return where a name of a path stands in the text; where the path begins when it is spelled in another way."""
        begin = end = read.at
        for name in read.names[: number + 1]:
            begin = self.text.find(name, end)
            if begin < 0:
                return read.at
            end = begin + len(name)
        return begin

    def _error(self, at: int, message: str, hint: str | None = None) -> ExpressionError:
        return expression_error(self.text, at, message, hint)


_EXPLAINED: Final[tuple[tuple[re.Pattern[str], Callable[[_Failed, re.Match[str]], ExpressionError]], ...]] = (
    (re.compile(r'No value with name "([^"]*)"'), _Failed.absent),
    (re.compile(r'Key not found in map : (?:"(.*)"|(.*))', re.DOTALL), _Failed.missing),
    (re.compile(r"Applying SELECT|Invalid container type"), _Failed.not_inside),
    (re.compile(r"No matching overloads found : ([^(]*?)\s*(?:\((.*)\))?$"), _Failed.overload),
    (re.compile(r"[Ii]ndex error: index=(-?\d+) size=(\d+)"), _Failed.outside),
    (re.compile(r"Iteration budget"), _Failed.endless),
)


def _spelled(names: Names) -> str:
    """Return a path as an expression spells it: ``tasks["save-data"].output``."""
    return names[0] + "".join(f".{name}" if _NAME.fullmatch(name) else f'["{name}"]' for name in names[1:])
