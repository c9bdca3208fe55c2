"""What the tests and demos of programs on Compozy need: real servers, started in a moment and gone without a trace."""

from compozy.testing.cluster import Cluster, Site, open_cluster
from compozy.testing.postgres import PostgresServer, open_postgres_server
from compozy.testing.programs import Program, open_program
from compozy.testing.redis import RedisServer, open_redis_server
from compozy.testing.temporal import TemporalServer, open_temporal_server

__all__ = [
    "Cluster",
    "PostgresServer",
    "Program",
    "RedisServer",
    "Site",
    "TemporalServer",
    "open_cluster",
    "open_postgres_server",
    "open_program",
    "open_redis_server",
    "open_temporal_server",
]
