"""Warnings about variables of the language that are named where they never are, such as ``.item`` outside a loop."""

from collections.abc import Iterator, Mapping
from typing import Final

from compozy.config.documents import Document
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.engine.loading.places import Kind, Place, places_in
from compozy.engine.loading.templating import named_in

_ITEM: Final = (
    "only the task and the filter of a collection see it",
    "name a value that is there, or use a collection",
)
_HERE: Final = "only the outputs of the workflow see it"
_REQUEST: Final = ("only a webhook's filter sees it", "name a value that is there")

_LOCAL: Final[Mapping[str, tuple[str, str]]] = {
    "item": _ITEM,
    "index": _ITEM,
    "output": ("only what is rendered after the task sees it: its outputs and transitions", "write .tasks.ID.output"),
    "error": ("only on_error.with sees it", "write .tasks.ID.error"),
    "children": ("only the outputs of a container see it", "write .tasks.ID.children"),
    "signal": ("only the condition and the processor of a wait see it", "write .tasks.ID.output.signal after a wait"),
    "processor": ("only the condition of a wait sees it", "write .tasks.ID.output.processor_output after a wait"),
    "workflow_id": (_HERE, "write .workflow.id"),
    "workflow_exec_id": (_HERE, "write .workflow.exec_id"),
    "status": (_HERE, "write .workflow.status"),
    **dict.fromkeys(("payload", "headers", "query"), _REQUEST),
}
"""The variables that are not everywhere: who sees them, and the way out."""


def root_warnings(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    """Yield the variables that templates and expressions name and that are never there.

    Args:
        document: The file.
        workflow: The same in its shape, of which all templates and expressions can be read.
    """
    for place in places_in(workflow):
        if place.value is not None:
            yield from _of_place(document, place)


def _of_place(document: Document, place: Place) -> Iterator[Problem]:
    seen = place.sight.local | place.sight.variables
    noun = "template" if place.kind is Kind.TEMPLATES else "expression"
    for path, named in named_in(place):
        for root in sorted({names[0] for names in named} - seen):
            if root in _LOCAL:
                why, hint = _LOCAL[root]
                yield document.problem(path, f"the {noun} names {root!r}, which is never there: {why}", hint=hint)
