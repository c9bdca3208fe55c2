"""All that a project in distributed mode stands on: PostgreSQL, Redis and Temporal, each a real server of its own."""

import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import attrs

from compozy.testing.postgres import PostgresServer, open_postgres_server
from compozy.testing.redis import RedisServer, open_redis_server
from compozy.testing.temporal import TemporalServer, open_temporal_server

ServerT = TypeVar("ServerT")


@attrs.frozen(kw_only=True)
class Cluster:
    """Three servers that run.

    Attributes:
        postgres: Holds the store.
        redis: Holds the cache.
        temporal: Runs the workflows.
    """

    postgres: PostgresServer
    redis: RedisServer
    temporal: TemporalServer

    @contextmanager
    def open_site(self) -> Iterator["Site"]:
        """Make room for one project: a database and a namespace of its own; Redis, which is emptied, is shared."""
        name = f"site_{secrets.token_hex(4)}"
        self.redis.ask("FLUSHALL")
        self.postgres.create_database(name)
        try:
            yield Site(cluster=self, name=name)
        finally:
            self.postgres.drop_database(name)


@attrs.frozen(kw_only=True)
class Site:
    """The place of one project in a cluster.

    Attributes:
        cluster: The servers.
        name: Of its database, and of its namespace in Temporal.
    """

    cluster: Cluster
    name: str

    @property
    def environ(self) -> Mapping[str, str]:
        """What the programs of the project need in their environment."""
        return {
            "COMPOZY_MODE": "distributed",
            "DB_URL": self.cluster.postgres.url(self.name),
            "REDIS_URL": self.cluster.redis.url,
            "TEMPORAL_HOST_PORT": self.cluster.temporal.address,
            "TEMPORAL_NAMESPACE": self.name,
        }

    def query(self, sql: str) -> list[list[str]]:
        """Return the rows of a statement on the project's database."""
        lines = self.cluster.postgres.run_sql(sql, database=self.name).splitlines()
        return [line.split("|") for line in lines]


@contextmanager
def open_cluster() -> Iterator[Cluster]:
    """Open the three servers, at once; on leaving, all are stopped, and nothing is left.

    Raises:
        UnavailableError: One cannot be started; says why.
    """
    with ExitStack() as stack:
        with ThreadPoolExecutor(max_workers=3) as pool:  # leaving it waits: what has started is stopped in any case
            postgres = pool.submit(_enter, stack, open_postgres_server())
            redis = pool.submit(_enter, stack, open_redis_server())
            temporal = pool.submit(_enter, stack, open_temporal_server())
        yield Cluster(postgres=postgres.result(), redis=redis.result(), temporal=temporal.result())


def _enter(stack: ExitStack, opening: AbstractContextManager[ServerT]) -> ServerT:
    return stack.enter_context(opening)
