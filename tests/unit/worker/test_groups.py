"""Which containers hand out the short work of their tasks together."""

import pytest

from compozy.domain.definitions import CollectionDefinition, CollectionMode, Strategy, TaskDefinition, TaskType
from compozy.worker.interpreter.groups import are_alike

ITEMS = CollectionDefinition(items=[])


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize(
    "rest", [{"type": TaskType.PARALLEL}, {"type": TaskType.COLLECTION, "collection": ITEMS}], ids=["parallel", "each"]
)
def test_not_where_one_end_decides(strategy, rest):
    is_patient = strategy in {Strategy.WAIT_ALL, Strategy.BEST_EFFORT}

    assert are_alike(TaskDefinition(id="t", strategy=strategy, **rest)) is is_patient


@pytest.mark.parametrize(
    "rest",
    [
        {"type": TaskType.PARALLEL, "max_workers": 2},
        {"type": TaskType.COMPOSITE},
        {"type": TaskType.WAIT},
        {"type": TaskType.COLLECTION, "collection": ITEMS, "max_workers": 2},
        {"type": TaskType.COLLECTION, "collection": CollectionDefinition(items=[], batch=2)},
        {"type": TaskType.COLLECTION, "collection": CollectionDefinition(items=[], mode=CollectionMode.SEQUENTIAL)},
    ],
)
def test_not_where_one_end_lets_another_begin(rest):
    assert not are_alike(TaskDefinition(id="t", **rest))
