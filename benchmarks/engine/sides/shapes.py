"""The workflows that are measured, each as long or as wide as asked for, and what their input and output are.

Every task calls ``echo``, the tool of the benchmark's project that does nothing and takes no time.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

Definition = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Shape:
    """A workflow, and one run of it.

    Attributes:
        id: Of the workflow.
        definition: As in its YAML file.
        input: Of the run.
        output: What comes out if everything was done.
    """

    id: str
    definition: Definition
    input: Mapping[str, Any]
    output: Mapping[str, Any]


_GIVEN: Final = "{{ .workflow.input.text }}"
_INPUT: Final = {"text": "hello"}
_COUNTED: Final = {"count": "{{ len .tasks.all.children }}"}


def chain(length: int) -> Shape:
    """Return so many tasks one after the other, each of which is given what the one before it returned."""
    texts = [_GIVEN, *(f"{{{{ .tasks.step-{number}.output.text }}}}" for number in range(1, length))]
    tasks: list[dict[str, Any]] = [
        {"id": f"step-{number}", "tool": "echo", "with": {"text": text}} for number, text in enumerate(texts, 1)
    ]
    for number, task in enumerate(tasks[:-1], 2):
        task["on_success"] = {"next": f"step-{number}"}
    outputs = {"text": f"{{{{ .tasks.step-{length}.output.text }}}}"}
    return _shape(f"chain-of-{length}", tasks, _INPUT, outputs, _INPUT)


def fan(width: int) -> Shape:
    """Return so many tasks at once."""
    inside = [{"id": f"branch-{number}", "tool": "echo", "with": {"text": _GIVEN}} for number in range(width)]
    return _shape(
        f"fan-of-{width}",
        [{"id": "all", "type": "parallel", "tasks": inside}],
        _INPUT,
        _COUNTED,
        {"count": width},
    )


def collection(items: int) -> Shape:
    """Return one task for each of so many items; the workflow is the same for any number."""
    each = {"id": "item-{{ .index }}", "tool": "echo", "with": {"text": "{{ .item }}"}}
    return _shape(
        "collection",
        [{"id": "all", "type": "collection", "items": "{{ .workflow.input.items }}", "task": each}],
        {"items": f"1..{items}"},
        _COUNTED,
        {"count": items},
    )


def add_to(project: Path, shapes: Sequence[Shape]) -> None:
    """Write the workflows into a project; JSON is YAML, too."""
    for shape in shapes:
        Path(project, "workflows", f"{shape.id}.yaml").write_text(json.dumps(shape.definition))


def _shape(
    workflow_id: str,
    tasks: Sequence[Mapping[str, Any]],
    input_: Mapping[str, Any],
    outputs: Mapping[str, Any],
    output: Mapping[str, Any],
) -> Shape:
    definition = {"id": workflow_id, "tools": [{"id": "echo"}], "tasks": tasks, "outputs": outputs}
    return Shape(id=workflow_id, definition=definition, input=input_, output=output)
