"""A page costs the same wherever it is and however many executions there are: the planner finds the walks."""

import secrets

import pytest

from compozy.domain.statuses import Status
from compozy.drivers.postgres import Connecting, migrate
from compozy.drivers.postgres.dialect import POSTGRES
from compozy.drivers.sql.statements import Statements

# On empty tables any plan will do; this takes away those that are bad on large ones, unless there is no other.
ONLY_WALKS = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;"


@pytest.fixture
async def plan_of(server):
    """Return a function that tells how the server would carry out a statement, whatever its parameters are."""
    name = f"plans_{secrets.token_hex(4)}"
    server.create_database(name)
    await migrate(Connecting(url=server.url(name)))

    yield lambda statement: server.run_sql(f"{ONLY_WALKS} EXPLAIN (GENERIC_PLAN) {statement}", database=name)

    server.drop_database(name)


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
