"""The store's own statements and conversions, for the sides that do the same by hand."""

from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any

import attrs

from compozy.domain.cursors import Position
from compozy.domain.executions import TaskNode
from compozy.domain.statuses import Status
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import Rows
from compozy.drivers.sql.session import Row
from compozy.drivers.sql.statements import Statements


@attrs.frozen
class Statement:
    """A statement and what is bound to it."""

    text: str
    values: Sequence[Any]


class Known:
    """What one dialect's statements are, and what its rows mean.

    Args:
        dialect: Of the database.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._moment = dialect.moment_in
        statements = Statements(dialect)
        self.read = statements.get_workflow
        self.write = statements.upsert_workflow
        self.owner = statements.refer_to_workflow
        self.write_task = statements.upsert_task
        self.tree = statements.hierarchy
        self._listing = cache(partial(statements.listing, tuple(Status)))
        rows = Rows(dialect)
        self.of_workflow, self.workflow = rows.of_workflow, rows.workflow
        self.of_task, self.task = rows.of_task, rows.task

    def page(self, after: Position | None, limit: int) -> Statement:
        """Return the query of a page; it asks for one row more, to know whether it is the last."""
        if after is None:
            return Statement(self._listing((), limit + 1), ())
        values = (self._moment(after.created_at, ""), after.exec_id)
        return Statement(self._listing(("(created_at, exec_id) < (?1, ?2)",), limit + 1), values)

    def nodes(self, rows: Iterable[Row]) -> Sequence[TaskNode]:
        """Return the tree of the rows of the statement ``tree``, each task after its container."""
        inside: dict[str | None, list[TaskNode]] = {}
        for row in rows:
            node = TaskNode(self.task(tuple(row)[:-1]), row[-1])
            inside.setdefault(node.task.parent_id, []).append(node)
        nodes, waiting = [], inside[None]
        while waiting:
            node = waiting.pop()
            nodes.append(node)
            waiting.extend(reversed(inside.get(node.task.task_exec_id, ())))
        return nodes
