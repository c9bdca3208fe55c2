"""What of a scope a task names, and what is left of the scope then."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.definitions import (
    AgentDefinition,
    AskDefinition,
    CollectionDefinition,
    MemoryCall,
    MemoryOperation,
    ModelDefinition,
    RouterDefinition,
    SignalDefinition,
    TaskDefinition,
    TaskType,
    ToolDefinition,
    WaitDefinition,
    WorkflowDefinition,
)
from compozy.engine import naming
from compozy.engine.naming import names_of, pruned


def test_every_place_where_a_task_may_name_something_is_looked_at():
    model = ModelDefinition(provider="mock", model="m")
    inner = TaskDefinition(
        id="{{ .id }}",
        tool="t",
        with_={"a": ["{{ .with.a }}"]},
        outputs={"o": "{{ .outputs }}"},
        env={"E": "{{ .env.e }}"},
        condition="condition.x",
        ask=AskDefinition(prompt="{{ .prompt }}"),
        collection=CollectionDefinition(items="{{ .items }}", filter="{{ .filter }}"),
        router=RouterDefinition(expression="route.y", routes={}),
        signal=SignalDefinition(name="{{ .signal }}", payload={"p": "{{ .payload }}"}),
        memory=MemoryCall(operation=MemoryOperation.READ, memory="m", key="{{ .key }}", payload=["{{ .memory }}"]),
        wait=WaitDefinition(
            name="{{ .wait }}", condition="asked.z", processor=TaskDefinition(id="p", with_={"a": "{{ .processed }}"})
        ),
    )
    workflow = WorkflowDefinition(
        id="w",
        tasks=(),
        tools={"t": ToolDefinition(id="t", with_={"a": "{{ .tool.with }}"}, env={"A": "{{ .tool.env }}"})},
        agents={"a": AgentDefinition(id="a", model=model, instructions="{{ .agent }}")},
    )

    names = names_of(TaskDefinition(id="outer", type=TaskType.PARALLEL, tasks=(inner,)), workflow)

    assert {".".join(path) for path in names} == {
        *("id", "with.a", "outputs", "env.e", "condition.x", "prompt", "items", "filter", "route.y", "signal"),
        *("payload", "key", "memory", "wait", "asked.z", "processed", "tool.with", "tool.env", "agent"),
    }


def test_what_is_missing_leaves_what_is_there_for_the_message():
    scope = {"tasks": {"a": {"x": 1, "y": 2}, "b": {}}, "env": {}}

    assert pruned(scope, [("tasks", "a", "z")]) == {"tasks": {"a": {"x": 1, "y": 2}}}
    assert pruned(scope, [("tasks", "c", "z")]) == {"tasks": scope["tasks"]}
    assert pruned(scope, [("nothing",)]) == {}


@pytest.mark.parametrize(
    "template", ["{{ toJson . }}", "{{ $all := . }}{{ $all.a }}", "{{ $ }}", "{{ with . }}{{ .a }}{{ end }}"]
)
def test_who_reads_everything_gets_everything(template):
    scope = {"a": {"b": 1}, "c": 2}

    names = names_of(TaskDefinition(id="t", with_={"x": template}), WorkflowDefinition(id="w", tasks=()))

    assert pruned(scope, names) == scope


def test_the_dot_of_a_loop_is_not_everything():
    names = names_of(TaskDefinition(id="{{ range .a }}{{ . }}{{ end }}"), WorkflowDefinition(id="w", tasks=()))

    assert names == {("a",)}


SCOPES = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=12
).filter(lambda value: isinstance(value, dict))
PATHS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(tuple), max_size=6)


def look_up(value, path):
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


@given(SCOPES, PATHS)
def test_every_path_leads_where_it_led_before_and_the_scope_is_as_it_was(scope, paths):
    before = repr(scope)

    kept = pruned(scope, paths)

    assert repr(scope) == before
    assert [look_up(kept, path) for path in paths] == [look_up(scope, path) for path in paths]
    assert set(kept) <= {path[0] for path in paths}


def test_the_examples_are_true():
    failed, attempted = doctest.testmod(naming)

    assert (failed, attempted) == (0, 2)
