"""Databases of a real PostgreSQL server for the suites of contracts."""

import secrets

import pytest

from compozy.domain.errors import InvalidError


@pytest.fixture
def postgres_database(postgres_server):
    """The URL of a database of its own, empty; at the end nobody may be connected to it any more."""
    name = f"test_{secrets.token_hex(4)}"
    postgres_server.create_database(name)  # 40 ms; to drop it takes 13 ms
    yield postgres_server.url(name)
    try:
        # Without FORCE it is refused while there are connections, after a wait for those that are on their way out.
        postgres_server.run_sql(f"DROP DATABASE IF EXISTS {name}")
    except InvalidError:
        postgres_server.drop_database(name)
        raise
