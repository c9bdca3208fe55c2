"""The workflow files that a project names."""

from collections.abc import Iterator
from pathlib import Path

from compozy.config.documents import Document
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import find_nearest
from compozy.engine.loading.patterns import UNREADABLE_HINT, find_files, find_obstacle, fixed_part


def find_sources(document: Document, folder: Path) -> tuple[list[Path], list[Problem]]:
    """Return the files that the project's patterns match, and the patterns that match none.

    Reads the plain data, so that workflow files are checked even when the rest of the project file is not in shape.

    Args:
        document: The project file.
        folder: The project's folder; the files are given relative to the same as it is.

    Returns:
        Each file once, by pattern in the order of the list, by name within a pattern.
    """
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for path, pattern in _patterns(document):
        place = fixed_part(pattern)
        if (obstacle := find_obstacle(folder / place)) is not None:
            problems.append(document.problem(path, f"{place!r} cannot be read: {obstacle}", hint=UNREADABLE_HINT))
            continue
        try:
            matches = find_files(folder, pattern)
        except ValueError as error:
            hint = "use a path or a pattern relative to the project file"
            problems.append(document.problem(path, f"{pattern!r} cannot be searched: {str(error).lower()}", hint=hint))
            continue
        if not matches:
            meant = find_nearest(pattern, _patterns_near(folder))
            hint = "it is relative to the project file"
            hint = hint if meant is None else f"did you mean {meant!r}? {hint}"
            problems.append(document.problem(path, f"{pattern!r} matches no file", hint=hint))
        files.update(dict.fromkeys(matches))
    return list(files), problems


def _patterns_near(folder: Path) -> set[str]:
    """Return patterns that match something, and the files themselves."""
    files = [file.relative_to(folder) for file in folder.glob("*/*.y*ml")]
    return {name for file in files for name in (file.as_posix(), file.with_stem("*").as_posix())}


def _patterns(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """Yield the patterns with their places; what is not a pattern is reported with the shape of the file."""
    entries = document.data.get("workflows")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        source = entry.get("source") if isinstance(entry, dict) else None
        if isinstance(source, str) and source:
            yield ("workflows", index, "source"), source
