"""What the library says about a text that it cannot read, in our words: message, place and way out.

Its report is ``ERROR: <input>:LINE:COLUMN: message`` for each problem, each followed by an excerpt.
"""

import re
from collections.abc import Iterable
from typing import Final

from compozy.domain.errors import Problem
from compozy.templates.cel.errors import ExpressionError, expression_error
from compozy.templates.cel.kinds import described, operator
from compozy.templates.errors import did_you_mean

_REPORT: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_UNEXPECTED: Final = re.compile(
    r"(?:mismatched|extraneous) input '(.*?)' expecting|no viable alternative at input '(.*)'"
)
_UNKNOWN: Final = re.compile(r"token recognition error at: '(.*)")
_HYPHENATED: Final = re.compile(r"([A-Za-z_][\w.]*)\.([A-Za-z_]\w*(?:-\w+)*-)$")
_WORDS: Final = {"and": "write &&", "or": "write ||", "not": "write !", "is": "write ==", "===": "write =="}
_SHOWN: Final = 3


def complaint(text: str, report: str, names: Iterable[str]) -> ExpressionError:
    """Return the error for a text that the library refused with ``report``; ``names`` are the variables there are."""
    problems: list[Problem] = []
    for line, column, message in _REPORT.findall(report):
        if int(line) > 0 and len(problems) < _SHOWN:
            problems.extend(_problem(text, _place(text, int(line), int(column)), message, names).problems)
            if "Syntax error" in message:
                break  # what follows is the parser looking for its feet
    if not problems:
        return expression_error(text, 0, "nested too deeply", "split it, or let a tool decide")
    return ExpressionError(problems)


def _place(text: str, line: int, column: int) -> int:
    """Return the character at a line and column, both counted from 1."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + max(column, 1) - 1, len(text))


def _problem(text: str, at: int, message: str, names: Iterable[str]) -> ExpressionError:
    if match := _UNDECLARED.match(message):
        return _undeclared(text, at, match[1], names)
    if match := _OVERLOAD.match(message):
        return _overload(text, at, match[1], match[2])
    if match := _UNEXPECTED.search(message):
        return _unexpected(text, at, match[1] or match[2])
    if match := _UNKNOWN.search(message):
        return _unknown(text, at, match[1])
    if message.startswith("reserved identifier: "):
        return expression_error(text, at, f'"{message.rpartition(" ")[2]}" is a word that CEL keeps for itself')
    return expression_error(text, at, message.removeprefix("Syntax error: "))


def _undeclared(text: str, at: int, path: str, names: Iterable[str]) -> ExpressionError:
    root = path.partition(".")[0]
    if text[at : at + 1] == "(":
        at = max(text.rfind(root, 0, at + 1), 0)
        return expression_error(text, at, f'no function "{root}" for these arguments', _FUNCTIONS)
    end = at if text[at : at + 1] == "." else at + len(root)
    at = max(text.rfind(root, 0, end), 0)
    if match := _HYPHENATED.search(text[:at].removesuffix(" ")):
        hint = f'a name with a hyphen goes into brackets: {match[1]}["{match[2]}{root}"]'
        return expression_error(text, at, f'no variable "{root}"', hint)
    return expression_error(text, at, f'no variable "{root}"', did_you_mean(root, names))


_FUNCTIONS: Final = (
    "there is: size contains startsWith endsWith matches lowerAscii upperAscii trim split indexOf substring "
    "int double string has all exists exists_one filter map"
)


def _overload(text: str, at: int, function: str, kinds: str) -> ExpressionError:
    arguments = [described(kind) for kind in re.split(r", (?![^(]*\))", kinds)]
    hint = None
    if {"an integer", "a float"} <= set(arguments):
        hint = "convert one of them: double(1) or int(1.5)"
    elif "a text" in arguments and function == "_+_":
        hint = "convert the other: string(1)"
    elif function == "_?_:_":
        hint = "a choice is between two values of one type: condition ? a : b"
    return expression_error(text, at, f"{operator(function)} cannot take {' and '.join(arguments)}", hint)


def _unexpected(text: str, at: int, found: str) -> ExpressionError:
    if found == "<EOF>":
        return expression_error(text, at, "the expression ends too early")
    hint = _WORDS.get(found)
    before = text[:at].split()
    if hint is None and before and before[-1] in _WORDS:
        hint = _WORDS[before[-1]]
    return expression_error(text, at, f'unexpected "{found}"', hint)


def _unknown(text: str, at: int, found: str) -> ExpressionError:
    if found[:1] in {"'", '"'}:
        return expression_error(
            text, at, "this text is not closed, or has an escape that is none", "a backslash is \\\\"
        )
    if found[:1] == "=":
        return expression_error(text, at, 'unexpected "="', "compare with ==")
    hints = {"$": "variables have no $", "&": "write &&", "|": "write ||"}
    return expression_error(text, at, f'nothing begins with "{found[:1]}" here', hints.get(found[:1]))
