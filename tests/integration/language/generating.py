"""Random workflows that load, and whose results do not depend on which of two siblings is faster."""

from datetime import timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from compozy.domain.definitions import (
    CollectionDefinition,
    CollectionMode,
    RetryPolicy,
    RouterDefinition,
    Strategy,
    TaskDefinition,
    TaskType,
    ToolDefinition,
    Transition,
    WorkflowDefinition,
)

TOOLS = ("give", "number", "nothing", "refuse", "fail")
GOOD = TOOLS[:3]
MOST_TASKS = 5
DEEPEST = 3

VALUES = st.one_of(
    st.integers(-3, 3),
    st.sampled_from(
        [
            "plain",
            "{{ .workflow.input.n }}",
            "n is {{ .input.n }}",
            "{{ add .input.n 1 }}",
            "{{ .input.missing | default 7 }}",
            "{{ .input.words }}",
            "{{ range .input.words }}{{ . | upper }}{{ end }}",
            "{{ if gt .input.n 0 }}up{{ else }}down{{ end }}",
            "{{ .input.missing.further }}",
            "{{ .env.WHO }}",
            '{{ .env.WHO | default "nobody" }}',
        ]
    ),
)
ENVS = st.sampled_from(
    [{}] * 6 + [{"WHO": "ada-{{ .input.n }}"}, {"WHO": "{{ .input.n }}"}, {"WHO": "{{ .input.missing.further }}"}]
)
RETRIES = st.sampled_from([None] * 9 + [RetryPolicy(initial_interval=timedelta(milliseconds=1), maximum_attempts=2)])
CONDITIONS = st.sampled_from(
    ["input.n > 0", "size(input.words) == 2", "true", "{{ .input.n }}", "has(input.other)", "input.n / 0 == 1"]
)
ITEMS = st.one_of(
    st.lists(st.integers(0, 4), max_size=4),
    st.sampled_from(["1..4", "3..1", "a..c", "{{ .input.words }}", {"b10": 1, "b9": 2}, None, "[4, 5]", 9]),
)
# What the outputs of containers say; in a composite, they see its tasks beside those at the top.
SHAPES = (
    {"count": "{{ len .children }}", "of": "{{ .input }}"},
    {"raw": "{{ .output.outputs }}", "first": "{{ .children.c0.output }}"},
)
INSIDE = ({"first": "{{ .tasks.c0.output }}"}, {"top": "{{ .tasks.t0.status }}", "third": "{{ .tasks.c2.status }}"})
FILTERS = st.sampled_from([None, None, "index < 2", "{{ if eq .index 1 }}no{{ else }}yes{{ end }}", "false"])


@st.composite
def workflows(draw: st.DrawFn) -> WorkflowDefinition:
    """Return a workflow: tasks that lead only to later ones, so that it ends."""
    count = draw(st.integers(1, MOST_TASKS))
    names = [f"t{number}" for number in range(count)]
    tasks = tuple(draw(_tasks(name, later=names[at + 1 :], earlier=names[:at])) for at, name in enumerate(names))
    outputs = draw(st.sampled_from([None, None, {"n": "{{ .input.n }}", "first": "{{ .tasks.t0.status }}"}]))
    tools = {tool: ToolDefinition(id=tool) for tool in TOOLS}
    return WorkflowDefinition(id="random", tasks=tasks, outputs=outputs, tools=tools)


@st.composite
def _tasks(draw: st.DrawFn, name: str, *, later: list[str], earlier: list[str]) -> TaskDefinition:
    """Return a task at the top."""
    if len(later) > 1 and draw(st.integers(0, 4)) == 0:
        return draw(_routers(name, later))
    task = draw(_anywhere(name, depth=1, earlier=earlier))
    return attrs.evolve(
        task,
        on_success=draw(_transitions(later)),
        on_error=draw(_transitions(later)),
        final=draw(st.sampled_from([False] * 9 + [True])),
        sleep=draw(st.sampled_from([None] * 5 + [timedelta(milliseconds=1)])),
    )


@st.composite
def _transitions(draw: st.DrawFn, later: list[str]) -> Transition | None:
    if not later or draw(st.integers(0, 3)) == 0:
        return None
    with_ = draw(st.sampled_from([{}, {"carried": "{{ .output }}"}, {"carried": 1}]))
    return Transition(next=draw(st.sampled_from(later[:2])), with_=with_)


