"""Which commands may be run, and with which arguments: decided before anything is started."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.harmless import AllowedCommand, split
from compozy.drivers.tools.builtins.patterns import expression
from compozy.drivers.tools.builtins.root import Root

_VARIABLE: Final = re.compile(r"[A-Z0-9_]+")
_LONGEST_ARGUMENT: Final = 32 * 1024
# What a loader, an interpreter, a shell or a common program takes code, options or its configuration from.
_REFUSED_VARIABLES: Final = frozenset(
    {"BASH_ENV", "BASHOPTS", "CDPATH", "ENV", "GCONV_PATH", "HOME", "HOSTALIASES", "IFS", "LOCPATH", "NLSPATH", "PATH"}
    | {"PROMPT_COMMAND", "PS4", "RES_OPTIONS", "SHELL", "SHELLOPTS", "TMPDIR"}
    | {"EDITOR", "LESSOPEN", "LESSCLOSE", "PAGER", "VISUAL"}
)
_REFUSED_PREFIXES: Final = (
    "_",
    "BASH_FUNC_",
    "DYLD_",
    "GIT_",
    "GLIBC_",
    "JAVA_",
    "JDK_",
    "LD_",
    "MALLOC_",
    "NODE_",
    "NPM_",
    "PERL",
    "PYTHON",
    "RUBY",
    "SSH_",
)


@attrs.frozen
class _Rule:
    """Compiled patterns of arguments."""

    options: tuple[Any, ...]
    valued: tuple[tuple[Any, Any], ...]
    texts: tuple[Any, ...]


def rule_of(command: AllowedCommand) -> _Rule:
    """Return a command's patterns, compiled."""
    compiled = [tuple(expression(part, key="patterns") for part in split(pattern)) for pattern in command.patterns]
    singles = [
        (pattern, parts[0]) for pattern, parts in zip(command.patterns, compiled, strict=True) if len(parts) == 1
    ]
    return _Rule(
        options=tuple(part for pattern, part in singles if pattern.startswith("-")),
        valued=tuple((option, value) for option, *values in compiled for value in values),
        texts=tuple(part for pattern, part in singles if not pattern.startswith("-")),
    )


@attrs.frozen
class Commands:
    """The commands that may be run, by path and by name; of two with one name the first counts for the name."""

    by_path: Mapping[str, AllowedCommand]
    by_name: Mapping[str, AllowedCommand]
    rules: Mapping[str, _Rule]

    @classmethod
    def of(cls, commands: Iterable[AllowedCommand]) -> "Commands":
        """Return the table of some commands."""
        listed = tuple(commands)
        return cls(
            by_path={str(command.path): command for command in listed},
            by_name={command.path.name: command for command in reversed(listed)},
            rules={str(command.path): rule_of(command) for command in listed},
        )

    def get(self, command: str) -> AllowedCommand:
        """Return the command of a name (``ls``) or an absolute path; both are compared as they are.

        Raises:
            ToolError: ``COMMAND_REFUSED``: it is not allowed.
        """
        found = self.by_path.get(command) or self.by_name.get(command)
        if found is None:
            hint = did_you_mean(command[:64], self.by_name)
            raise failure(
                Code.COMMAND_REFUSED, f"command {command[:200]!r} is not allowed; {hint}", command=command[:200]
            )
        return found

    def check_arguments(self, command: AllowedCommand, arguments: list[str], root: Root, cwd: tuple[str, ...]) -> None:
        """Refuse arguments that the command may not get.

        Looks at the file system, so it blocks.

        Args:
            command: What is to run.
            arguments: Of it.
            root: Where paths must be.
            cwd: The way from the root to where it runs.

        Raises:
            ToolError: ``COMMAND_REFUSED``, or what is wrong with a path.
        """
        if len(arguments) > command.max_arguments:
            raise _refused(command, f"takes at most {command.max_arguments} arguments, not {len(arguments)}")
        paths = 0
        for argument, is_allowed in _read(self.rules[str(command.path)], command, arguments):
            if is_allowed:
                continue
            paths += 1
            if paths > command.max_paths:
                raise _refused(command, f"must not get the argument {argument[:200]!r}")
            root.kind_of((*cwd, *root.parts_of(argument)))


def _read(rule: _Rule, command: AllowedCommand, arguments: list[str]) -> Iterable[tuple[str, bool]]:
    """Yield each argument, and whether a pattern allows it; what none allows may still be a path.

    Raises:
        ToolError: ``COMMAND_REFUSED``: it is an option that is not allowed, or no argument at all.
    """
    left = iter(range(len(arguments)))
    for at in left:
        argument = arguments[at]
        _check_text(command, argument)
        if not argument.startswith("-"):
            yield argument, _matches(rule.texts, argument)
        elif _matches(rule.options, argument):
            yield argument, True
        elif at + 1 < len(arguments) and _is_pair(rule, argument, arguments[at + 1]):
            _check_text(command, arguments[at + 1])
            next(left)
            yield argument, True
        else:
            raise _refused(command, f"must not get the option {argument[:200]!r}")


def _matches(patterns: tuple[Any, ...], argument: str) -> bool:
    return any(pattern.fullmatch(argument) is not None for pattern in patterns)


def _is_pair(rule: _Rule, option: str, value: str) -> bool:
    return any(of_option.fullmatch(option) and of_value.fullmatch(value) for of_option, of_value in rule.valued)


def _check_text(command: AllowedCommand, argument: str) -> None:
    if "\0" in argument or any("\ud800" <= character <= "\udfff" for character in argument):
        raise _refused(command, f"must not get {argument[:200]!r}: no program can be given that")
    if len(argument) > _LONGEST_ARGUMENT:
        raise _refused(command, f"must not get an argument of more than {_LONGEST_ARGUMENT} characters")


def checked_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a command gets besides its own few.

    Raises:
        ToolError: ``COMMAND_REFUSED``: one has no proper name, or could make the command run something else.
    """
    for name, value in given.items():
        if not _VARIABLE.fullmatch(name):
            raise failure(
                Code.COMMAND_REFUSED, f"env: {name[:64]!r} is no name of a variable; use A-Z, 0-9 and _", key="env"
            )
        if name in _REFUSED_VARIABLES or name.startswith(_REFUSED_PREFIXES):
            raise failure(
                Code.COMMAND_REFUSED, f"env: {name[:64]!r} can change what is run, so it is refused", key="env"
            )
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise failure(Code.COMMAND_REFUSED, f"env.{name[:64]}: no program can be given this value", key="env")
    return dict(given)


def _refused(command: AllowedCommand, why: str) -> Exception:
    return failure(Code.COMMAND_REFUSED, f"command {command.path.name!r} {why}", command=str(command.path))
