"""The tools of the schedules project."""

from typing import Any


def look(input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - what tools call it
    """Say how the shop is."""
    return {"seen": f"all is well in {input['shop']}"}


def report(input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - what tools call it
    """Write the report of a night."""
    return {"text": f"the report that was due {input['due']}"}
