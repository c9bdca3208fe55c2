"""Files that are read without being named one by one: each is one tool, agent, model, memory, schema or workflow.

What a file is, its key ``resource`` says, or else the name of the folder that it is in (``agents/``, ``tools/``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

import attrs

from compozy.config.documents import Document
from compozy.config.fields import Shape
from compozy.config.project_file import AutoloadSection
from compozy.config.resource_entries import AgentEntry, MemoryEntry, ModelEntry, ToolEntry
from compozy.config.salvaging import check_or_salvage
from compozy.config.yaml_files import read_yaml
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.declarations import Declarations, file_declarations
from compozy.engine.loading.gaps import is_whole, knows_thing
from compozy.engine.loading.patterns import UNREADABLE_HINT, find_files, find_obstacle, fixed_part, matches

_WORKFLOW: Final = "workflow"
_SCHEMA: Final = "schema"
_SHAPES: Final[Mapping[str, type[Shape]]] = {
    "tool": ToolEntry,
    "agent": AgentEntry,
    "model": ModelEntry,
    "memory": MemoryEntry,
}
_KINDS: Final = (*_SHAPES, _SCHEMA, _WORKFLOW)
_FOLDERS: Final = {f"{kind}s": kind for kind in _KINDS} | {"memories": "memory"} | {kind: kind for kind in _KINDS}


@attrs.define(kw_only=True)
class Autoloaded:
    """What the files say.

    Attributes:
        declared: What each file declares, in order.
        workflows: The files that are workflows.
        problems: What is wrong with the others.
        is_complete: Whether all is known that the files declare, whatever else is wrong with them.
        warnings: The same, when the project wants to go on without them.
    """

    declared: list[Declarations] = attrs.Factory(list)
    workflows: list[Path] = attrs.Factory(list)
    problems: list[Problem] = attrs.Factory(list)
    warnings: list[Problem] = attrs.Factory(list)
    is_complete: bool = True


def autoload(document: Document, section: AutoloadSection | None, folder: Path, *, named: Sequence[Path]) -> Autoloaded:
    """Read the files that ``autoload`` of the project file names.

    Args:
        document: The project file.
        section: The section of it.
        folder: The project's folder; the files are given relative to the same as it is.
        named: Files that the project names as workflows; they are not read again.
    """
    loaded = Autoloaded()
    if section is None or section.enabled is not True:
        return loaded
    if not section.include:
        loaded.is_complete = False
        if is_whole(document, ("autoload",)):
            hint = "write for example [agents/*.yaml, tools/*.yaml]"
            loaded.problems.append(document.problem(("autoload", "include"), "is required", hint=hint))
    for file in _find(document, section, folder, loaded):
        if file in named:
            continue
        declared, problems = _read(file, folder, loaded)
        if section.strict is not False:
            loaded.problems += problems
            loaded.is_complete &= not problems or (declared is not None and knows_thing(declared.document))
        elif problems:
            loaded.warnings += problems
            continue
        loaded.declared += [declared] if declared is not None else []
    return loaded


def _find(document: Document, section: AutoloadSection, folder: Path, loaded: Autoloaded) -> list[Path]:
    """Return each file once: by pattern in the order of the list, by name within a pattern."""
    found: dict[Path, None] = {}
    for at, pattern in enumerate(section.include or []):
        place = fixed_part(pattern)
        if (obstacle := find_obstacle(folder / place)) is not None:
            message = f"{place!r} cannot be read: {obstacle}"
            loaded.problems.append(document.problem(("autoload", "include", at), message, hint=UNREADABLE_HINT))
            loaded.is_complete = False
            continue
        try:
            files = find_files(folder, pattern)
        except ValueError as error:
            hint = "use a pattern relative to the project file"
            message = f"{pattern!r} cannot be searched: {str(error).lower()}"
            loaded.problems.append(document.problem(("autoload", "include", at), message, hint=hint))
            loaded.is_complete = False
            continue
        found.update(dict.fromkeys(files))
    excluded = section.exclude or []
    return [file for file in found if not any(matches(each, file.relative_to(folder).as_posix()) for each in excluded)]


def _read(file: Path, folder: Path, loaded: Autoloaded) -> tuple[Declarations | None, list[Problem]]:
    """Return what a file declares, as far as it can be read, and what is wrong with it; note it if it is a workflow."""
    try:
        document = read_yaml(file, shown_as=str(file))
    except InvalidError as error:
        return None, list(error.problems)
    kind = document.data.get("resource") or _kind_of_folder(file.relative_to(folder))
    if not isinstance(kind, str) or kind not in _KINDS:
        return None, [_unknown_kind(document, kind)]
    if kind == _WORKFLOW:
        loaded.workflows.append(file)
        return None, []
    # What the file is has been said; what is left has the shape of what the project file would hold.
    content = {key: value for key, value in document.data.items() if key != "resource"}
    document = attrs.evolve(document, data=content)
    if kind == _SCHEMA:
        return file_declarations(document, content), []
    document, entry, problems = check_or_salvage(document, _SHAPES[kind])
    return (None if entry is None else file_declarations(document, entry)), problems


def _kind_of_folder(file: PurePath) -> str | None:
    """Return what the nearest folder says that says anything."""
    return next((_FOLDERS[part] for part in reversed(file.parts[:-1]) if part in _FOLDERS), None)


def _unknown_kind(document: Document, kind: object) -> Problem:
    if kind is None:
        hint = f"write for example resource: tool; known: {', '.join(sorted(_KINDS))}"
        return document.problem(("resource",), "nothing says what the file is", hint=hint)
    hint = did_you_mean(str(kind), _KINDS)
    return document.problem(("resource",), f"{kind!r} is not a kind of file", hint=hint)
