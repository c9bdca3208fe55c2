"""The actors of the embedded Temporal in a tree of their own, on a database in a temporary folder."""

from contextlib import asynccontextmanager

import pytest

from compozy.app import Options
from compozy.app.options import load
from compozy.app.runtime import deployment_of, simplest
from compozy.app.temporal import asyncio_actor, dev_server_actor
from compozy.domain.errors import ConflictError, InvalidError
from compozy.telemetry.metrics import Metrics
from supervisors import Tree, TreeFailed


@pytest.fixture
def database(tmp_path):
    return tmp_path / ".compozy" / "temporal.db"


@pytest.fixture
def open_temporal(tmp_path):
    """Return a function from variables to a running server; its value is the connection."""
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")

    @asynccontextmanager
    async def open_(**environ):
        loaded = load(Options(path=tmp_path, environ=environ))
        tree = Tree("test", shutdown=20)
        tree.add(asyncio_actor, name="asyncio", grace=6)
        tree.add(
            dev_server_actor(loaded.settings.temporal, Metrics(deployment_of(loaded))),
            name="temporal",
            needs=("asyncio",),
            grace=8,
            start_timeout=30,
            fatal=(InvalidError, ConflictError),
        )
        try:
            async with tree.open() as live:
                yield live["temporal"].get()
        except TreeFailed as failed:
            raise simplest(failed) from failed

    return open_


@pytest.fixture(scope="session")
def temporal_server():
    """A server that runs, one for each process of tests; no test may stop it."""
    from compozy.testing.temporal import open_temporal_server  # noqa: PLC0415 - most test runs need none

    with open_temporal_server() as server:
        yield server
