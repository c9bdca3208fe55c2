"""The tool of the benchmark: it does nothing, and takes no time."""

from typing import Any


async def echo(message: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    return {"text": message["text"]}
