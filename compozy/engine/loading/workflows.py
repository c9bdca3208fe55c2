"""Everything wrong with one workflow file that has its shape."""

from collections.abc import Iterator

import attrs

from compozy.config.documents import Document
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.engine.loading.arguments import argument_problems
from compozy.engine.loading.declarations import workflow_declarations
from compozy.engine.loading.gaps import knows_names
from compozy.engine.loading.ids import duplicate_declarations, duplicate_tasks
from compozy.engine.loading.resource_rules import declaration_problems
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.schema_rules import schema_problems
from compozy.engine.loading.starting import schedule_problems, trigger_problems
from compozy.engine.loading.task_rules import task_problems
from compozy.engine.loading.templating import workflow_template_problems
from compozy.engine.loading.timing import option_problems
from compozy.engine.loading.transitions import transition_problems


def workflow_problems(document: Document, workflow: WorkflowFile, project: Resources) -> Iterator[Problem]:
    """Yield what every check finds, check by check.

    Args:
        document: The file.
        workflow: The same in its shape, or as far as it has it.
        project: What the project gives to every workflow; when it is not complete, names are not checked, so that a
            mistake in one file is not followed by one about each thing that a task names.
    """
    declared = workflow_declarations(document, workflow)
    resources = project.with_declarations([declared])
    if not knows_names(document):
        resources = attrs.evolve(resources, is_complete=False)
    yield from duplicate_declarations([declared])
    yield from declaration_problems(declared, resources)
    yield from duplicate_tasks(document, workflow.tasks)
    yield from task_problems(document, workflow.tasks, resources)
    yield from transition_problems(document, workflow.tasks)
    yield from workflow_template_problems(document, workflow)
    yield from argument_problems(document, workflow.tasks, resources)
    yield from option_problems(document, ("config",), workflow.config)
    if workflow.config is not None:
        yield from schema_problems(document, ("config", "input"), workflow.config.input, resources)
    yield from trigger_problems(document, workflow, resources)
    yield from schedule_problems(document, workflow, resources)
