"""Reads: the same page over and over, by several clients at once, whoever serves it."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

import trio
from support.comparison.job import Samples, Stopwatch
from support.errors import BrokenError
from support.lean_client import Connection
from support.programs import Program

from sides.standing import CpuMeter

_WARM_UP = 100


async def read_repeatedly(
    connections: Sequence[Connection],
    path: str,
    *,
    is_right: Callable[[bytes], bool],
    count: int,
    program: Program,
) -> Samples:
    """Ask for a path so often, on whichever connection is free; return how many answers came in a second.

    Args:
        connections: How many ask at once.
        path: What they ask for.
        is_right: Tells whether an answer says what it should; all are alike, so one of each client's is looked at.
        count: How often they ask, together.
        program: Who answers.
    """

    async def ask(connection: Connection, numbers: "Sequence[int] | range") -> None:
        for _ in numbers:
            status, body = await connection.get(path)
            if status != HTTPStatus.OK:
                raise BrokenError(f"{path} was answered with {status}")
        if not is_right(body):
            raise BrokenError(f"{path} was answered with {body[:500]!r}")

    async def ask_all(times: int) -> None:
        async with trio.open_nursery() as nursery:
            for connection in connections:
                nursery.start_soon(ask, connection, range(-(-times // len(connections))))

    await ask_all(_WARM_UP)
    meter, stopwatch = CpuMeter([program]), Stopwatch()
    await ask_all(count)
    elapsed, used = stopwatch.lap(), meter.lap()
    return {"per_second": [count / elapsed], "cpu": [used / count]}
