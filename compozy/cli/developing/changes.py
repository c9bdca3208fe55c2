"""Which changes of which files count, and how they are named."""

import os
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, TypeAlias

from watchfiles import Change

from compozy.domain.errors import InvalidError, Problem

FileChange: TypeAlias = tuple[Change, str]
"""What happened, and the absolute path of the file that it happened to."""

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".py", ".env", ".json"})
_IGNORED_FOLDERS: Final = frozenset(
    {".compozy", ".venv", "venv", ".git", "__pycache__", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)

_MOST_NAMED: Final = 5


def concerns_project(root: Path, path: str) -> bool:
    """Tell whether a change of this file may change what the project does.

    Args:
        root: The project's folder, absolute.
        path: The file, absolute.
    """
    relative = Path(path).relative_to(root)
    if _IGNORED_FOLDERS & set(relative.parts[:-1]):
        return False
    return relative.suffix in _SUFFIXES or relative.name == ".env"


def project_files(root: Path) -> frozenset[str]:
    """Return the files that may change what the project does, absolute."""
    found = set[str]()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _IGNORED_FOLDERS]
        found.update(path for name in files if concerns_project(root, path := os.path.join(folder, name)))  # noqa: PTH118 - faster, and as they are told
    return frozenset(found)


def existing(changes: Iterable[FileChange]) -> frozenset[str]:
    """Return those of the files that are there now."""
    return frozenset(path for _, path in changes if Path(path).exists())


def net_changes(
    changes: Iterable[FileChange], *, before: AbstractSet[str], now: Collection[str]
) -> frozenset[FileChange]:
    """Return what became of each file in the end.

    An editor that saves puts a new file in the place of the old one, or deletes it first: that file was modified. What
    has come and gone meanwhile did not change.

    Args:
        changes: What was noticed.
        before: The files that were there.
        now: Those of the changed ones that are there.
    """
    became = {(True, True): Change.modified, (False, True): Change.added, (True, False): Change.deleted}
    places = {path: (path in before, path in now) for _, path in changes}
    return frozenset((became[place], path) for path, place in places.items() if place in became)


def check_modules(changes: Iterable[FileChange]) -> None:
    """Check that the Python files among the changed ones can be compiled; they are not run.

    Raises:
        InvalidError: Some cannot; says where each goes wrong.
    """
    problems = [problem for _, path in changes if path.endswith(".py") and (problem := _find_problem(Path(path)))]
    if problems:
        raise InvalidError(*problems)


def _find_problem(file: Path) -> Problem | None:
    try:
        compile(file.read_bytes(), file, "exec", dont_inherit=True)
    except FileNotFoundError:
        return None  # it was removed, or is about to be replaced, which is another change
    except (SyntaxError, ValueError, OSError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return Problem(message=f"it is no Python: {said}", file=str(file), line=line)
    return None


def describe_changes(root: Path, changes: Iterable[FileChange]) -> str:
    """Return what happened, by file: ``workflows/hello.yaml modified, tools.py added``."""
    told = sorted({f"{Path(path).relative_to(root)} {change.name}" for change, path in changes})
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
