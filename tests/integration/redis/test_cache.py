"""The cache in a real Redis: what is particular to it, beside the contract that it shares."""

import logging
from datetime import timedelta

import pytest
import trio

from compozy.bridge import open_asyncio_host
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.drivers.redis import Connecting, open_cache

MINUTE = timedelta(minutes=1)


async def test_two_caches_share_what_is_in_the_server(server, cache, open_on):
    async with open_on(server) as other, other.pubsub.subscribe("news") as messages:
        await cache.kv.set("key", "x")
        await cache.pubsub.publish("news", "hello")

        with trio.fail_after(5):
            assert (await anext(messages)).payload == "hello"
        assert await other.kv.get("key") == "x"


async def test_databases_are_apart(server, cache, open_on):
    await cache.kv.set("key", "x")

    async with open_on(server, database=3) as other:
        assert await other.kv.get_many("key") == [None]


async def test_cache_can_use_the_loop_of_others(server):
    async with open_asyncio_host("shared") as host, open_cache(Connecting(url=server.url), host=host) as cache:
        await cache.kv.set("key", "x")

        assert await cache.kv.get("key") == "x"


async def test_connections_carry_the_name_they_were_given(server, open_on):
    async with open_on(server, client_name="the-name"):
        assert "name=the-name" in server.ask("CLIENT", "LIST")


async def test_connections_for_commands_are_no_more_than_the_pool_has(server, open_on):
    async with open_on(server, pool_size=2) as cache:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(cache.kv.set, f"key:{number}", "x")

        assert len(server.ask("CLIENT", "LIST").splitlines()) == 2 + 1  # and who asks


async def test_all_subscriptions_share_one_connection(server, cache):
    async with cache.pubsub.subscribe("a"), cache.pubsub.subscribe("b"), cache.pubsub.subscribe_patterns("c*"):
        clients = server.ask("CLIENT", "LIST").splitlines()

    assert sum("sub=2 psub=1" in client for client in clients) == 1


async def test_channel_is_left_when_the_last_who_listens_leaves(server, cache):
    async with cache.pubsub.subscribe("a"):
        async with cache.pubsub.subscribe("a", "b"):
            assert sorted(server.ask("PUBSUB", "CHANNELS")) == ["a", "b"]
        assert server.ask("PUBSUB", "CHANNELS") == ["a"]
    assert server.ask("PUBSUB", "CHANNELS") == []


async def test_server_that_forgot_the_scripts_learns_them_again(server, cache):
    assert await cache.kv.increment("n", ttl_if_new=MINUTE) == 1
    server.ask("SCRIPT", "FLUSH")

    assert await cache.kv.increment("n", ttl_if_new=MINUTE) == 2


async def test_script_is_sent_once(server, cache):
    server.ask("SCRIPT", "FLUSH")
    server.ask("CONFIG", "RESETSTAT")
    for _ in range(10):
        await cache.conversations.append_trim("talk", ["x"])

    calls = server.ask("INFO", "commandstats")
    assert "cmdstat_eval:calls=1," in calls
    assert "cmdstat_evalsha:calls=10," in calls


async def test_increment_with_a_ttl_is_exact_to_64_bits(cache):
    assert await cache.kv.increment("n", 2**63 - 2, ttl_if_new=MINUTE) == 2**63 - 2
    assert await cache.kv.increment("n", ttl_if_new=MINUTE) == 2**63 - 1
    with pytest.raises(ConflictError):
        await cache.kv.increment("n", ttl_if_new=MINUTE)


async def test_shortest_ttl_is_a_millisecond_and_not_nothing(server, cache):
    await cache.kv.set("key", "x", ttl=timedelta(microseconds=1))

    assert server.ask("PTTL", "key") in {-2, 0, 1}


@pytest.mark.parametrize("command", [("SET", "key", "{}"), ("RPUSH", "key", "{}"), ("HSET", "key", "field", "{}")])
async def test_what_others_wrote_and_is_not_utf8_is_refused_by_name_and_can_be_deleted(server, cache, command):
    read = {"SET": cache.kv.get, "RPUSH": cache.lists.range, "HSET": cache.hashes.get_all}[command[0]]
    arguments = ", ".join("'\\255'" if part == "{}" else f"'{part}'" for part in command)
    server.ask("EVAL", f"redis.call({arguments})", "0")

    with pytest.raises(InvalidError, match='"key" is not UTF-8'):
        await read("key")
    assert await cache.kv.delete("key") == 1
    await cache.kv.set("key", "fine")  # the connection is as good as before
    assert await cache.kv.get("key") == "fine"


async def test_message_that_is_not_utf8_does_not_end_the_subscription(server, cache, caplog):
    async with cache.pubsub.subscribe("news") as messages:
        with caplog.at_level(logging.WARNING):
            server.ask("EVAL", "redis.call('PUBLISH', 'news', '\\255')", "0")
            await cache.pubsub.publish("news", "fine")

            with trio.fail_after(5):
                message = await anext(messages)

    assert (message.payload, message.lost) == ("fine", 1)


@pytest.mark.slow
async def test_conversation_of_many_messages_is_one_step(cache):
    many = [str(number) for number in range(20_000)]

    assert (await cache.conversations.append_trim("talk", many, token_delta=3)).length == 20_000
    assert (await cache.conversations.append_trim("talk", many, max_length=15_000)).length == 15_000
    assert (await cache.conversations.read("talk"))[0] == many[-15_000:]


async def test_large_values_pass_both_ways(cache):
    text = "día " * 1_000_000
    await cache.kv.set("key", text)

    assert await cache.kv.get("key") == text


async def test_full_server_refuses_writes_and_goes_on_reading(server, cache):
    await cache.kv.set("key", "x")
    server.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(ConflictError, match="memory is full"):
            await cache.kv.set("other", "y")
        assert await cache.kv.get("key") == "x"
        assert await cache.kv.delete("key") == 1
    finally:
        server.ask("CONFIG", "SET", "maxmemory", "0")


async def test_closed_cache_is_unavailable_for_good(server):
    async with open_cache(Connecting(url=server.url)) as cache, cache.pubsub.subscribe("news") as messages:
        await cache.pubsub.publish("news", "last")

    with pytest.raises(UnavailableError, match="closed"):
        await cache.kv.get("key")
    with pytest.raises(UnavailableError, match="closed"):
        async with cache.pubsub.subscribe("news"):
            pass
    with trio.fail_after(5):
        assert [message.payload async for message in messages] in (["last"], [])


async def test_error_in_the_body_comes_out_as_it_was_raised(server):
    with pytest.raises(KeyError, match="mine"):
        async with open_cache(Connecting(url=server.url)):
            raise KeyError("mine")


async def test_limit_is_shared_by_all_who_use_the_server(server, cache, open_on):
    decisions = []

    async def hit(limiter):
        for _ in range(10):
            decision = await limiter.hit("key", 7, MINUTE)
            decisions.append(decision)

    async with open_on(server) as other, trio.open_nursery() as nursery:
        nursery.start_soon(hit, cache.limiter)
        nursery.start_soon(hit, other.limiter)

    assert sum(decision.allowed for decision in decisions) == 7


async def test_idle_limit_takes_no_memory(server, cache):
    await cache.limiter.hit("key", 3, MINUTE)

    assert 0 < server.ask("PTTL", "compozy:limit:key") <= 60_000


async def test_key_of_another_type_in_the_place_of_a_limit_is_a_conflict(cache):
    await cache.kv.set("compozy:limit:key", "x")

    with pytest.raises(ConflictError):
        await cache.limiter.hit("key", 3, MINUTE)
