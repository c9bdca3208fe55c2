"""Which payloads leave a history: large ones always, others when their execution has no room for them."""

import attrs
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    StorageDriverActivityInfo,
    StorageDriverSelectContext,
    StorageDriverWorkflowInfo,
    WorkflowSerializationContext,
)
from temporalio.testing import ActivityEnvironment

from compozy.drivers.temporal.payload_budget import BUDGET, THRESHOLD, HistoryBudget, Selector
from compozy.drivers.temporal.payload_storage import storing_converter


@attrs.define
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(clock):
    return HistoryBudget(clock)


@pytest.fixture
def selector(budget):
    return Selector(driver="the driver", budget=budget)


def target(workflow_id):
    return StorageDriverSelectContext(StorageDriverWorkflowInfo(namespace="n", id=workflow_id))


def payload(size):
    """Return a payload of exactly that many bytes."""
    made = Payload(data=b"x" * size)
    return Payload(data=b"x" * (2 * size - made.ByteSize()))


def test_what_is_small_stays_and_what_is_large_goes(selector):
    assert selector(target("E"), payload(THRESHOLD - 1)) is None
    assert selector(target("E"), payload(THRESHOLD)) == "the driver"


def test_what_does_not_fit_into_the_budget_goes(selector):
    kept = [selector(target("E"), payload(BUDGET // 16)) is None for _ in range(20)]

    assert kept == [True] * 16 + [False] * 4
    assert selector(target("F"), payload(BUDGET // 16)) is None


def test_children_share_the_budget_of_their_execution(budget, selector):
    assert budget.take("E", BUDGET)

    assert selector(target("E/chunk/3"), payload(2000)) == "the driver"


def test_an_activity_without_a_workflow_has_a_budget_too(selector):
    nobody = StorageDriverSelectContext(StorageDriverActivityInfo(namespace="n", id="A"))

    assert selector(nobody, payload(2000)) is None


def test_a_budget_is_full_for_a_window_and_then_empty(budget, clock):
    assert budget.take("E", BUDGET)
    clock.now = 10.0
    assert not budget.take("E", 1)

    clock.now = 10.1
    assert budget.take("E", BUDGET)
    assert not budget.take("E", 1)


def test_a_refusal_takes_nothing(budget):
    assert not budget.take("E", BUDGET + 1)
    assert budget.take("E", BUDGET)


def test_an_execution_that_went_over_its_budget_has_one_again_after_the_window(budget, clock):
    assert not budget.take("E", BUDGET + 1)

    clock.now = 1000.0
    assert budget.take("E", 1)


def test_only_so_many_executions_are_counted(budget):
    assert budget.take("first", BUDGET)
    for number in range(1024):
        assert budget.take(f"{number}", BUDGET)

    assert budget.take("first", BUDGET)
    assert not budget.take("1023", BUDGET)


@pytest.fixture
def contexts():
    """Return the contexts of a workflow, of a local activity, and of a queued one."""

    def of_activity(*, is_local):
        return ActivitySerializationContext(
            namespace="n",
            activity_id="A",
            activity_type="a",
            activity_task_queue="q",
            workflow_id="E",
            workflow_type="w",
            is_local=is_local,
        )

    return WorkflowSerializationContext("n", "E"), of_activity(is_local=True), of_activity(is_local=False)


def test_arguments_of_local_activities_stay_and_their_results_go(contexts):
    of_workflow, of_local, of_queued = contexts
    converter = storing_converter(None, None, None)

    def goes(context):
        selector = converter.with_context(context).external_storage.driver_selector
        return selector(target("E"), payload(THRESHOLD)) is not None

    assert goes(of_workflow)
    assert goes(of_queued)
    assert not goes(of_local)
    assert ActivityEnvironment().run(goes, of_local)
