"""Names and patterns of files, as a project writes them: what is there, in a folder and as text."""

import errno
import os
import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import pairwise, takewhile
from pathlib import Path, PurePath
from typing import Final

UNREADABLE_HINT: Final = "see to it that this program may read it"
"""The way out where there is an obstacle."""

_MAGIC: Final = frozenset("*?[")
_ANY_FOLDERS: Final = "**"


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a NUL in it
        return False


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; a name that none can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long, or with a NUL in it
        return False


def find_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files that a pattern matches, by name.

    Raises:
        ValueError: It cannot be searched: it is empty or absolute, or no pattern.
    """
    try:
        return sorted(match for match in folder.glob(pattern) if match.is_file())
    except (NotImplementedError, OSError) as error:  # absolute, or with a NUL in it
        raise ValueError(str(error)) from error


def find_obstacle(path: Path) -> str | None:
    """Return why a file or folder cannot be read, as the system says it; None when it can be, or is not there."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
            os.stat(os.path.join(path, "."))  # noqa: PTH116, PTH118 - a folder may be listed and its files out of reach
        elif stat.S_ISREG(mode):
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        return None if error.errno == errno.ENAMETOOLONG else (error.strerror or str(error)).lower()
    return None


def fixed_part(pattern: str) -> str:
    """Return what is ahead of the first part of a pattern that stands for several names.

    >>> fixed_part("workflows/old/*.yaml"), fixed_part("*.yaml"), fixed_part("main.yaml")
    ('workflows/old', '.', 'main.yaml')
    """
    return str(PurePath(*takewhile(_MAGIC.isdisjoint, PurePath(pattern).parts)))


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern matches a relative path, written with slashes.

    >>> matches("**/*.bak", "agents/old/a.bak"), matches("**/*.bak", "a.bak"), matches("*.bak", "agents/a.bak")
    (True, True, False)
    """
    parts = [part for part in pattern.split("/") if part != "."]
    # Two in a row say the same as one, and would only be tried in more ways.
    parts = parts[:1] + [part for before, part in pairwise(parts) if not before == part == _ANY_FOLDERS]
    return _match(parts, name.split("/"))


def _match(pattern: Sequence[str], name: Sequence[str]) -> bool:
    if not pattern:
        return not name
    if pattern[0] == _ANY_FOLDERS:
        return any(_match(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _match(pattern[1:], name[1:])
