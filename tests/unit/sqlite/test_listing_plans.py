"""A page costs the same wherever it is: every listing walks indexes and sorts nothing."""

import sqlite3
from contextlib import closing

import pytest

from compozy.domain.statuses import Status
from compozy.drivers.sqlite import schema_folder
from compozy.drivers.sqlite.migrations import apply_migrations, read_migrations
from compozy.drivers.sqlite.statements import LIST_TASKS, listing

BOUND = {"workflow_id": "w", "created_at": "2026", "exec_id": "x", "limit": 50}


@pytest.fixture
def plan_of():
    """Return a function that tells how SQLite carries out a query."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        apply_migrations(connection, read_migrations(schema_folder()), "memory")

        def plan_of(query, parameters):
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]

        yield plan_of


@pytest.mark.parametrize("after_position", [False, True])
@pytest.mark.parametrize("by_workflow", [False, True])
@pytest.mark.parametrize("count", range(1, len(Status) + 1))
def test_every_listing_merges_index_walks(plan_of, count, by_workflow, after_position):
    query = listing(list(Status)[:count], by_workflow=by_workflow, after_position=after_position)

    steps = plan_of(query, BOUND)

    index = "workflow_states_by_workflow" if by_workflow else "workflow_states_by_status"
    assert sum(f"USING INDEX {index}" in step for step in steps) == count
    assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")]
    assert all("(created_at,exec_id)<(?,?)" in step for step in steps if after_position and "SEARCH" in step)


def test_the_tasks_of_an_execution_come_from_an_index_in_order(plan_of):
    [step] = plan_of(LIST_TASKS, ("x",))

    assert "USING INDEX task_states_by_execution (exec_id=?)" in step
