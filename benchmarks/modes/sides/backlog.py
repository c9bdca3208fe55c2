"""A backlog: executions that wait before any worker is there, and how fast they are done when the workers come.

What starts them has ended its part by then, so only workers and servers are measured, on either side by the ends that
the record in PostgreSQL tells.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

import asyncpg
import attrs
import trio
from support.errors import BrokenError

_WARM_UP: Final = 0.2
"""The part of the executions that ends before the measure begins."""
_PATIENCE_S: Final = 120.0
_ASK_EVERY_S: Final = 0.1
_ENDS: Final = (
    "SELECT updated_at FROM workflow_states "
    "WHERE workflow_id = $1 AND created_at >= $2 AND status = 'SUCCESS' ORDER BY updated_at"
)


@attrs.frozen
class Backlog:
    """What waits.

    Attributes:
        url: The database with the record.
        workflow_id: Of which workflow they are.
        count: How many there are.
        since: None of them was recorded earlier, and no others of this workflow later.
    """

    url: str
    workflow_id: str
    count: int
    since: datetime = attrs.Factory(lambda: datetime.now(UTC))

    async def rate(self) -> float:
        """Return how many were done in a second, when all have ended, without the first ones.

        Raises:
            BrokenError: Some have not ended after two minutes.
        """
        ends = await trio.to_thread.run_sync(asyncio.run, self._ends())
        first = round(_WARM_UP * self.count)
        return (self.count - 1 - first) / (ends[-1] - ends[first]).total_seconds()

    async def _ends(self) -> list[datetime]:
        connection = await asyncpg.connect(self.url)
        try:
            for _ in range(round(_PATIENCE_S / _ASK_EVERY_S)):
                rows = await connection.fetch(_ENDS, self.workflow_id, self.since)
                if len(rows) == self.count:
                    return [row[0] for row in rows]
                await asyncio.sleep(_ASK_EVERY_S)
        finally:
            await connection.close()
        raise BrokenError(f"{self.count - len(rows)} of {self.count} executions have not ended")
