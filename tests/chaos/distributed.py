"""The distributed scene: APIs and workers over PostgreSQL, Redis and Temporal, all of which can be killed."""

import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from random import Random

import attrs
import trio
from typing_extensions import override

from compozy.contracts.store import Store
from compozy.drivers import postgres
from compozy.testing import (
    PostgresServer,
    RedisServer,
    TemporalServer,
    open_postgres_server,
    open_redis_server,
    open_temporal_server,
)

from .programs import Place
from .scene import Scene, killing_family
from .strikes import Strike

_BACKENDS = ("store", "cache", "temporal")
_STALL_S = 8.0  # Temporal gives work up after 5

_Server = PostgresServer | RedisServer | TemporalServer


@attrs.frozen(kw_only=True)
class Servers:
    """What the programs stand on."""

    postgres: PostgresServer
    redis: RedisServer
    temporal: TemporalServer

    @property
    def environ(self) -> Mapping[str, str]:
        """What programs need to find them."""
        return {
            "DB_URL": self.postgres.url(),
            "REDIS_URL": self.redis.url,
            "TEMPORAL_HOST_PORT": self.temporal.address,
        }


class Distributed(Scene):
    """APIs, workers and servers.

    Args:
        place: Where the programs live.
        random: Picks the one of several that is killed.
        nursery: Where programs are started.
        servers: What they stand on.
        apis: How many programs serve the API.
        workers: How many do the work.
    """

    victims = ("A worker", "An API", "PostgreSQL", "Redis", "Temporal", "Not killed: a worker that stands still")
    overlap = timedelta(seconds=15)
    """What a worker that was given up has in hand, it may still record; the store makes it wait when it is away."""

    def __init__(
        self, place: Place, random: Random, nursery: trio.Nursery, *, servers: Servers, apis: int, workers: int
    ) -> None:
        super().__init__(place, random, nursery)
        self._servers = servers
        self._apis = [f"api {number}" for number in range(apis)]
        self._workers = [f"worker {number}" for number in range(workers)]

    @override
    async def kill(self, strike: Strike) -> None:
        match strike.victim:
            case "A worker":
                await self._kill_program(self._workers, strike)
            case "An API":
                await self._kill_program(self._apis, strike)
            case "PostgreSQL":
                await self._kill_server(self._servers.postgres, strike)
            case "Redis":
                await self._kill_server(self._servers.redis, strike)
            case "Temporal":
                await self._kill_server(self._servers.temporal, strike)
            case "Not killed: a worker that stands still":
                await self._stall()

    @override
    async def begin(self) -> None:
        for place in (*self._apis, *self._workers):
            await self.begin_at(place)

    @override
    async def begin_at(self, place: str) -> None:
        if place in self._apis:
            await self.put(place, ["serve", "--no-worker"], actors=(*_BACKENDS, "http"))
        else:
            await self.put(place, ["worker"], actors=(*_BACKENDS, "worker"))

    async def _kill_program(self, places: Sequence[str], strike: Strike) -> None:
        async with self.aiming(*places) as place:
            program = self.programs[place]
            self.doors.remove(program)
            await program.kill()
            await trio.sleep(strike.down_s)
            await self.begin_at(place)

    async def _stall(self) -> None:
        """Make a worker stand still for so long that its work is given to others, and then go on with it."""
        async with self.aiming(*self._workers) as place:
            process = self.programs[place].process
            process.send_signal(signal.SIGSTOP)
            await trio.sleep(_STALL_S)
            process.send_signal(signal.SIGCONT)

    async def _kill_server(self, server: _Server, strike: Strike) -> None:
        async with self.aiming(type(server).__name__):
            await trio.to_thread.run_sync(server.kill)
            await trio.sleep(strike.down_s)
            await trio.to_thread.run_sync(server.start)

    @override
    async def find_temporal(self) -> str:
        return self._servers.temporal.address

    @override
    def open_store(self) -> AbstractAsyncContextManager[Store]:
        return postgres.open_store(postgres.Connecting(url=self._servers.postgres.url()))


@asynccontextmanager
async def open_distributed(
    place: Place, random: Random, *, apis: int = 2, workers: int = 3
) -> AsyncIterator[Distributed]:
    """Open the scene; on leaving, its processes and servers are gone. Redis keeps its data or not, as chance has it."""
    with ExitStack() as stack:
        is_durable = random.random() < 1 / 2
        place.timeline.note(f"redis keeps {'its data' if is_durable else 'nothing'} when it is killed")
        servers = await trio.to_thread.run_sync(partial(_open_servers, stack, is_durable=is_durable))
        marked = attrs.evolve(place, environ={**place.environ, "COMPOZY_MODE": "distributed", **servers.environ})
        async with trio.open_nursery() as nursery:
            scene = Distributed(marked, random, nursery, servers=servers, apis=apis, workers=workers)
            async with killing_family(scene, nursery):
                await scene.begin()
                yield scene


def _open_servers(stack: ExitStack, *, is_durable: bool) -> Servers:
    return Servers(
        postgres=stack.enter_context(open_postgres_server()),
        redis=stack.enter_context(open_redis_server(durable=is_durable)),
        temporal=stack.enter_context(open_temporal_server()),
    )
