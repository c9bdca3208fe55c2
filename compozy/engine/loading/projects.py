"""A project from ``compozy.yaml`` and the files it names, or everything that is wrong with them, at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from compozy.config.documents import Document, in_line_order
from compozy.config.project_file import ProjectFile, ToolEntry
from compozy.config.reading import ReadProjectFile, read_project_file, settings_of
from compozy.config.settings import Mode, Settings
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import read_yaml
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.engine.loading.building import build_workflow
from compozy.engine.loading.ids import duplicate_tools, duplicate_workflows
from compozy.engine.loading.sources import find_sources
from compozy.engine.loading.templating import tool_template_problems
from compozy.engine.loading.workflows import workflow_problems


@attrs.frozen(kw_only=True)
class LoadedProject:
    """What the files, the environment and the flags together say.

    Attributes:
        settings: How the program runs.
        project: What it runs.
    """

    settings: Settings
    project: Project


def read_project(
    path: Path,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> LoadedProject:
    """Read a project and its settings. Reads files, so it may block for as long as they take.

    Args:
        path: The project file, or the folder that holds it.
        environ: The environment.
        flags: The flags that were given, by the dotted key of the setting; None counts as not given.
        default_mode: The mode when nothing says otherwise.

    Raises:
        InvalidError: With everything that is wrong: file by file (the project file, ``.env``, the workflows in order
            of their patterns), line by line, then the environment and the flags.
    """
    read = read_project_file(path)
    settings, outside = settings_of(read, environ=environ, flags=flags, default_mode=default_mode)
    project, problems = _load(read)
    if settings is None or project is None or outside:
        raise InvalidError([*problems, *outside])
    return LoadedProject(settings=settings, project=project)


def load_project(path: Path) -> Project:
    """Read a project without its settings.

    Args:
        path: The project file, or the folder that holds it.

    Raises:
        InvalidError: With everything that is wrong with the files.
    """
    project, problems = _load(read_project_file(path))
    if project is None:
        raise InvalidError(problems)
    return project


@attrs.frozen
class _ReadWorkflow:
    """One workflow file: its shape, or None and why not."""

    document: Document | None
    file: WorkflowFile | None
    problems: list[Problem]


def _load(read: ReadProjectFile) -> tuple[Project | None, list[Problem]]:
    """Return the project, or None and everything wrong with its files, in the order of the files."""
    sources, source_problems = find_sources(read.document, read.folder)
    workflows = [_read_workflow(source) for source in sources]
    in_shape = [(each.document, each.file) for each in workflows if each.document and each.file]
    project_tools = {tool.id for tool in read.file.tools or []} if read.file else None
    clashes = list(duplicate_workflows(in_shape))
    problems = in_line_order(
        [*read.problems_of_file, *source_problems, *_project_problems(read, [file for _, file in in_shape])]
    )
    problems += read.problems_of_env
    for each in workflows:
        found = each.problems
        if each.document and each.file:
            found = [clash for clash in clashes if clash.file == each.document.file]
            found += workflow_problems(each.document, each.file, project_tools)
        problems += in_line_order(found)
    if problems or read.file is None:
        return None, problems
    return _build(read, read.file, [file for _, file in in_shape]), []


def _read_workflow(source: Path) -> _ReadWorkflow:
    """Read one workflow file."""
    try:
        document = read_yaml(source, shown_as=str(source))
    except InvalidError as error:
        return _ReadWorkflow(None, None, list(error.problems))
    return _ReadWorkflow(document, *check_shape(document, WorkflowFile))


def _project_problems(read: ReadProjectFile, workflows: Sequence[WorkflowFile]) -> Iterator[Problem]:
    """Yield what is wrong with the project file beyond its shape."""
    if read.file is None:
        return
    tools = read.file.tools or []
    yield from duplicate_tools(read.document, tools)
    yield from tool_template_problems(read.document, tools)
    entrypoint = read.file.runtime.entrypoint if read.file.runtime else None
    if entrypoint is None:
        if tools or any(workflow.tools for workflow in workflows):
            hint = "name the file that exports them"
            yield read.document.problem(("runtime", "entrypoint"), "is required where there are tools", hint=hint)
    elif not (read.folder / entrypoint).is_file():
        hint = "the path is relative to the project file"
        yield read.document.problem(("runtime", "entrypoint"), f"there is no file {entrypoint!r}", hint=hint)


def _build(read: ReadProjectFile, file: ProjectFile, workflows: Sequence[WorkflowFile]) -> Project:
    """Return the project in which nothing is wrong."""
    tools: list[ToolEntry] = file.tools or []
    return Project(
        name=file.name,
        root=str(read.root),
        description=file.description or "",
        version=file.version,
        entrypoint=file.runtime.entrypoint if file.runtime else None,
        workflows={workflow.id: build_workflow(workflow, tools, read.env) for workflow in workflows},
        env=read.env,
    )
