"""What callers see when the server goes away, stands still, comes back, or says no."""

import gc
import threading
from datetime import timedelta
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.redis import Connecting, open_cache
from compozy.testing.redis import open_redis_server

MINUTE = timedelta(minutes=1)
SHORT = timedelta(milliseconds=100)


async def in_thread(fn):
    await trio.to_thread.run_sync(fn)


async def test_server_that_is_not_there_is_unavailable_at_once(tmp_path):
    with trio.fail_after(5), pytest.raises(UnavailableError, match=r"no\.sock"):
        async with open_cache(Connecting(url=f"unix://{tmp_path}/no.sock")):
            pass


async def test_commands_fail_while_the_server_is_gone_and_work_when_it_is_back(own_server, open_on):
    async with open_on(own_server) as cache:
        await cache.kv.set("key", "x")
        own_server.kill()
        with trio.fail_after(5):
            for _ in range(3):
                with pytest.raises(UnavailableError):
                    await cache.kv.get("key")
        own_server.start()

        assert await cache.kv.get("key") == "x"
        assert cache.statistics().failures == 3


async def test_server_that_stands_still_is_given_up_after_the_timeout(own_server, open_on):
    async with open_on(own_server, command_timeout=SHORT, connect_timeout=SHORT) as cache:
        own_server.pause()
        begin = trio.current_time()
        with pytest.raises(UnavailableError, match=r"no (answer|connection) within"):
            await cache.kv.get("key")
        assert trio.current_time() - begin < 2

        own_server.go_on()
        await cache.kv.set("key", "x")
        assert await cache.kv.get("key") == "x"


async def test_who_waits_behind_others_is_given_up_after_the_timeout_too(own_server, open_on):
    failures = []

    async def get(cache):
        try:
            await cache.kv.get("key")
        except UnavailableError as error:
            failures.append(error)

    async with open_on(own_server, command_timeout=SHORT, connect_timeout=SHORT) as cache:
        own_server.pause()
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for _ in range(30):
                    nursery.start_soon(get, cache)
        own_server.go_on()

    assert len(failures) == 30


async def test_cache_closes_while_the_server_stands_still(own_server, open_on):
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:

            async def get(cache):
                with pytest.raises(UnavailableError, match="closed"):
                    await cache.kv.get("key")

            async with open_on(own_server, command_timeout=MINUTE) as cache:
                own_server.pause()
                nursery.start_soon(get, cache)
                await wait_all_tasks_blocked(0.01)
            own_server.go_on()


@pytest.mark.slow
async def test_cache_closes_with_much_that_a_server_which_stands_still_has_not_taken(own_server, open_on):
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:

            async def put(cache):
                with pytest.raises(UnavailableError, match="closed"):
                    await cache.kv.set("key", "x" * 20_000_000)

            async with open_on(own_server, command_timeout=MINUTE) as cache:
                own_server.pause()
                nursery.start_soon(put, cache)
                await wait_all_tasks_blocked(0.1)
            own_server.go_on()
    gc.collect()  # what was left open is reported here, and warnings are errors


@pytest.mark.slow
async def test_cache_closes_at_the_moment_when_the_server_is_killed(own_server, open_on):
    for delay in range(8):
        async with open_on(own_server) as cache, cache.pubsub.subscribe("news"):
            await cache.kv.get_many(*map(str, range(20)))
            killer = threading.Timer(0.0005 * delay, own_server.kill)
            killer.start()
            await trio.sleep(0.002)
        with trio.fail_after(5):
            await in_thread(killer.join)
        own_server.start()


async def test_subscriptions_come_back_and_tell_of_the_gap(own_server, open_on):
    async with (
        open_on(own_server) as cache,
        cache.pubsub.subscribe("news") as by_name,
        cache.pubsub.subscribe_patterns("n*") as by_pattern,
    ):
        await cache.pubsub.publish("news", "before")
        assert [(await anext(messages)).lost for messages in (by_name, by_pattern)] == [0, 0]
        own_server.kill()
        own_server.start()
        with trio.fail_after(10):
            notices = [await anext(messages) for messages in (by_name, by_pattern)]
            reached = await cache.pubsub.publish("news", "after")  # whoever has the notice misses nothing any more
            received = [await anext(messages) for messages in (by_name, by_pattern)]

    assert [(notice.is_gap, notice.lost) for notice in notices] == [(True, 1), (True, 1)]
    assert reached == 2
    assert [(message.payload, message.lost) for message in received] == [("after", 0), ("after", 0)]


@pytest.mark.slow
async def test_subscribing_without_a_server_fails_and_later_succeeds(own_server, open_on):
    async with open_on(own_server) as cache:
        own_server.kill()
        with trio.fail_after(5), pytest.raises(UnavailableError):
            async with cache.pubsub.subscribe("news"):
                pass
        own_server.start()

        async with cache.pubsub.subscribe("news") as messages:
            await cache.pubsub.publish("news", "x")
            with trio.fail_after(5):
                assert await anext(messages)


async def test_subscription_that_is_left_without_a_server_is_not_renewed(own_server, open_on):
    async with open_on(own_server) as cache:
        async with cache.pubsub.subscribe("old"):
            own_server.kill()
        own_server.start()
        async with cache.pubsub.subscribe("new"):
            assert own_server.ask("PUBSUB", "CHANNELS") == ["new"]


@pytest.mark.slow
async def test_subscribing_to_a_server_that_stands_still_fails_and_later_succeeds(own_server, open_on):
    settings = {"command_timeout": SHORT, "connect_timeout": SHORT}
    async with open_on(own_server, **settings) as cache, cache.pubsub.subscribe("a"):
        own_server.pause()
        with trio.fail_after(5), pytest.raises(UnavailableError):
            async with cache.pubsub.subscribe("b"):
                pass
        own_server.go_on()
        async with cache.pubsub.subscribe("b") as messages:
            await cache.pubsub.publish("b", "x")
            with trio.fail_after(5):
                assert (await anext(messages)).payload == "x"


