"""Clients of redis-py, blocking and on asyncio, of a server and of fakeredis, which has the same methods."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

import attrs
import redis
import redis.asyncio
from support.comparison.job import Job

from sides.client import CHANNEL, KEPT, VALUE, Client, Loop, Side, awaiting, calling
from sides.loops import one_after_the_other, run_alone, run_on_asyncio, together_on_asyncio
from sides.measures import jobs
from sides.servers import emptied


@attrs.frozen
class _Client:
    loops: Mapping[str, Loop]
    asked: Callable[..., Awaitable[Any]]

    async def text(self, key: str) -> str:
        return (await self.asked("get", key)).decode()

    async def length(self, key: str) -> int:
        return await self.asked("llen", key)

    async def reach(self) -> int:
        return await self.asked("publish", CHANNEL, VALUE)


def _loops(client: Any, loop: Callable[..., Loop], append_trim: Callable[..., Any]) -> Mapping[str, Loop]:
    return {
        "set": loop(client.set, VALUE),
        "get": loop(client.get),
        "push": loop(client.rpush, VALUE),
        "append_trim": loop(append_trim, [VALUE]),
        "publish": loop(client.publish, VALUE),
    }


def _appending(client: Any, key: str, messages: list[str]) -> Any:
    """Return the transaction that appends, trims and counts."""
    transaction = client.pipeline(transaction=True)
    transaction.rpush(key, *messages)
    transaction.ltrim(key, -KEPT, -1)
    transaction.hincrby(f"{key}:metadata", "tokens", 1)
    transaction.llen(key)
    return transaction


@asynccontextmanager
async def _opened_on_asyncio(client: Any, *, hears: bool) -> AsyncIterator[Client]:
    async def append_trim(key: str, messages: list[str]) -> Any:
        return await _appending(client, key, messages).execute()

    async def asked(command: str, *arguments: str) -> Any:
        return await getattr(client, command)(*arguments)

    async with client, client.pubsub() as subscriber:
        await subscriber.subscribe(CHANNEL)
        await subscriber.get_message(timeout=5)
        async with _hearing(subscriber) if hears else nullcontext():
            yield _Client(_loops(client, awaiting, append_trim), asked)


@asynccontextmanager
async def _hearing(subscriber: Any) -> AsyncIterator[None]:
    """Read what comes through the socket, as our own driver does."""
    heard: deque[Any] = deque(maxlen=KEPT)

    async def hear() -> None:
        async for message in subscriber.listen():
            heard.append(message)

    hearing = asyncio.create_task(hear())
    try:
        yield
    finally:
        hearing.cancel()
        await asyncio.wait([hearing])


@asynccontextmanager
async def _opened_blocking(client: Any) -> AsyncIterator[Client]:
    def append_trim(key: str, messages: list[str]) -> Any:
        return _appending(client, key, messages).execute()

    async def asked(command: str, *arguments: str) -> Any:
        return getattr(client, command)(*arguments)

    with client, client.pubsub() as subscriber:
        subscriber.subscribe(CHANNEL)
        subscriber.get_message(timeout=5)
        yield _Client(_loops(client, calling, append_trim), asked)


def _fake(name: str) -> Any:
    import fakeredis  # noqa: PLC0415 - the other sides do without

    return getattr(fakeredis, name)()


def _on_asyncio(make: Callable[[str], Any], *, hears: bool) -> Mapping[str, Job]:
    def opened(place: str) -> AbstractAsyncContextManager[Client]:
        return _opened_on_asyncio(make(place), hears=hears)

    return jobs(Side(run_on_asyncio, opened, together_on_asyncio))


def _blocking(make: Callable[[str], Any]) -> Mapping[str, Job]:
    return jobs(Side(run_alone, lambda place: _opened_blocking(make(place)), one_after_the_other))


_SERVER = _on_asyncio(lambda place: redis.asyncio.Redis.from_url(emptied(place)), hears=True)

JOBS: Final = {
    "server": _SERVER["repeat"],
    "server_at_once": _SERVER["at_once"],
    "server_blocking": _blocking(lambda place: redis.Redis.from_url(emptied(place)))["repeat"],
    "fake": _on_asyncio(lambda _: _fake("FakeAsyncRedis"), hears=False)["repeat"],
    "fake_blocking": _blocking(lambda _: _fake("FakeRedis"))["repeat"],
}
