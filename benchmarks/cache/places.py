"""Where the sides of a run keep what they keep: a Redis server of its own, and a folder."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from support.comparison.command import Provide, Say

from compozy.testing.redis import open_redis_server


@contextmanager
def open_places(_scale: float, _say: Say) -> Iterator[Provide]:
    """Yield what opens a place when it is first asked for, and returns where it is; in the end, all are gone."""
    with ExitStack() as stack:

        def provide(place: str) -> str:
            if place == "redis":
                return stack.enter_context(open_redis_server()).url
            return stack.enter_context(tempfile.TemporaryDirectory(prefix="cache-benchmark-"))

        yield cache(provide)
