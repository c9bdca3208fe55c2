"""Workflow files: read as far as they have their shape, and checked as far as they could be read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import attrs

from compozy.config.documents import Document, in_line_order
from compozy.config.salvaging import check_or_salvage
from compozy.config.validation import MOST_TOLD, more_than_told
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import read_yaml
from compozy.domain.errors import InvalidError, Problem
from compozy.engine.loading.advice import workflow_warnings
from compozy.engine.loading.gaps import is_whole
from compozy.engine.loading.ids import duplicate_workflows
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.workflows import workflow_problems


@attrs.frozen
class ReadWorkflow:
    """One workflow file.

    Attributes:
        document: As much of it as has its shape; None when that is nothing.
        file: The same in its shape.
        problems: Why not all of it has.
    """

    document: Document | None
    file: WorkflowFile | None
    problems: list[Problem]


def read_workflow(source: Path) -> ReadWorkflow:
    """Read one workflow file; ``source`` is its path, as it is shown."""
    try:
        document = read_yaml(source, shown_as=str(source))
    except InvalidError as error:
        return ReadWorkflow(None, None, list(error.problems))
    return ReadWorkflow(*check_or_salvage(document, WorkflowFile))


def problems_of_workflows(
    workflows: Sequence[ReadWorkflow], in_shape: Sequence[tuple[Document, WorkflowFile]], resources: Resources
) -> list[list[Problem]]:
    """Return what is wrong with each of the workflow files, line by line."""
    clashes = list(duplicate_workflows(each for each in in_shape if is_whole(each[0], ("id",))))
    return [_problems_of_workflow(each, clashes, resources) for each in workflows]


def _problems_of_workflow(each: ReadWorkflow, clashes: Sequence[Problem], resources: Resources) -> list[Problem]:
    if each.document is None or each.file is None:
        return each.problems
    found = [*each.problems, *(clash for clash in clashes if clash.file == each.document.file)]
    found += islice(workflow_problems(each.document, each.file, resources), MOST_TOLD)
    found = in_line_order(found)
    return [*found, *more_than_told(each.document, len(found))]


def warnings_of_workflows(
    workflows: Iterable[tuple[ReadWorkflow, Sequence[Problem]]], resources: Resources, env: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield what the workflows will not do though somebody may expect it, file by file.

    Args:
        workflows: Each with what is wrong with it.
        resources: What the project gives to them.
        env: The variables of the project.
    """
    now = datetime.now(UTC)
    for each, problems in workflows:
        if each.document and each.file:
            is_sound = resources.is_complete and not problems
            yield from workflow_warnings(each.document, each.file, resources, env=env, now=now, is_sound=is_sound)
