"""The store in a PostgreSQL database: asyncpg on an asyncio loop of its own, one hop for each transaction."""

from compozy.drivers.postgres.connecting import Connecting, SslMode
from compozy.drivers.postgres.store import PostgresStore, migrate, open_store, schema_status

__all__ = ["Connecting", "PostgresStore", "SslMode", "migrate", "open_store", "schema_status"]
