"""A project from ``compozy.yaml`` and the files it names, or everything that is wrong with them, at once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from compozy.config.documents import Document, in_line_order
from compozy.config.project_file import ProjectFile
from compozy.config.reading import ReadProjectFile, read_project_file, settings_of
from compozy.config.salvaging import salvage
from compozy.config.settings import Mode, Settings
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.engine.loading.advice import model_warnings
from compozy.engine.loading.autoload import Autoloaded, autoload
from compozy.engine.loading.building import build_workflow
from compozy.engine.loading.declarations import Declarations, project_declarations, workflow_declarations
from compozy.engine.loading.gaps import knows_names
from compozy.engine.loading.ids import duplicate_declarations
from compozy.engine.loading.resource_rules import declaration_problems
from compozy.engine.loading.resources import Resources, built_in_resources
from compozy.engine.loading.runtimes import build_runtime, runtime_problems
from compozy.engine.loading.shadows import shadow_warnings
from compozy.engine.loading.sources import find_sources
from compozy.engine.loading.timing import option_problems
from compozy.engine.loading.workflow_files import problems_of_workflows, read_workflow, warnings_of_workflows


@attrs.frozen(kw_only=True)
class LoadedProject:
    """What the files, the environment and the flags together say.

    Attributes:
        settings: How the program runs.
        project: What it runs.
        warnings: What is wrong with files that the project wants to go on without (``autoload.strict: false``), and
            what will not do what somebody may expect.
    """

    settings: Settings
    project: Project
    warnings: tuple[Problem, ...] = ()


@attrs.frozen(kw_only=True)
class ExaminedProject:
    """What there is to be said of a project.

    Attributes:
        loaded: The project; None when something is wrong.
        problems: Everything that is wrong.
        warnings: What is no problem and most likely a mistake.
    """

    loaded: LoadedProject | None = None
    problems: tuple[Problem, ...] = ()
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
    examined = examine_project(path, environ=environ, flags=flags, default_mode=default_mode)
    if examined.loaded is None:
        raise InvalidError(examined.problems)
    return examined.loaded


def examine_project(
    path: Path,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> ExaminedProject:
    """Return a project and its settings, or everything wrong with them; with all warnings that there are, either way.

    For the arguments see :func:`read_project`.

    Raises:
        InvalidError: There is no project file, or none that can be read.
    """
    read = read_project_file(path)
    settings, outside = settings_of(read, environ=environ, flags=flags, default_mode=default_mode)
    found = _load(read)
    if settings is None or found.project is None or outside:
        return ExaminedProject(problems=(*found.problems, *outside), warnings=found.warnings)
    loaded = LoadedProject(settings=settings, project=found.project, warnings=found.warnings)
    return ExaminedProject(loaded=loaded, warnings=found.warnings)


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


@attrs.frozen(kw_only=True)
class _Found:
    """The project, or None and everything wrong with its files, in the order of the files."""

    project: Project | None
    problems: list[Problem]
    warnings: tuple[Problem, ...] = ()


def _load(read: ReadProjectFile) -> _Found:
    """Return the project, or everything wrong with its files."""
    read = _as_far_as_in_shape(read)
    sources, source_problems = find_sources(read.document, read.folder)
    loaded = autoload(read.document, read.file.autoload if read.file else None, read.folder, named=sources)
    workflows = [read_workflow(source) for source in (*sources, *loaded.workflows)]
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
    of_workflows = problems_of_workflows(workflows, in_shape, resources)
    problems += chain.from_iterable(of_workflows)
    warnings = [*loaded.warnings, *_project_warnings(read), *model_warnings(declared)]
    warnings += warnings_of_workflows(zip(workflows, of_workflows, strict=True), resources, read.env)
    whole = read.file if not problems else None
    project = None if whole is None else _build(read, whole, resources, in_shape)
    return _Found(project=project, problems=problems, warnings=tuple(warnings))


def _as_far_as_in_shape(read: ReadProjectFile) -> ReadProjectFile:
    """Return a project file with what is left of it, when it has not its shape."""
    rest = salvage(read.document, ProjectFile) if read.file is None else None
    return read if rest is None else attrs.evolve(read, document=rest[0], file=rest[1])


def _resources(read: ReadProjectFile, loaded: Autoloaded, declared: Sequence[Declarations]) -> Resources:
    """Return what the project gives to all its workflows, as far as its files could be read."""
    runtime = build_runtime(read.file.runtime if read.file else None)
    is_complete = read.file is not None and knows_names(read.document) and loaded.is_complete
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


def _project_warnings(read: ReadProjectFile) -> Iterator[Problem]:
    """Yield what else will not do what it seems to, of the project file itself."""
    if read.file is not None:
        yield from shadow_warnings(read.document, read.file.runtime, read.folder)


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
