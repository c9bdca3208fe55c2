"""``compozy graph``: what leads where, as text that others draw."""

import json
from pathlib import Path

import pytest

from compozy.cli.graphing.dot import as_dot
from compozy.cli.graphing.mermaid import as_mermaid
from compozy.cli.graphing.model import Arrow, Way, graph_of
from compozy.domain.definitions import (
    AskDefinition,
    RouterDefinition,
    TaskDefinition,
    TaskType,
    Transition,
    WaitDefinition,
    WorkflowDefinition,
)

LANGUAGE = Path(__file__).parents[2] / "data" / "language"

ORDER = WorkflowDefinition(
    id="order",
    tasks=(
        TaskDefinition(
            id="pick",
            type=TaskType.ROUTER,
            router=RouterDefinition(expression="input.x", routes={'say "hi"': "pack", "default": "hold"}),
            on_error=Transition(next="pack"),
        ),
        TaskDefinition(
            id="pack",
            type=TaskType.COMPOSITE,
            tasks=(TaskDefinition(id="wrap", tool="wrap"), TaskDefinition(id="seal", ask=AskDefinition(prompt="p"))),
            on_success=Transition(next="hold"),
        ),
        TaskDefinition(
            id="hold",
            type=TaskType.WAIT,
            final=True,
            wait=WaitDefinition(name="go", processor=TaskDefinition(id="look", tool="look"), on_timeout="pack"),
        ),
    ),
)


def test_every_way_from_one_task_to_another_is_an_arrow():
    assert graph_of(ORDER).arrows == (
        Arrow(source="pick", target="pack", way=Way.ROUTE, label='say "hi"'),
        Arrow(source="pick", target="hold", way=Way.ROUTE, label="default"),
        Arrow(source="pick", target="pack", way=Way.ERROR),
        Arrow(source="pack", target="hold", way=Way.SUCCESS),
        Arrow(source="pack/wrap", target="pack/seal", way=Way.ORDER),
    )


def test_a_box_says_what_its_task_is_and_where():
    boxes = {box.id: box for box in graph_of(ORDER).boxes}

    assert list(boxes) == ["pick", "pack", "pack/wrap", "pack/seal", "hold", "hold/look"]
    assert [box.id for box in boxes.values() if box.is_container] == ["pack", "hold"]
    assert (boxes["pack/wrap"].parent, boxes["pack/wrap"].does, boxes["pack/seal"].does) == (
        "pack",
        "tool: wrap",
        "prompt",
    )
    assert (boxes["pick"].is_first, boxes["hold"].is_first, boxes["hold"].is_final) == (True, False, True)


def test_a_flowchart_has_a_subgraph_for_each_container_and_labels_its_arrows():
    assert as_mermaid(graph_of(ORDER)) == (
        "flowchart TD\n"
        '  t0{"pick<br/>router"}\n'
        '  subgraph t1["pack · composite"]\n'
        '    t2["wrap<br/>tool: wrap"]\n'
        '    t3["seal<br/>prompt"]\n'
        "  end\n"
        '  subgraph t4["hold · wait · final"]\n'
        '    t5["look<br/>tool: look"]\n'
        "  end\n"
        '  t0 -->|"say #quot;hi#quot;"| t1\n'
        '  t0 -->|"default"| t4\n'
        '  t0 -.->|"error"| t1\n'
        "  t1 --> t4\n"
        "  t2 --> t3\n"
        "  style t0 stroke-width:3px\n"
    )


def test_a_graph_for_graphviz_draws_arrows_to_the_edge_of_a_container():
    assert as_dot(graph_of(ORDER)).splitlines()[3:] == [
        '  "pick" [label="pick\\nrouter", shape=diamond, penwidth=3];',
        '  subgraph "cluster_pack" {',
        '    label="pack\\ncomposite";',
        '    "pack/wrap" [label="wrap\\ntool: wrap"];',
        '    "pack/seal" [label="seal\\nprompt"];',
        "  }",
        '  subgraph "cluster_hold" {',
        '    label="hold\\nwait\\nfinal";',
        '    "hold/look" [label="look\\ntool: look"];',
        "  }",
        '  "pick" -> "pack/wrap" [label="say \\"hi\\"", lhead="cluster_pack"];',
        '  "pick" -> "hold/look" [label="default", lhead="cluster_hold"];',
        '  "pick" -> "pack/wrap" [label="error", style=dashed, lhead="cluster_pack"];',
        '  "pack/wrap" -> "hold/look" [ltail="cluster_pack", lhead="cluster_hold"];',
        '  "pack/wrap" -> "pack/seal";',
        "}",
    ]


@pytest.mark.parametrize(("format_", "start"), [("mermaid", "flowchart TD\n"), ("dot", 'digraph "shop" {\n')])
def test_a_workflow_is_printed_in_the_language_asked_for(invoke, format_, start):
    result = invoke("graph", "shop", "-c", LANGUAGE, "-o", format_)

    assert result.exit_code == 0
    assert result.stdout.startswith(start)


def test_programs_get_boxes_and_arrows(invoke):
    graph = json.loads(invoke("graph", "shop", "-c", LANGUAGE, "-o", "json").stdout)

    assert graph["workflow"] == "shop"
    assert {"source": "hold", "target": "sorry", "way": "timeout", "label": ""} in graph["arrows"]
    assert {"source": "kind", "target": "wrap", "way": "route", "label": "gift"} in graph["arrows"]


def test_an_unknown_workflow_is_told_with_the_one_meant(invoke):
    result = invoke("graph", "shp", "-c", LANGUAGE)

    assert result.exit_code == 2
    assert result.stderr == "error: there is no workflow 'shp'; did you mean 'shop'? known: nested, shop\n"
