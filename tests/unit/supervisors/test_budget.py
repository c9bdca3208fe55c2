"""Deadlines of a shutdown, planned backwards from its budget."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisors import Tree, constant
from supervisors.core.budget import PATIENCE, plan_shutdown


def plan_of(graces, *, budget, needs):
    tree = Tree("test", shutdown=budget)
    for name, grace in graces.items():
        tree.add(constant(name), name=name, grace=grace, needs=needs.get(name, ()))
    return plan_shutdown(tree.plan())


def test_a_slow_actor_cannot_take_the_time_of_what_it_depends_on():
    slots = plan_of({"store": 5, "http": 100}, budget=30, needs={"http": ("store",)})

    assert slots["http"].cancel_by + PATIENCE <= slots["store"].cancel_by
    assert slots["store"].cancel_by + PATIENCE == pytest.approx(30)


def test_what_fits_into_the_budget_is_not_shrunk():
    slots = plan_of({"store": 5, "http": 10}, budget=30, needs={"http": ("store",)})

    assert slots["store"].cancel_by == 28
    assert slots["http"].cancel_by == 28 - 7  # the store keeps its grace of 5 s and its patience of 2 s


@settings(max_examples=40)
@given(
    graces=st.lists(st.floats(0, 1000), min_size=1, max_size=6),
    budget=st.floats(0.01, 100),
    edges=st.integers(0, 2**15 - 1),
)
def test_every_chain_of_stops_fits_into_the_budget(graces, budget, edges):
    names = [f"n{index}" for index in range(len(graces))]
    pairs = [(i, j) for i in range(6) for j in range(i)]
    needs = {names[i]: tuple(names[j] for (k, j) in _chosen(pairs, edges) if k == i) for i in range(len(names))}
    slots = plan_of(dict(zip(names, graces, strict=True)), budget=budget, needs=needs)

    for name in names:
        assert slots[name].cancel_by >= -1e-6
        assert slots[name].patience > 0
        assert slots[name].cancel_by + slots[name].patience <= budget * (1 + 1e-9)
        for other in needs[name]:
            assert slots[name].cancel_by + slots[name].patience <= slots[other].cancel_by + 1e-6


def _chosen(pairs, bits):
    return [pair for index, pair in enumerate(pairs) if bits >> index & 1]


def test_actor_that_asks_for_more_than_there_is_takes_nothing_from_those_that_ask_for_little():
    tree = Tree("test", shutdown=20)
    for name, grace, needs in (("store", 4, ()), ("deaf", 1000, ("store",)), ("http", 1000, ("deaf",))):
        tree.add(constant(name), name=name, grace=grace, needs=needs)

    slots = plan_shutdown(tree.plan())

    assert slots["store"].cancel_by == 20 - PATIENCE
    assert slots["deaf"].cancel_by == pytest.approx(20 - 4 - 2 * PATIENCE)
    assert slots["http"].cancel_by == pytest.approx(5)  # half of what is left
