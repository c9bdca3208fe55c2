r"""The ``.env`` file: ``NAME=value`` lines, strictly; ``export`` may stand before the name, as shells want it.

Blank lines and lines that begin with ``#`` are skipped. A value in single quotes is taken as it is; in double quotes
``\n``, ``\t``, ``\"`` and ``\\`` are escapes; without quotes it ends at `` #`` and loses the blanks around it. Nothing
is expanded: a value that holds ``$`` means it.
"""

import re
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, Problem

_NAME: Final = re.compile(r"[A-Z0-9_]+")
_EXPORT: Final = re.compile(r"^export\s+")
_QUOTED: Final = re.compile(r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:\#.*)?""")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def parse_dotenv(content: bytes, *, file: str) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables, and what is wrong with the lines that give none. Values never appear in problems.

    Args:
        content: UTF-8 text, with or without a byte order mark.
        file: What problems call it.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_number = content.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        return {}, [Problem(message="not UTF-8 text", file=file, line=line_number, hint=hint)]
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            _add_line(line.strip(), variables)
        except InvalidError as error:
            problems += [attrs.evolve(problem, file=file, line=number) for problem in error.problems]
    return variables, problems


def _add_line(line: str, variables: dict[str, str]) -> None:
    """Add what one line says, if it says anything."""
    if not line or line.startswith("#"):
        return
    name, equals, rest = line.partition("=")
    name = _EXPORT.sub("", name.rstrip())
    if not equals:
        raise InvalidError(Problem(message="not NAME=value", hint="begin a comment with #"))
    if not _NAME.fullmatch(name):
        hint = "use capital letters, digits and _ only"
        raise InvalidError(Problem(message=f"{name!r} is not a name", hint=hint))
    if name in variables:
        raise InvalidError(Problem(key=name, message="is given twice", hint="keep one of the lines"))
    variables[name] = _value(name, rest.lstrip())


def _value(name: str, text: str) -> str:
    """Return what the text to the right of the equals sign means."""
    if text[:1] not in {'"', "'"}:
        return _COMMENT.sub("", text, count=1).rstrip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        hint = "end the value with the quote it began with"
        raise InvalidError(Problem(key=name, message="the quote is not closed, or text follows it", hint=hint))
    if quoted[1] is not None:
        return quoted[1]
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), quoted[2])
