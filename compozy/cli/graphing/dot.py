"""Graphs in the language of Graphviz.

Source: https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterator
from typing import Final

from compozy.cli.graphing.model import Arrow, Box, Graph, Way
from compozy.domain.definitions import TaskType

_SHAPES: Final = {
    TaskType.ROUTER: "diamond",
    TaskType.WAIT: "oval",
    TaskType.SIGNAL: "cds",
    TaskType.MEMORY: "cylinder",
}
_STYLES: Final = {Way.ERROR: "dashed", Way.TIMEOUT: "dashed"}


def as_dot(graph: Graph) -> str:
    """Return the text of the graph; ``dot -Tsvg`` draws it."""
    lines = [
        f"digraph {_quoted(graph.workflow)} {{",
        "  compound=true;",
        '  node [shape=box, fontname="sans-serif"];',
        *_of_boxes(graph, None, "  "),
        *(f"  {_of_arrow(arrow, graph)}" for arrow in graph.arrows),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _of_boxes(graph: Graph, parent: str | None, indent: str) -> Iterator[str]:
    for box in graph.inside(parent):
        if box.is_container:
            yield f"{indent}subgraph {_cluster(box.id)} {{"
            yield f"{indent}  label={_label(box)};"
            yield from _of_boxes(graph, box.id, f"{indent}  ")
            yield f"{indent}}}"
        else:
            shape = f", shape={_SHAPES[box.type]}" if box.type in _SHAPES else ""
            width = ", penwidth=3" if box.is_first else ""
            yield f"{indent}{_quoted(box.id)} [label={_label(box)}{shape}{width}];"


def _of_arrow(arrow: Arrow, graph: Graph) -> str:
    """Return an arrow; one at a container is drawn from a box in it, and cut at its edge."""
    containers = {box.id for box in graph.boxes if box.is_container}
    attributes = [f"label={_quoted(_text(arrow))}"] if _text(arrow) else []
    attributes += [f"style={_STYLES[arrow.way]}"] if arrow.way in _STYLES else []
    attributes += [f"ltail={_cluster(arrow.source)}"] if arrow.source in containers else []
    attributes += [f"lhead={_cluster(arrow.target)}"] if arrow.target in containers else []
    ends = f"{_quoted(_leaf(graph, arrow.source))} -> {_quoted(_leaf(graph, arrow.target))}"
    return f"{ends} [{', '.join(attributes)}];" if attributes else f"{ends};"


def _leaf(graph: Graph, box_id: str) -> str:
    """Return the first box in this one that holds no others."""
    while inner := graph.inside(box_id):
        box_id = inner[0].id
    return box_id


def _text(arrow: Arrow) -> str:
    return arrow.label or (arrow.way.value if arrow.way in _STYLES else "")


def _cluster(box_id: str) -> str:
    return _quoted(f"cluster_{box_id}")


def _label(box: Box) -> str:
    return _quoted(f"{box.task}\n{box.does or box.type.value}" + ("\nfinal" if box.is_final else ""))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
