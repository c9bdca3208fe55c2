"""A project from ``compozy.yaml`` and the files it names, or everything that is wrong with them, at once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from compozy.config.documents import Document, in_line_order
from compozy.config.project_file import ProjectFile
from compozy.config.reading import ReadProjectFile, read_project_file, settings_of
from compozy.config.settings import Mode, Settings
from compozy.config.validation import MOST_TOLD, check_shape, more_than_told
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import read_yaml
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.engine.loading.autoload import Autoloaded, autoload
from compozy.engine.loading.building import build_workflow
from compozy.engine.loading.declarations import Declarations, project_declarations, workflow_declarations
from compozy.engine.loading.ids import duplicate_declarations, duplicate_workflows
from compozy.engine.loading.resource_rules import declaration_problems
from compozy.engine.loading.resources import Resources, built_in_resources
from compozy.engine.loading.runtimes import build_runtime, runtime_problems
from compozy.engine.loading.sources import find_sources
from compozy.engine.loading.timing import option_problems
from compozy.engine.loading.workflows import workflow_problems


@attrs.frozen(kw_only=True)
class LoadedProject:
    """What the files, the environment and the flags together say.

    Attributes:
        settings: How the program runs.
        project: What it runs.
        warnings: What is wrong with files that the project wants to go on without (``autoload.strict: false``).
    """

    settings: Settings
    project: Project
    warnings: tuple[Problem, ...] = ()


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
        InvalidError: With everything that is wrong: file by file (the project file, ``.env``, the files of
            ``autoload``, the workflows in order of their patterns), line by line, then the environment and the flags.
    """
    read = read_project_file(path)
    settings, outside = settings_of(read, environ=environ, flags=flags, default_mode=default_mode)
    found = _load(read)
    if settings is None or found.project is None or outside:
        raise InvalidError([*found.problems, *outside])
    return LoadedProject(settings=settings, project=found.project, warnings=found.warnings)


def load_project(path: Path) -> Project:
    """Read a project without its settings.

    Args:
        path: The project file, or the folder that holds it.

    Raises:
        InvalidError: With everything that is wrong with the files.
    """
    found = _load(read_project_file(path))
    if found.project is None:
        raise InvalidError(found.problems)
    return found.project


@attrs.frozen
class _ReadWorkflow:
    """One workflow file: its shape, or None and why not."""

    document: Document | None
    file: WorkflowFile | None
    problems: list[Problem]


@attrs.frozen(kw_only=True)
class _Found:
    """The project, or None and everything wrong with its files, in the order of the files."""

    project: Project | None
    problems: list[Problem]
    warnings: tuple[Problem, ...] = ()


def _load(read: ReadProjectFile) -> _Found:
    """Return the project, or everything wrong with its files."""
    sources, source_problems = find_sources(read.document, read.folder)
    loaded = autoload(read.document, read.file.autoload if read.file else None, read.folder, named=sources)
    workflows = [_read_workflow(source) for source in (*sources, *loaded.workflows)]
    in_shape = [(each.document, each.file) for each in workflows if each.document and each.file]
    own = [project_declarations(read.document, read.file)] if read.file else []
    declared = [*own, *loaded.declared]
    resources = _resources(read, loaded, declared)
    about_declared = [*duplicate_declarations(declared), *_declaration_problems(declared, resources)]
    of_project = [problem for problem in about_declared if problem.file == read.document.file]
    has_tools = any(
        each.all_tools for each in (*declared, *(workflow_declarations(*workflow) for workflow in in_shape))
    )
    problems = in_line_order(
        [*read.problems_of_file, *source_problems, *of_project, *_project_problems(read, has_tools=has_tools)]
    )
    problems += [*read.problems_of_env, *loaded.problems]
    problems += [problem for problem in about_declared if problem.file != read.document.file]
    problems += _workflow_problems(workflows, in_shape, resources)
    if problems or read.file is None:
        return _Found(project=None, problems=problems)
    project = _build(read, read.file, resources, in_shape)
    return _Found(project=project, problems=[], warnings=tuple(loaded.warnings))


def _read_workflow(source: Path) -> _ReadWorkflow:
    """Read one workflow file."""
    try:
        document = read_yaml(source, shown_as=str(source))
    except InvalidError as error:
        return _ReadWorkflow(None, None, list(error.problems))
    return _ReadWorkflow(document, *check_shape(document, WorkflowFile))


def _resources(read: ReadProjectFile, loaded: Autoloaded, declared: Sequence[Declarations]) -> Resources:
    """Return what the project gives to all its workflows, as far as its files could be read."""
    runtime = build_runtime(read.file.runtime if read.file else None)
    is_complete = read.file is not None and not loaded.problems
    return built_in_resources(read.file, runtime, is_complete=is_complete).with_declarations(declared)


def _declaration_problems(declared: Sequence[Declarations], resources: Resources) -> Iterator[Problem]:
    """Yield what is wrong with what the files of the project declare, file by file."""
    for each in declared:
        yield from in_line_order(list(declaration_problems(each, resources)))


def _project_problems(read: ReadProjectFile, *, has_tools: bool) -> Iterator[Problem]:
    """Yield what else is wrong with the project file beyond its shape."""
    if read.file is not None:
        yield from option_problems(read.document, ("config",), read.file.config)
        yield from runtime_problems(read.document, read.file.runtime, read.folder, has_tools=has_tools)


def _workflow_problems(
    workflows: Sequence[_ReadWorkflow], in_shape: Sequence[tuple[Document, WorkflowFile]], resources: Resources
) -> Iterator[Problem]:
    """Yield what is wrong with the workflow files, file by file and line by line."""
    clashes = list(duplicate_workflows(in_shape))
    for each in workflows:
        yield from each.problems
        if each.document and each.file:
            found = [clash for clash in clashes if clash.file == each.document.file]
            found += islice(workflow_problems(each.document, each.file, resources), MOST_TOLD)
            yield from in_line_order(found)
            yield from more_than_told(each.document, len(found))


def _build(
    read: ReadProjectFile,
    file: ProjectFile,
    resources: Resources,
    workflows: Sequence[tuple[Document, WorkflowFile]],
) -> Project:
    """Return the project in which nothing is wrong."""
    return Project(
        name=file.name,
        root=str(read.root),
        description=file.description or "",
        version=file.version,
        runtime=resources.runtime,
        workflows={
            workflow.id: build_workflow(document, workflow, resources, read.env) for document, workflow in workflows
        },
        env=read.env,
    )
