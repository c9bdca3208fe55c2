"""Graphs as Mermaid flowcharts, which GitHub and most editors draw.

Source: https://mermaid.js.org/syntax/flowchart.html
"""

from collections.abc import Iterator
from typing import Final

from compozy.cli.graphing.model import Arrow, Box, Graph, Way
from compozy.domain.definitions import TaskType

_SHAPES: Final = {
    TaskType.ROUTER: ("{", "}"),
    TaskType.WAIT: ("([", "])"),
    TaskType.SIGNAL: (">", "]"),
    TaskType.MEMORY: ("[(", ")]"),
}
_ESCAPES: Final = str.maketrans({'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "\n": " "})


def as_mermaid(graph: Graph) -> str:
    """Return the text of the flowchart."""
    names = {box.id: f"t{number}" for number, box in enumerate(graph.boxes)}
    lines = ["flowchart TD", *_of_boxes(graph, None, names, "  ")]
    lines += [f"  {_of_arrow(arrow, names)}" for arrow in graph.arrows]
    first = next(box.id for box in graph.boxes if box.is_first)
    lines += [f"  style {names[first]} stroke-width:3px"]
    return "\n".join(lines) + "\n"


def _of_boxes(graph: Graph, parent: str | None, names: dict[str, str], indent: str) -> Iterator[str]:
    for box in graph.inside(parent):
        if box.is_container:
            yield f"{indent}subgraph {names[box.id]}[{_label(box, ' · ')}]"
            yield from _of_boxes(graph, box.id, names, f"{indent}  ")
            yield f"{indent}end"
        else:
            before, after = _SHAPES.get(box.type, ("[", "]"))
            yield f"{indent}{names[box.id]}{before}{_label(box, '<br/>')}{after}"


def _of_arrow(arrow: Arrow, names: dict[str, str]) -> str:
    source, target = names[arrow.source], names[arrow.target]
    if arrow.way in {Way.SUCCESS, Way.ORDER}:
        return f"{source} --> {target}"
    line = "-->" if arrow.way is Way.ROUTE else "-.->"
    return f'{source} {line}|"{(arrow.label or arrow.way.value).translate(_ESCAPES)}"| {target}'


def _label(box: Box, separator: str) -> str:
    words = [box.task, box.does or box.type.value, *(["final"] if box.is_final else [])]
    return '"' + separator.join(word.translate(_ESCAPES) for word in words) + '"'
