"""The wall clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time as an aware datetime, UTC, microseconds."""
    return datetime.now(UTC)
