"""The floor of the API: a bare quart-trio application on hypercorn that says hello."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Final

from support.comparison.job import Job, Samples, on_trio
from support.lean_client import connect
from support.programs import LineReader, open_program

from sides.reading import read_repeatedly
from sides.standing import on_ground

_SCRIPT: Final = Path(__file__).parents[1] / "programs" / "hello.py"


async def reads(*, folder: str, count: int, at_once: int, **_servers: str) -> Samples:
    """Measure how often it says hello in a second."""
    with on_ground(folder, {}) as ground:
        async with AsyncExitStack() as stack:
            program = await stack.enter_async_context(
                open_program(
                    [sys.executable, str(_SCRIPT)], name="hello", environ=ground.environ, stdout=subprocess.PIPE
                )
            )
            assert program.process.stdout is not None
            line = await LineReader(program.process.stdout).read()
            if line is None:
                raise program.broken("has ended")
            url = json.loads(line)["url"]
            connections = [await stack.enter_async_context(aclosing(await connect(url))) for _ in range(at_once)]
            return await read_repeatedly(
                connections,
                "/hello",
                is_right=lambda body: json.loads(body) == {"hello": "world"},
                count=count,
                program=program,
            )


JOBS: Final[Mapping[str, Job]] = {"reads": on_trio(reads)}
