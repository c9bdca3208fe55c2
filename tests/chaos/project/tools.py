"""Tools whose every run is in a ledger: one line when it begins, one when it has had its effect."""

import json
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import trio

__all__ = ["note", "note_in_thread"]

_LEDGER = Path(__file__).with_name("ledger.jsonl")


def _write(input_: dict[str, Any], run: str, phase: str) -> None:
    """Add a line in one write, which the kernel neither mixes with others nor loses when this process is killed."""
    facts = {"exec": input_["exec"], "task": input_["task"], "run": run, "phase": phase, "pid": os.getpid()}
    line = json.dumps(facts | {"at": time.time()}) + "\n"
    ledger = os.open(_LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, line.encode())
    finally:
        os.close(ledger)


async def note(input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - the name that tools use
    """Take a while; return which run this was."""
    run = uuid4().hex
    _write(input, run, "began")
    await trio.sleep(int(input["pause_ms"]) / 1000)
    _write(input, run, "ended")
    return {"run": run}


def note_in_thread(input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - same
    """Do the same on a thread."""
    run = uuid4().hex
    _write(input, run, "began")
    time.sleep(int(input["pause_ms"]) / 1000)
    _write(input, run, "ended")
    return {"run": run}
