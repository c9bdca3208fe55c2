"""A page costs the same wherever it is: every listing walks indexes and sorts nothing."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.cursors import Position, encode_cursor
from compozy.domain.statuses import Status
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sql.repositories import SqlRepositories
from compozy.drivers.sql.session import SqlSession
from compozy.drivers.sqlite.dialect import TOOLS
from compozy.drivers.sqlite.migrations import apply_migrations
from compozy.drivers.sqlite.session import drive

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class ExplainingSession(SqlSession):
    """Asks the database how it would carry out each statement."""

    def __init__(self, connection):
        self.connection = connection
        self.steps = []

    async def rows(self, statement, parameters=()):
        self.steps += [row[3] for row in self.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        return []

    async def many(self, statement, rows):
        raise NotImplementedError

    def require_writable(self):
        """Nothing is written."""


@pytest.fixture
def steps_of():
    """Return a function that runs a closure and returns the steps in which SQLite would carry out its statements."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        apply_migrations(connection, read_migrations(schema_folder("sqlite")), ":memory:")

        def steps_of(work):
            session = ExplainingSession(connection)
            drive(work, SqlRepositories.of(session, TOOLS))
            return session.steps

        yield steps_of


@pytest.mark.parametrize("between", [{}, {"since": NOON, "until": NOON + timedelta(hours=1)}])
@pytest.mark.parametrize("cursor", [None, encode_cursor(Position(NOON, "x"))])
@pytest.mark.parametrize("workflow_id", [None, "w"])
@pytest.mark.parametrize("count", range(1, len(Status) + 1))
def test_every_listing_merges_index_walks(steps_of, count, workflow_id, cursor, between):
    where = WorkflowFilter(statuses=frozenset(list(Status)[:count]), workflow_id=workflow_id, **between)

    steps = steps_of(lambda repositories: repositories.workflows.list(where, cursor=cursor))

    index = "workflow_states_by_workflow" if workflow_id is not None else "workflow_states_by_status"
    walks = [step for step in steps if f"USING INDEX {index}" in step]
    assert len(walks) == count
    assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")]
    bounds = {(): "", ("since", "until"): " AND created_at>? AND created_at<?"}[tuple(between)]
    if cursor is not None:
        bounds = f"{' AND created_at>?' if between else ''} AND (created_at,exec_id)<(?,?)"
    assert all(walk.endswith(f"status=?{bounds})") for walk in walks)


@pytest.mark.parametrize("cursor", [None, encode_cursor(Position(NOON, "x"))])
def test_a_listing_by_parent_is_one_index_walk(steps_of, cursor):
    where = WorkflowFilter(parent_exec_id="p", statuses=frozenset({Status.FAILED}), workflow_id="w")

    [step] = steps_of(lambda repositories: repositories.workflows.list(where, cursor=cursor))

    assert "USING INDEX workflow_states_by_parent (parent_exec_id=?" in step


@pytest.mark.parametrize(
    ("work", "index"),
    [
        (lambda repositories: repositories.tasks.list_by_workflow("x"), "task_states_by_execution (exec_id=?)"),
        (lambda repositories: repositories.tasks.children("x"), "task_states_by_parent (parent_id=?)"),
        (lambda repositories: repositories.api_keys.list("x"), "api_keys_by_user (user_id=?)"),
    ],
)
def test_lists_come_from_an_index_in_order(steps_of, work, index):
    [step] = steps_of(work)

    assert f"USING INDEX {index}" in step


def test_a_tree_finds_what_is_in_a_container_by_its_index(steps_of):
    steps = steps_of(lambda repositories: repositories.tasks.hierarchy("x"))

    [inside] = [step for step in steps if " inner_task " in step]
    assert inside == "SEARCH inner_task USING INDEX task_states_by_parent (parent_id=?)"


def test_retention_finds_what_is_old_by_an_index(steps_of):
    steps = steps_of(lambda repositories: repositories.workflows.delete_older(NOON))

    assert any("USING INDEX workflow_states_by_end (<expr><?)" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_who_waits_for_an_event_is_found_by_one_index_walk(steps_of):
    steps = steps_of(lambda repositories: repositories.tasks.awaiting("paid", after="e"))

    assert steps == ["SEARCH task_states USING INDEX task_states_by_event (awaits=? AND exec_id>?)"]
