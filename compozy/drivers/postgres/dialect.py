"""How PostgreSQL says what the repositories ask."""

from datetime import UTC, datetime
from typing import Final

from compozy.domain.errors import InvalidError, Problem
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import require_aware


def moment_in(moment: datetime, key: str) -> datetime:
    """Return the moment as a ``timestamptz`` takes it.

    Args:
        moment: Aware, of any time zone.
        key: What the caller calls it, for the error.

    Raises:
        InvalidError: It has no time zone, or no UTC can express it.
    """
    require_aware(moment, key)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        message = f"{moment} is out of range in UTC"
        raise InvalidError(Problem(message=message, key=key, hint="pass a moment of the years 1 to 9999")) from error


def moment_out(moment: datetime) -> datetime:
    """Return the moment of a ``timestamptz``, aware, in UTC.

    asyncpg makes it so, but for the first and the last moment that Python knows: it takes those for minus and plus
    infinity, which are in the right order in the database, and gives them back naive.
    """
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


POSTGRES: Final = Dialect(
    mark="$",
    greatest="greatest",
    sorts_arms=True,
    # OFFSET makes it a plan of its own, which is carried out for each row; a join would be planned for numbers of rows
    # that nobody knows before the first ANALYZE, and read the whole table for each.
    look_up="CROSS JOIN LATERAL (SELECT * FROM {table} AS {name} WHERE {condition} OFFSET 0) AS {name}",
    # Whoever deletes the row waits for us; whoever changes its other columns does not.
    lock_referred=" FOR KEY SHARE",
    moment_in=moment_in,
    moment_out=moment_out,
)
