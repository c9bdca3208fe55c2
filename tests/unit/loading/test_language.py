"""What becomes of a project with every key of the language."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import attrs
import pytest
from jsonschema_rs import Draft7Validator

from compozy.config.fields import Shape
from compozy.config.json_schemas import project_schema, workflow_schema
from compozy.config.project_file import ProjectFile
from compozy.config.sections import Sections
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import read_yaml
from compozy.domain.codec import from_json, to_json
from compozy.domain.definitions import (
    AgentMemory,
    AskDefinition,
    CollectionDefinition,
    MemoryCall,
    MemoryOperation,
    ModelDefinition,
    OverlapPolicy,
    RetryPolicy,
    RouterDefinition,
    RuntimeDefinition,
    RuntimeType,
    SignalDefinition,
    Strategy,
    TaskLimits,
    TaskType,
    ToolIsolation,
    Transition,
    TriggerType,
    WaitDefinition,
    WorkflowDefinition,
)
from compozy.engine.loading import load_project

LANGUAGE = Path(__file__).parents[2] / "data" / "language"
FILES = {"compozy.yaml": ProjectFile, "workflows/shop.yaml": WorkflowFile, "workflows/nested.yaml": WorkflowFile}


@pytest.fixture(scope="module")
def project():
    return load_project(LANGUAGE)


@pytest.fixture(scope="module")
def shop(project):
    return project.workflows["shop"]


@pytest.fixture(scope="module")
def tasks(shop):
    return {task.id: task for task in shop.tasks}


def shapes_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from shapes_in(argument)


def keys_used(entry):
    """Yield each key that a shape has and its file gives, with the shape."""
    if isinstance(entry, Shape):
        for name, value in entry:
            if value is not None:
                yield type(entry), name
            yield from keys_used(value)
    elif isinstance(entry, list | dict):
        for value in entry.values() if isinstance(entry, dict) else entry:
            yield from keys_used(value)


def all_shapes(shape, found):
    if shape not in found:
        found.add(shape)
        for field in shape.model_fields.values():
            for inner in shapes_in(field.annotation):
                all_shapes(inner, found)
    return found


def test_the_corpus_uses_every_key_of_the_language():
    used = set()
    for name, shape in FILES.items():
        used.update(keys_used(shape.model_validate(read_yaml(LANGUAGE / name, shown_as=name).data, strict=True)))
    settings = all_shapes(Sections, set())
    shapes = (all_shapes(ProjectFile, set()) | all_shapes(WorkflowFile, set())) - settings
    own = set(Sections.model_fields)
    known = {(shape, name) for shape in shapes for name in shape.model_fields}

    missing = {(shape.__name__, name) for shape, name in known - used if not (shape is ProjectFile and name in own)}
    assert missing == set()


@pytest.mark.parametrize("name", FILES)
def test_the_corpus_is_right_for_an_editor(name):
    schema = project_schema() if name == "compozy.yaml" else workflow_schema()
    document = read_yaml(LANGUAGE / name, shown_as=name)

    assert [error.message for error in Draft7Validator(schema).iter_errors(document.data)] == []


def test_a_definition_survives_being_written_down(project):
    for workflow in project.workflows.values():
        assert from_json(to_json(workflow), WorkflowDefinition) == workflow


def test_the_runtime_is_what_its_section_says(project):
    assert attrs.evolve(project.runtime, native=RuntimeDefinition().native) == RuntimeDefinition(
        type=RuntimeType.PYTHON,
        entrypoint="tools.py",
        permissions=("--allow-net",),
        isolation=ToolIsolation.NONE,
        tool_timeout=timedelta(minutes=3),
    )


def test_a_collection_runs_one_task_for_its_items(tasks):
    weigh = tasks["weigh-all"]

    assert weigh.collection == CollectionDefinition(
        items="{{ .workflow.input.items }}",
        filter='thing.weight > 0 && env.CURRENCY == "EUR"',
        item_var="thing",
        index_var="at",
        batch=50,
    )
    assert [child.id for child in weigh.tasks] == ["weigh-{{ .at }}"]
    assert (weigh.strategy, weigh.max_workers) == (Strategy.BEST_EFFORT, 10)


def test_a_router_leads_to_tasks_at_the_top_also_to_those_written_down_in_it(tasks):
    assert tasks["kind"].router == RouterDefinition(
        expression='workflow.input.kind == "gift" ? "gift" : "plain"',
        routes={"gift": "wrap", "plain": "both", "default": "sorry"},
    )
    assert tasks["kind"].condition is None
    assert (tasks["wrap"].tool, tasks["wrap"].sleep) == ("pack", timedelta(seconds=1))
    assert tasks["wrap"].on_success == Transition(next="both")


def test_a_composite_stops_at_the_first_failure_unless_it_says_otherwise(project, tasks):
    (outer,) = project.workflows["nested"].tasks

    assert outer.strategy is Strategy.FAIL_FAST
    assert tasks["letter"].strategy is Strategy.WAIT_ALL
    assert outer.tasks[0].strategy is Strategy.WAIT_ALL


def test_a_wait_has_its_processor_and_its_own_condition(tasks):
    hold = tasks["hold"]

    processor = hold.wait.processor
    assert hold.wait == WaitDefinition(
        name="paid",
        condition="signal.payload.amount > 0 && processor.output.ok == true",
        processor=processor,
        on_timeout="sorry",
    )
    assert (hold.condition, hold.timeout) == (None, timedelta(hours=1))
    assert (processor.id, processor.tool) == ("check-payment", "weigh")


def test_signals_and_memories_are_what_their_tasks_say(tasks):
    assert tasks["tell"].signal == SignalDefinition(
        name="parcel-{{ .workflow.exec_id }}", payload={"letter": "{{ .tasks.letter.output }}"}
    )
    assert tasks["keep"].memory == MemoryCall(
        operation=MemoryOperation.APPEND,
        memory="letters",
        key="letters:{{ .workflow.input.customer }}",
        payload={"role": "user", "content": "{{ .tasks.letter.output }}"},
    )
    assert (tasks["look"].memory.limit, tasks["look"].memory.offset) == (5, 1)
    assert (tasks["bill"].type, tasks["bill"].final) == (TaskType.AGGREGATE, True)


def test_a_task_that_changes_its_agent_asks_one_of_its_own(shop, tasks):
    draft, polish, ask, again = (child.ask for child in tasks["letter"].tasks)

    assert draft == AskDefinition(agent="helper@letter/draft", action="greet", prompt="Be short")
    assert (shop.agents[draft.agent].id, shop.agents[draft.agent].max_iterations) == ("helper", 2)
    assert shop.agents[polish.agent].tools == ("send", "seal")
    assert shop.agents[polish.agent].model.model == "llama4:16x17b"
    assert shop.agents[ask.agent].memory == (
        AgentMemory(memory="letters", key="letters:{{ .workflow.input.customer }}"),
    )
    assert shop.agents[again.agent].model == ModelDefinition(provider="mock", model="rhyme")


def test_a_definition_carries_what_its_tasks_name_and_nothing_else(project, shop):
    assert sorted(shop.tools) == ["cp__fetch", "pack", "seal", "send", "weigh"]
    assert sorted(shop.memories) == ["letters"]
    assert shop.memories["letters"].ttl == timedelta(days=7)
    assert shop.env == {"REGION": "eu", "UNIT": "kg", "CURRENCY": "EUR"}
    assert (project.workflows["nested"].agents, project.workflows["nested"].env) == ({}, {})


def test_a_schema_is_named_by_its_id(shop, tasks):
    assert shop.tools["pack"].input_schema["required"] == ["weight"]
    assert "id" not in shop.tools["pack"].input_schema
    assert tasks["both"].tasks[0].input_schema == {"type": "object", "required": ["items"]}
    assert [(trigger.type, trigger.name) for trigger in shop.triggers] == [
        (TriggerType.SIGNAL, "order-placed"),
        (TriggerType.WEBHOOK, "orders"),
    ]


def test_a_tool_has_the_limit_of_its_runtime_when_it_has_none_of_its_own(shop):
    assert shop.tools["pack"].timeout == timedelta(seconds=30)
    assert shop.tools["pack"].isolation is ToolIsolation.PROCESS
    assert (shop.tools["send"].timeout, shop.tools["send"].isolation) == (timedelta(minutes=3), ToolIsolation.NONE)


def test_options_come_from_the_project_the_workflow_and_the_task_field_by_field(tasks):
    child = tasks["weigh-all"].tasks[0]

    assert child.retry == RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=1.5,
        maximum_interval=timedelta(seconds=2),
        maximum_attempts=3,
        non_retryable_error_types=(),
    )
    assert child.limits == TaskLimits(
        start_to_close=timedelta(seconds=4),
        schedule_to_start=timedelta(seconds=30),
        schedule_to_close=timedelta(minutes=10),
        heartbeat=timedelta(seconds=20),
    )
    assert tasks["sorry"].retry.maximum_attempts == 2


@pytest.mark.parametrize("task_id", ["weigh-all", "kind", "both", "letter", "hold", "bill"])
def test_options_of_the_project_are_for_work_and_not_for_what_holds_it(tasks, task_id):
    assert (tasks[task_id].retry, tasks[task_id].limits) == (None, TaskLimits())


def test_a_schedule_is_what_it_says(shop):
    schedule = shop.schedule

    assert (schedule.cron, schedule.timezone, schedule.enabled) == ("0 0 9 * * MON-FRI", "Europe/Lisbon", True)
    assert (schedule.jitter, schedule.overlap_policy) == (timedelta(seconds=30), OverlapPolicy.BUFFER_ONE)
    assert schedule.start_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert schedule.end_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert schedule.input == {"items": []}


def test_what_says_nothing_is_as_good_as_left_out(tmp_path):
    project = "name: a\nworkflows: [{source: w.yaml}]\nmodels: [{provider: mock, model: m}]\n"
    (tmp_path / "compozy.yaml").write_text(project)
    (tmp_path / "w.yaml").write_text(
        "id: w\ntasks:\n"
        "  - {id: a, type: aggregate, outputs: {y: 1}, condition: '', sleep: 0s, on_success: {next: b}}\n"
        "  - {id: b, type: collection, items: null, filter: '', task: {id: 'i{{ .index }}', prompt: p}}\n"
    )

    first, second = load_project(tmp_path).workflows["w"].tasks

    assert (first.condition, first.sleep) == (None, None)
    assert (second.collection.items, second.collection.filter) == (None, None)


def test_a_router_keeps_what_it_gives_to_its_route(tmp_path):
    (tmp_path / "compozy.yaml").write_text("name: a\nworkflows: [{source: w.yaml}]\n")
    (tmp_path / "w.yaml").write_text(
        "id: w\ntasks:\n"
        "  - {id: a, type: router, condition: input.x, routes: {b: b}, on_success: {with: {y: 1}}}\n"
        "  - {id: b, type: aggregate, outputs: {y: 1}}\n"
    )

    assert load_project(tmp_path).workflows["w"].tasks[0].on_success == Transition(with_={"y": 1})
