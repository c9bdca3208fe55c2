"""A page or a tree costs the same however much else there is: the planner finds the walks along the indexes."""

import json
import secrets

import pytest

from compozy.domain.statuses import Status
from compozy.drivers.postgres import Connecting, migrate
from compozy.drivers.postgres.dialect import POSTGRES
from compozy.drivers.sql.statements import Statements

# On empty tables any plan will do; this takes away those that are bad on large ones, unless there is no other.
ONLY_WALKS = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;"

# One execution with so many tasks that to look for the children of each among all of them would take seconds.
A_LARGE_TREE = """
INSERT INTO workflow_states (exec_id, workflow_id, status, input, created_at, updated_at)
  VALUES ('e', 'w', 'RUNNING', '{}', now(), now());
INSERT INTO task_states
    (task_exec_id, task_id, type, exec_id, workflow_id, parent_id, status, input, attempt, created_at, updated_at)
  SELECT n, 't', 'basic', 'e', 'w', nullif(n - 1, 0), 'RUNNING', '{}', 1, now(), now() FROM generate_series(1, 3000) n;
"""


@pytest.fixture
async def plan_of(server):
    """Return a function that tells how the server would carry out a statement, whatever its parameters are."""
    name = f"plans_{secrets.token_hex(4)}"
    server.create_database(name)
    await migrate(Connecting(url=server.url(name)))

    yield lambda statement: server.run_sql(f"{ONLY_WALKS} EXPLAIN (GENERIC_PLAN) {statement}", database=name)

    server.drop_database(name)


@pytest.fixture
async def plans_of_a_large_tree(server):
    """Return a function that returns how the server carries out a statement before and after its first ANALYZE."""
    name = f"plans_{secrets.token_hex(4)}"
    server.create_database(name)
    await migrate(Connecting(url=server.url(name)))
    server.run_sql(A_LARGE_TREE, database=name)

    def plans(statement):
        explain = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}"
        before = server.run_sql(explain, database=name)
        server.run_sql("ANALYZE", database=name)
        return [json.loads(plan)[0]["Plan"] for plan in (before, server.run_sql(explain, database=name))]

    yield plans

    server.drop_database(name)


def nodes_of(plan):
    """Yield the steps of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


@pytest.mark.parametrize("count", [2, len(Status)])
@pytest.mark.parametrize(
    ("conditions", "index"),
    [
        ((), "workflow_states_by_status"),
        (("(created_at, exec_id) < (?1, ?2)",), "workflow_states_by_status"),
        (("workflow_id = ?1", "created_at >= ?2", "(created_at, exec_id) < (?3, ?4)"), "workflow_states_by_workflow"),
    ],
)
async def test_every_listing_merges_index_walks(plan_of, count, conditions, index):
    plan = plan_of(Statements(POSTGRES).listing(list(Status)[:count], conditions, 51))

    assert "Merge Append" in plan
    assert "Sort  (" not in plan
    assert plan.count(f"Index Scan Backward using {index}") == count


async def test_a_listing_of_one_status_is_one_index_walk(plan_of):
    plan = plan_of(Statements(POSTGRES).listing([Status.FAILED], (), 51))

    assert "Sort  (" not in plan
    assert plan.count("Index Scan Backward using workflow_states_by_status") == 1


async def test_a_listing_by_parent_is_one_index_walk(plan_of):
    conditions = ("parent_exec_id = ?1", "(created_at, exec_id) < (?2, ?3)")

    plan = plan_of(Statements(POSTGRES).listing_of_parent(list(Status), conditions, 51))

    assert "Sort  (" not in plan
    assert plan.count("Index Scan Backward using workflow_states_by_parent") == 1


async def test_a_tree_finds_what_is_in_a_container_by_its_index_whatever_is_known_of_the_table(plans_of_a_large_tree):
    for plan in plans_of_a_large_tree(Statements(POSTGRES).hierarchy):
        [union] = [node for node in nodes_of(plan) if node["Node Type"] == "Recursive Union"]
        _, step = union["Plans"]
        looked_up = [node for node in nodes_of(step) if "Index Cond" in node]

        assert step["Node Type"] == "Nested Loop"
        assert [node["Index Name"] for node in looked_up] == ["task_states_by_parent"]
        assert not [node for node in nodes_of(step) if node["Node Type"] == "Seq Scan"]


async def test_who_waits_for_an_event_is_found_by_one_index_walk(plan_of):
    plan = plan_of(Statements(POSTGRES).awaiting)

    assert "Sort  (" not in plan
    assert plan.count("using task_states_by_event") == 1
