"""The shapes of the trees that are started and stopped, and how the time grows with them."""

from collections.abc import Awaitable, Callable
from typing import Literal

import trio
from support.comparison.job import Job, Samples

Shape = Literal["flat", "chain", "star"]
"""All independent; each after the one before it; or all after the first."""


def growing(lifecycle: Callable[[int, Shape], Awaitable[Samples]]) -> Job:
    """Return the job of measuring starts and stops of a size, of twice and of four times that."""

    def run(*, count: int, shape: Shape) -> Samples:
        return {"totals": [trio.run(lifecycle, count * factor, shape)["total"][0] for factor in (1, 2, 4)]}

    return run
