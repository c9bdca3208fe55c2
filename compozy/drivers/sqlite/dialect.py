"""SQLite's way of saying things.

Moments are ISO-8601 UTC text of fixed width rather than integers: text order is time order all the same, and whoever
opens the file with an SQLite shell can read it.
"""

from datetime import UTC, datetime
from typing import Final

from compozy.domain.errors import InvalidError, Problem
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.repositories import Tools
from compozy.drivers.sql.rows import require_aware


def moment_text(moment: datetime, key: str) -> str:
    """Return the moment as ``2026-11-23T08:30:00.000000Z``.

    Args:
        moment: Aware, in any time zone.
        key: What the caller calls it, for the error.

    Raises:
        InvalidError: It has no time zone, or is in no year that UTC has a number for.
    """
    require_aware(moment, key)
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidError(Problem(message=f"{moment} is out of range in UTC", key=key)) from error
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


SQLITE: Final = Dialect(
    mark="?",
    greatest="max",
    sorts_arms=False,
    look_up="CROSS JOIN {table} AS {name} ON {condition}",  # SQLite leaves the order of a cross join as it is
    lock_referred="",  # there is one writer at a time
    moment_in=moment_text,
    moment_out=datetime.fromisoformat,
)

TOOLS: Final = Tools(SQLITE)
