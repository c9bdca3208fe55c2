"""Commands that may be run: how one is described, and the few that may be by default."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import attrs

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.patterns import expression

_FOLDERS: Final = tuple(os.defpath.split(os.pathsep))


@attrs.frozen(kw_only=True)
class AllowedCommand:
    """A command, and the arguments it may get.

    An argument is allowed when the whole of it matches a pattern. One that begins with ``-`` must match a pattern that
    does, so that ``.*`` opens no options; such a pattern with a space in it is of two arguments, an option and its
    value (``-n [0-9]+``). What matches no pattern is taken for a path, as long as there may be more of those: it must
    name a file or a directory below the root.

    Attributes:
        path: The executable, absolute.
        patterns: Of arguments, in RE2's syntax.
        max_paths: How many arguments may be paths.
        max_arguments: How many arguments there may be.
        timeout: None: that of :class:`ExecSettings`.
        max_output_bytes: Of standard output; None: that of :class:`ExecSettings`.
    """

    path: Path = attrs.field()
    patterns: tuple[str, ...] = attrs.field(default=())
    max_paths: int = 0
    max_arguments: int = 32
    timeout: timedelta | None = None
    max_output_bytes: int | None = None

    @path.validator
    def _check_path(self, _: object, path: Path) -> None:
        if not path.is_absolute():
            raise ValueError(f"an allowed command is named by its absolute path, not {str(path)!r}")

    @patterns.validator
    def _check_patterns(self, _: object, patterns: tuple[str, ...]) -> None:
        for pattern in patterns:
            try:
                for part in split(pattern):
                    expression(part, key=f"{self.path}: patterns")
            except ToolError as error:
                raise ValueError(str(error)) from error


def split(pattern: str) -> tuple[str, ...]:
    """Return the patterns of the arguments that a pattern is of: two for an option and its value, else one."""
    return tuple(pattern.split(" ", 1)) if pattern.startswith("-") else (pattern,)


class _Harmless(NamedTuple):
    patterns: tuple[str, ...] = ()
    max_paths: int = 0


_MANY: Final = 12

# Options that read another file, write one, run a program or wait for ever are not among them: `sort -o` writes,
# `sort --compress-program` runs, `wc --files0-from` and `date -f` read, `tail -f` waits. The second path of `uniq` is
# written to.
_HARMLESS: Final[Mapping[str, _Harmless]] = MappingProxyType(
    {
        "cat": _Harmless(("-[AbeEnstTv]+",), _MANY),
        "date": _Harmless(("-u", "-R", "-I(date|hours|minutes|seconds|ns)?", r"\+[^\x00-\x1f]*")),
        "echo": _Harmless(("-n", r"[^\x00]*")),
        "head": _Harmless(("-[0-9]+", "-[nc][0-9]+", "-[nc] [0-9]+", "-q"), _MANY),
        "ls": _Harmless(("-[aAhlrRSt1]+",), _MANY),
        "pwd": _Harmless(),
        "sort": _Harmless(("-[bdfghinruV]+", "-k[0-9]+(,[0-9]+)?", "-k [0-9]+(,[0-9]+)?", "-t ."), _MANY),
        "tail": _Harmless(("-[0-9]+", "-[nc][0-9]+", "-[nc] [0-9]+", "-q"), _MANY),
        "uniq": _Harmless(("-[cdiu]+",), 1),
        "wc": _Harmless(("-[clmwL]+",), _MANY),
    }
)


def harmless_commands() -> tuple[AllowedCommand, ...]:
    """Return the commands that may be run by default, those of them that this machine has."""
    return tuple(_found())


def _found() -> Iterator[AllowedCommand]:
    for name, rule in _HARMLESS.items():
        path = next((found for folder in _FOLDERS if (found := Path(folder, name)).is_file()), None)
        if path is not None:
            yield AllowedCommand(path=path, patterns=rule.patterns, max_paths=rule.max_paths)