@pytest.mark.slow
async def test_under_load_a_restart_loses_no_acknowledged_write_and_hangs_nobody(own_server, open_on):
    acknowledged = {}
    refused = 0
    over = trio.Event()

    async def write(cache, name):
        nonlocal refused
        number = 0
        while not over.is_set():
            number += 1
            try:
                with trio.fail_after(10):
                    await cache.kv.set(f"{name}:{number}", str(number))
                    acknowledged[f"{name}:{number}"] = str(number)
            except UnavailableError:
                refused += 1
                await trio.sleep(0.005)

    async with open_on(own_server) as cache:
        async with trio.open_nursery() as nursery:
            for name in "abcdefgh":
                nursery.start_soon(write, cache, name)
            for _ in range(3):
                await trio.sleep(0.1)
                await in_thread(own_server.kill)
                await trio.sleep(0.02)
                await in_thread(own_server.start)
            await trio.sleep(0.1)
            over.set()

        assert refused
        assert list(await cache.kv.get_many(*acknowledged)) == list(acknowledged.values())


@pytest.mark.slow
async def test_locks_are_not_held_twice_when_the_server_is_killed(own_server, open_on):
    holders = 0
    acquired = []
    over = trio.Event()

    async def work(cache):
        nonlocal holders
        while not over.is_set():
            try:
                # A lock whose answer was lost is held by nobody until this is over.
                lock = await cache.locks.acquire("door", timedelta(seconds=1), wait=timedelta(seconds=5))
            except UnavailableError:
                await trio.sleep(0.005)
                continue
            assert not holders
            holders += 1
            acquired.append(lock.fence)
            await trio.sleep(0.002)
            holders -= 1
            with trio.fail_after(10):
                await released(cache, lock)

    async def released(cache, lock):
        while True:
            try:
                return await cache.locks.release(lock)
            except UnavailableError:
                await trio.sleep(0.005)

    async with open_on(own_server) as one, open_on(own_server) as other, trio.open_nursery() as nursery:
        for cache in (one, other):
            nursery.start_soon(work, cache)
        for _ in range(3):
            await trio.sleep(0.1)
            await in_thread(own_server.kill)
            await in_thread(own_server.start)
        await trio.sleep(0.1)
        over.set()

    assert len(acquired) > 10
    assert acquired == sorted(set(acquired))


@pytest.mark.slow
async def test_password_is_needed_and_a_wrong_one_is_a_wrong_setting():
    with open_redis_server(settings={"requirepass": "swordfish"}) as server:
        with pytest.raises(InvalidError, match="password"):
            async with open_cache(Connecting(url=server.url)):
                pass
        with pytest.raises(InvalidError, match="password") as caught:
            async with open_cache(Connecting(url=server.url, password="hunter2")):  # noqa: S106 - nobody's
                pass
        assert "hunter2" not in str(caught.value)

        connecting = Connecting(url=server.url, password="swordfish")  # noqa: S106 - nobody's
        async with open_cache(connecting) as cache, cache.pubsub.subscribe("news"):
            await cache.kv.set("key", "x")


async def test_database_that_the_server_does_not_have_is_a_wrong_setting(server):
    with pytest.raises(InvalidError, match="database"):
        async with open_cache(Connecting(url=server.url, database=99)):
            pass


async def test_something_else_that_answers_is_unavailable(tmp_path):
    async def answer(stream):
        async with stream:
            await stream.receive_some()
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with trio.fail_after(5), pytest.raises(UnavailableError, match="a Redis server"):
            async with open_cache(Connecting(host="127.0.0.1", port=port)):
                pass
        nursery.cancel_scope.cancel()


@pytest.fixture
def limited(server):
    """A user who may do everything but listen."""
    server.ask("ACL", "SETUSER", "ada", "on", ">swordfish", "~*", "+@all", "resetchannels")
    yield {"username": "ada", "password": "swordfish"}
    server.ask("ACL", "DELUSER", "ada")


async def test_right_that_is_missing_is_a_wrong_setting_and_the_rest_goes_on(server, open_on, limited):
    async with open_on(server, **limited) as cache:
        for _ in range(2):
            with pytest.raises(InvalidError, match="username"):
                async with cache.pubsub.subscribe("news"):
                    pass
        await cache.kv.set("key", "x")
        with pytest.raises(InvalidError, match="username"):
            await cache.pubsub.publish("news", "x")


async def test_server_that_says_what_nobody_asked_for_is_left_and_asked_anew():
    streams = []
    left = trio.Event()

    async def serve(stream):
        streams.append(stream)
        async for command in stream:
            await stream.send_all(b"+OK\r\n" if b"SETNAME" in command else b"+PONG\r\n")
        left.set()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with trio.fail_after(5):
            async with open_cache(Connecting(host="127.0.0.1", port=port, pool_size=1)) as cache:
                await streams[0].send_all(b"+SURPRISE\r\n")
                await left.wait()
                await cache.ping()
        nursery.cancel_scope.cancel()

    assert len(streams) == 2


async def test_server_that_says_more_than_its_greeting_is_refused_and_not_asked_for_ever():
    async def serve(stream):
        async for _ in stream:
            await stream.send_all(b"+OK\r\n+SURPRISE\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with trio.fail_after(5), pytest.raises(UnavailableError):
            async with open_cache(Connecting(host="127.0.0.1", port=port)):
                pass
        nursery.cancel_scope.cancel()
