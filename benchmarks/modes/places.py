"""What the sides of a run stand on: PostgreSQL, Redis and Temporal, real servers of its own, and a folder."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import trio
from support.comparison.command import Provide, Say

from compozy.drivers import postgres
from compozy.testing.postgres import open_postgres_server
from compozy.testing.redis import open_redis_server
from compozy.testing.temporal import open_temporal_server


@contextmanager
def open_places(_scale: float, say: Say) -> Iterator[Provide]:
    """Yield what opens a place when it is first asked for, and returns where it is; in the end, all are gone."""
    with ExitStack() as stack:

        def provide(place: str) -> str:
            say(f"opening {place}")
            match place:
                case "postgres":
                    url = stack.enter_context(open_postgres_server()).url()
                    trio.run(postgres.migrate, postgres.Connecting(url=url))
                    return url
                case "redis":
                    return stack.enter_context(open_redis_server()).url
                case "temporal":
                    return stack.enter_context(open_temporal_server()).address
                case _:
                    return stack.enter_context(tempfile.TemporaryDirectory(prefix="modes-benchmark-"))

        yield cache(provide)
