"""Everything wrong with one workflow file that has its shape."""

from collections.abc import Collection, Iterator

from compozy.config.documents import Document
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.engine.loading.ids import duplicate_tasks, duplicate_tools
from compozy.engine.loading.input_schemas import input_schema_problems
from compozy.engine.loading.task_rules import task_problems
from compozy.engine.loading.templating import template_problems, tool_template_problems
from compozy.engine.loading.transitions import transition_problems


def workflow_problems(
    document: Document, workflow: WorkflowFile, project_tools: Collection[str] | None
) -> Iterator[Problem]:
    """Yield what every check finds, check by check.

    Args:
        document: The file.
        workflow: The same in its shape.
        project_tools: Ids of the tools that the project gives to every workflow; None when they are not known, so that
            a mistake in the project file is not followed by one about each tool.
    """
    own = workflow.tools or []
    known = None if project_tools is None else {tool.id for tool in own}.union(project_tools)
    yield from duplicate_tools(document, own)
    yield from tool_template_problems(document, own)
    yield from duplicate_tasks(document, workflow.tasks)
    yield from task_problems(document, workflow.tasks, known)
    yield from transition_problems(document, workflow.tasks)
    yield from template_problems(document, workflow)
    yield from input_schema_problems(document, workflow)
