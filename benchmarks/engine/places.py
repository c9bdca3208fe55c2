"""What the sides of a run stand on: a Temporal server for the plain SDK, and a folder that outlives a single side."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from support.comparison.command import Provide, Say

from compozy.testing.temporal import open_temporal_server


@contextmanager
def open_places(_scale: float, say: Say) -> Iterator[Provide]:
    """Yield what opens a place when it is first asked for, and returns where it is; in the end, all are gone."""
    with ExitStack() as stack:

        def provide(place: str) -> str:
            say(f"opening {place}")
            if place == "temporal":
                return stack.enter_context(open_temporal_server()).address
            return stack.enter_context(tempfile.TemporaryDirectory(prefix="engine-benchmark-"))

        yield cache(provide)
