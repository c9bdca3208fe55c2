"""Exit codes: the one table of how the program ends."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Exit(IntEnum):
    """What a command hands back to the shell."""

    SUCCESS = 0
    FAILED = 1
    """The execution failed, or the program did while it ran."""
    INVALID = 2
    """The arguments, the configuration or the project are wrong; nothing was done."""
    UNAVAILABLE = 3
    """Something that is needed cannot be reached or is in use now; trying again later may help."""
    PENDING = 4
    """The schema of the database is older than the program; nothing was done. Only ``migrate status`` says so."""
    INTERRUPTED = 130
    """Ended by Ctrl-C or SIGTERM, in order."""


EXIT_BY_CODE: Final[Mapping[str, Exit]] = MappingProxyType(
    {
        "NOT_FOUND": Exit.INVALID,
        "INVALID": Exit.INVALID,
        "DUPLICATE": Exit.INVALID,
        "CONFLICT": Exit.UNAVAILABLE,
        "NEWER_SCHEMA": Exit.INVALID,
        "UNAVAILABLE": Exit.UNAVAILABLE,
        "TASK_FAILED": Exit.FAILED,
        "TOOL_FAILED": Exit.FAILED,
        "INTERNAL": Exit.FAILED,
    }
)
"""The exit by ``CompozyError.code``. Keyed by the code, not the class, so that ``--help`` need not load the classes."""

_WORST_FIRST: Final = (Exit.INVALID, Exit.UNAVAILABLE, Exit.FAILED)


def exit_of(errors: Iterable[BaseException]) -> Exit:
    """Return the exit for these errors: the one whose cure comes first (fix the input, then try again).

    An error whose own code is not in the table counts as what it descends from; anything else is a failure.
    """
    found = {_exit_of_one(error) for error in errors}
    return next((exit_ for exit_ in _WORST_FIRST if exit_ in found), Exit.FAILED)


def _exit_of_one(error: BaseException) -> Exit:
    exits = (EXIT_BY_CODE.get(getattr(cls, "code", "")) for cls in type(error).__mro__)
    return next((found for found in exits if found is not None), Exit.FAILED)
