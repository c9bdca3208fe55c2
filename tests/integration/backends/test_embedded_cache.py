"""The cache that a standalone project has in its own folder."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.domain.errors import ConflictError
from compozy.drivers import sugardb

pytestmark = pytest.mark.slow

# Opens what the project keeps its state in, remembers something, and says so; it ends only when it is killed.
PROGRAM = """
import sys
from datetime import timedelta

import trio

from compozy.app.options import Options, load
from compozy.app.runtime import deployment_of
from compozy.app.tree import build_tree
from compozy.telemetry.metrics import Metrics


async def main():
    loaded = load(Options(path=sys.argv[1]))
    async with build_tree(loaded, Metrics(deployment_of(loaded))).only("cache").open() as live:
        cache = live["cache"].get()
        await cache.kv.set("idempotency:order-1", "exec-1", ttl=timedelta(days=1))
        await cache.kv.set("dispatcher:heartbeat:me", "alive")
        print("kept", flush=True)
        await trio.sleep_forever()


trio.run(main)
"""


def test_what_the_program_has_acknowledged_is_there_after_kill_9(project):
    environ = os.environ | {"CACHE_FSYNC": "always"}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, project], stdout=subprocess.PIPE, env=environ) as program:
        said = program.stdout.readline()
        program.send_signal(signal.SIGKILL)

    async def look():
        async with sugardb.open(project / ".compozy" / "cache") as cache:
            kept = await cache.kv.get_many("idempotency:order-1", "dispatcher:heartbeat:me")
            return kept, await cache.kv.ttl("idempotency:order-1")

    kept, ttl = trio.run(look)
    assert said == b"kept\n"
    assert kept == ["exec-1", None]
    assert timedelta(hours=23) < ttl <= timedelta(days=1)


async def test_two_programs_cannot_keep_their_caches_in_one_folder(project, tmp_path):
    shared = {"cache.path": str(tmp_path / "shared")}
    async with sugardb.open_cache(folder=tmp_path / "shared"):
        with pytest.raises(ConflictError, match="shared is in use"), trio.fail_after(20):
            async with open_runtime(Options(path=project, environ={}, flags=shared)):
                raise AssertionError


def test_a_damaged_cache_ends_the_start_and_is_left_as_it_is(project):
    folder = project / ".compozy" / "cache"

    async def keep():
        async with sugardb.open(folder, fsync="always") as cache:
            for number in range(3):
                await cache.kv.set(f"key-{number}", "x")

    trio.run(keep)
    [log] = folder.glob("*.log")
    damaged = log.read_bytes().replace(b"key-1", b"kex-1")
    log.write_bytes(damaged)
    command = [sys.executable, "-m", "compozy", "serve", "--config", project]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert log.name in ended.stderr
    assert [path.read_bytes() for path in Path(folder).glob("*.log")] == [damaged]
