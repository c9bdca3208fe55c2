"""The tools of the benchmark: one does nothing, and takes no time; the other tells when it ended."""

import time
from typing import Any

import trio


async def echo(message: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    return {"text": message["text"]}


async def clock(_input: dict[str, Any], _config: dict[str, Any]) -> dict[str, Any]:
    await trio.sleep(0.1)  # whoever wants to be told of the end has time to ask for it
    return {"ended_at": time.monotonic()}