@st.composite
def _routers(draw: st.DrawFn, name: str, later: list[str]) -> TaskDefinition:
    expression = draw(st.sampled_from(["input.n > 0 ? 'up' : 'down'", "input.n % 2 == 0", "'up'", "input.n"]))
    keys = draw(st.lists(st.sampled_from(["up", "down", "true", "false", "1", "default"]), min_size=1, unique=True))
    routes = {key: draw(st.sampled_from(later)) for key in keys}
    return TaskDefinition(id=name, type=TaskType.ROUTER, router=RouterDefinition(expression=expression, routes=routes))


@st.composite
def _anywhere(draw: st.DrawFn, name: str, *, depth: int, earlier: list[str]) -> TaskDefinition:
    """Return a task that may stand anywhere."""
    kinds = [TaskType.BASIC, TaskType.BASIC, TaskType.AGGREGATE]
    if depth < DEEPEST:
        kinds += [TaskType.PARALLEL, TaskType.COMPOSITE, TaskType.COLLECTION]
    kind = draw(st.sampled_from(kinds))
    shown = [f"{{{{ .tasks.{other}.status }}}}" for other in earlier]
    values = st.one_of(VALUES, st.sampled_from(shown)) if shown else VALUES
    with_: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["a", "b", "n"]), values, max_size=2))
    common: dict[str, Any] = {
        "id": name,
        "type": kind,
        "condition": draw(st.one_of(st.none(), st.none(), st.none(), CONDITIONS)),
        "env": draw(ENVS),
        "retry": draw(RETRIES),
    }
    match kind:
        case TaskType.BASIC:
            return TaskDefinition(
                **common,
                tool=draw(st.sampled_from((*GOOD, *TOOLS))),
                with_=with_,
                outputs=draw(
                    st.sampled_from([None, None, {"o": "{{ .output }}", "i": "{{ .input }}"}, {"o": "{{ .env.WHO }}"}])
                ),
            )
        case TaskType.AGGREGATE:
            return TaskDefinition(**common, outputs=with_ or {"v": 1})
        case TaskType.COLLECTION:
            return draw(_collections(common, with_, depth=depth, earlier=earlier))
        case _:
            return draw(_containers(common, with_, depth=depth, earlier=earlier))


@st.composite
def _containers(
    draw: st.DrawFn, common: dict[str, Any], with_: dict[str, Any], *, depth: int, earlier: list[str]
) -> TaskDefinition:
    names = [f"c{number}" for number in range(draw(st.integers(1, 3)))]
    is_composite = common["type"] is TaskType.COMPOSITE
    children = [
        draw(_anywhere(name, depth=depth + 1, earlier=[*earlier, *names[:at]] if is_composite else earlier))
        for at, name in enumerate(names)
    ]
    strategy, workers = draw(_strategies(is_sequential=is_composite))
    return TaskDefinition(
        **common,
        with_=with_,
        tasks=tuple(children),
        outputs=draw(st.sampled_from([None, None, *SHAPES, *(INSIDE if is_composite else ())])),
        strategy=strategy,
        max_workers=workers,
    )


@st.composite
def _collections(
    draw: st.DrawFn, common: dict[str, Any], with_: dict[str, Any], *, depth: int, earlier: list[str]
) -> TaskDefinition:
    child = draw(_anywhere("item-{{ .index }}", depth=depth + 1, earlier=earlier))
    if child.type is TaskType.BASIC:
        child = attrs.evolve(child, with_={**child.with_, "a": "{{ .item }}", "b": "{{ .position }}"})
    mode = draw(st.sampled_from(CollectionMode))
    strategy, workers = draw(_strategies(is_sequential=mode is CollectionMode.SEQUENTIAL))
    collection = CollectionDefinition(
        items=draw(ITEMS),
        filter=draw(FILTERS),
        index_var="position",
        mode=mode,
        batch=draw(st.sampled_from([None, None, 1, 2])) if strategy in _PATIENT else None,
    )
    return TaskDefinition(
        **common,
        with_=with_,
        tasks=(child,),
        outputs=draw(st.sampled_from([None, None, SHAPES[0], {"raw": "{{ .output.outputs }}"}])),
        strategy=strategy,
        max_workers=workers,
        collection=collection,
    )


_PATIENT = (Strategy.WAIT_ALL, Strategy.BEST_EFFORT)


@st.composite
def _strategies(draw: st.DrawFn, *, is_sequential: bool) -> tuple[Strategy, int | None]:
    """Return a strategy, and how many work at a time: one, where the first to end would decide."""
    strategy = draw(st.sampled_from(Strategy))
    if is_sequential:
        return strategy, None
    return strategy, draw(st.sampled_from([None, 1, 2])) if strategy in _PATIENT else 1
