"""What the tests and demos of programs on Compozy need: real servers, started in a moment and gone without a trace."""

from compozy.testing.postgres import PostgresServer, open_postgres_server

__all__ = ["PostgresServer", "open_postgres_server"]
