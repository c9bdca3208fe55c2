"""Names and patterns of files, as a project writes them: what is there, in a folder and as text."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Final

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
