"""The measures, the same for all sides."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from support.comparison.job import Job, Samples, Stopwatch

from sides.client import CHANNEL, KEPT, VALUE, Client, Side

_LAPS: Final = 20
_KEYS: Final = [f"execution:{number:08}" for number in range(1000)]


def jobs(side: Side) -> Mapping[str, Job]:
    """Return all that can be measured of a side."""

    def job(measure: Callable[..., Any]) -> Job:
        def run(**arguments: Any) -> Samples:
            return side.run(partial(measure, side, **arguments))

        return run

    return {"repeat": job(_repeat), "at_once": job(_at_once)}


async def _repeat(side: Side, *, operation: str, count: int, place: str = "") -> Samples:
    """Do an operation again and again, one after the other, on a thousand keys in turn."""
    keys = _keys(operation, max(1, count // _LAPS))
    times = []
    async with side.open(place) as client:
        await client.loops["set"](_KEYS if operation == "get" else ())
        await client.loops[operation](keys)
        clock = Stopwatch()
        for _ in range(_LAPS):
            await client.loops[operation](keys)
            times.append(clock.lap() / len(keys))
        await _check(client, operation, (1 + _LAPS) * keys.count(keys[0]))
    return {"time": times}


async def _at_once(side: Side, *, operation: str, count: int, workers: int, place: str) -> Samples:
    """Do an operation by so many tasks at once."""
    keys = _keys(operation, max(1, count // workers))
    async with side.open(place) as client:
        await client.loops["set"](_KEYS if operation == "get" else ())
        work = [partial(client.loops[operation], keys)] * workers
        await side.together(work)
        clock = Stopwatch()
        await side.together(work)
        elapsed = clock.lap()
        await _check(client, operation, 2 * workers * keys.count(keys[0]))
    return {"time": [elapsed / (workers * len(keys))]}


def _keys(operation: str, count: int) -> Sequence[str]:
    return [CHANNEL] * count if operation == "publish" else list(islice(cycle(_KEYS), count))


async def _check(client: Client, operation: str, done: int) -> None:
    """Require that the operation was done so many times with the first key."""
    if operation == "publish":
        assert await client.reach() == 1
    elif operation in {"set", "get"}:
        assert await client.text(_KEYS[0]) == VALUE
    else:
        assert await client.length(_KEYS[0]) == (done if operation == "push" else min(done, KEPT))
